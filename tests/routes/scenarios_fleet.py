"""Nodes that ask a fleet in etcd for leave: slowness alone never leaves fewer than K of them."""
import time

from checks import begin, expect_back, expect_gone, finish, scenario, stay
from fib import Failure, run, wait_for
from scenarios_server import CRASH_MS
from scenarios_slow import HEALED_S

REPLACED_S = 0.02  # BIRD replaces a route of IPv6 by deleting it first
QUOTA_OCTETS = 4 << 20
LEAVE_S = 8  # from the store's return to leave that is granted; tries are up to 5 s apart


def begin_fleet(topology):
    begin(topology)
    expect_registered(topology, "at the beginning", 5)


def expect_registered(topology, what, limit_s):
    """All nodes are in the store, and know it of each other."""
    names = [node.name for node in topology.nodes]
    wait_for(f"{what}: all registered", lambda: topology.store.registered() == names, limit_s)
    for node in topology.nodes:
        wait_for(f"{what}: node {node.name}'s view of the fleet",
                 lambda: node.route().get("guard", {}).get("announcers") == len(names), 3)


def fewest(topology, since):
    """How many nodes the router's kernel had when it had the fewest, by the address that had fewer."""
    least = len(topology.nodes)
    for address in topology.addresses:
        events = [(when, gateways) for when, which, gateways in topology.fib.events if which == address]
        ends = [when for when, _ in events[1:]] + [time.time()]
        held = [len(gateways) for (when, gateways), end in zip(events, ends)
                if end > since and end - when > REPLACED_S]
        least = min([least, *held])
    return least


def expect_kept(topology, since, keep, what):
    least = fewest(topology, since)
    print(f"    {what}: never fewer than {least} announced (limit {keep})", flush=True)
    topology.figure(f"{what}: fewest announced", least)
    if least < keep:
        raise Failure(f"{what}: only {least} announced, limit {keep}")


def count_announced(topology):
    return sum(node.announced() for node in topology.nodes)


def slow(*nodes, ms=200):
    """All of them at once; returns the wall time of that."""
    return [node.stall(True, ms) for node in nodes][0]


def expect_killed(topology, node, what):
    """kill -9 of its server takes the route away as ever."""
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, CRASH_MS, what)
    node.server.wait()


def heal(*nodes):
    """Their servers are well again, and they come back, where they were away."""
    healed = [node.stall(False) for node in nodes][-1]
    for node in nodes:
        expect_back(node, f"node {node.name} healed", 4, healed)


def expect_leave(topology, back, condition, what):
    wait_for(f"{what} to leave granted", condition, LEAVE_S + 5)
    taken = time.time() - back
    print(f"    {what} to leave granted: {taken:.1f} s (limit {LEAVE_S})", flush=True)
    topology.figure(f"{what} to leave granted, s", taken, LEAVE_S, back)


def expect_down(*nodes):
    """Not draining any more."""
    for node in nodes:
        wait_for(f"node {node.name} down", lambda: node.route().get("state") == "DOWN", 4)


def expect_told(node, text):
    wait_for(f"'{text}' in the log of node {node.name}", lambda: text in node.log("sidecar"), 5)


@scenario(fleet_keep=2)
def fleet_one_slow(topology):
    """A slow node leaves and comes back; of two slow ones only one leaves, where K is 2 of 3."""
    begin_fleet(topology)
    first, second, third = topology.nodes
    since = begun = first.stall(True, 100)
    expect_gone(topology, first, since, 900, "stalls of 100 ms")
    expect_down(first)
    healed = first.stall(False) + 0.1
    expect_back(first, "well again", HEALED_S, healed)
    since = second.stall(True, 400)
    expect_gone(topology, second, since, 700, "stalls of 400 ms")
    third.stall(True, 100)
    expect_told(third, "the guard says stay")
    stay(topology, time.time(), 2, "slow, with K announced")
    heal(second, third)
    expect_kept(topology, begun, 2, "one slow, and two")
    finish(topology, begun, 0)


@scenario(fleet_keep=2)
def fleet_driver_failing(topology):
    """A node whose driver can't announce isn't counted on: of the others none leaves, where K is 2 of 3."""
    begin_fleet(topology)
    first, second, _ = topology.nodes
    run("ip", "-n", first.namespace, "link", "del", "any0")
    wait_for("a driver that fails", lambda: first.route().get("progress") == "failing", 5)
    wait_for("not counted on", lambda: first.name not in topology.store.registered(), 2)
    wait_for("the others know", lambda: second.route()["guard"]["announcers"] == 2, 3)
    second.stall(True, 200)
    expect_told(second, "the guard says stay")
    stay(topology, time.time(), 1, "slow, with K announced")
    second.stall(False)
    first.add_marker("any0")
    expect_back(first, "the marker interface is there again", 4)
    expect_registered(topology, "the marker interface is there again", 4)
    finish(topology, time.time())


def all_slow(topology, keep):
    begin_fleet(topology)
    since = time.time()
    for node, ms in zip(topology.nodes, [100, 150, 200]):
        node.stall(True, ms)
    time.sleep(5)
    print(f"    all slow: {[node.route().get('state') for node in topology.nodes]}")
    heal(*topology.nodes)
    expect_kept(topology, since, keep, "all slow")
    expect_registered(topology, "healed", 3)
    finish(topology, since, 0)


@scenario(fleet_keep=1)
def fleet_all_slow(topology):
    """All nodes slow at once, by 100 to 200 ms, K 1 of 3: K stay, nothing is lost, all come back."""
    all_slow(topology, 1)


@scenario(fleet_keep=2)
def fleet_all_slow_two(topology):
    """The same, K 2 of 3."""
    all_slow(topology, 2)


@scenario(fleet_keep=1, workers=4)
def fleet_slow_in_turn(topology):
    """One after the other slow: K stay; when those die, the least sick comes back first, as it is."""
    begin_fleet(topology)
    most, least, last = topology.nodes
    since = slow(most, ms=400)
    expect_gone(topology, most, since, 900, "the first slow")
    begun = least.stall(True, 100, "some")
    expect_gone(topology, least, begun, 1500, "the second slow, three of its workers of four,")
    slow(last)
    time.sleep(3)
    expect_kept(topology, since, 1, "all slow, one after the other")
    if not last.announced():
        raise Failure("the last one left")
    finish(topology, since, 0)
    expect_down(most, least)
    print(f"    badness: {[node.route()['signals']['badness'] for node in topology.nodes]}")
    last.server.kill()
    expect_back(least, "kill -9 of the last one: the less sick", 5)
    stay(topology, time.time(), 2, "one is enough")
    last.server.wait()
    heal(least, most)
    last.stall(False)
    last.start_server()
    expect_back(last, "restart", 3)
    expect_registered(topology, "healed", 3)


@scenario(fleet_keep=1)
def fleet_crash_and_slow(topology):
    """One server killed when the other two become slow: K of them stay."""
    begin_fleet(topology)
    dead, *others = topology.nodes
    since = slow(*others)
    expect_killed(topology, dead, "kill -9 of one, the others slow,")
    time.sleep(4)
    expect_kept(topology, since, 1, "one dead, two slow")
    dead.start_server()
    expect_back(dead, "restart")
    heal(*others)
    expect_registered(topology, "healed", 3)
    finish(topology, since)


@scenario(fleet_keep=2)
def fleet_store_lost(topology):
    """The store out of reach: slow nodes stay, a dead one goes; with the store, the guard is back by itself."""
    begin_fleet(topology)
    first, second, third = topology.nodes
    topology.store.cut()
    since = slow(first, second)
    expect_told(first, "the store is away")
    expect_told(second, "the store is away")
    stay(topology, since, 4, "slow, the store lost")
    expect_killed(topology, third, "kill -9, the store lost,")
    third.start_server()
    expect_back(third, "restart, the store lost")
    expect_kept(topology, since, 2, "the store lost")
    back = time.time()
    topology.store.join()
    expect_leave(topology, back, lambda: count_announced(topology) == 2, "the store's return")
    stay(topology, time.time() + 0.1, 2, "only one of two, K = 2")
    heal(first, second)
    expect_kept(topology, since, 2, "until all are well")
    expect_registered(topology, "healed", 5)
    finish(topology, since)


@scenario(fleet_keep=1)
def fleet_store_restarted(topology):
    """etcd killed: a slow node stays; etcd started again, it leaves, and comes back when it's well."""
    begin_fleet(topology)
    node = topology.nodes[0]
    topology.store.kill()
    since = slow(node)
    stay(topology, since, 3, "slow, etcd killed")
    topology.store.start()
    started = time.time()
    expect_leave(topology, started, node.withdrawn, "etcd's return")
    heal(node)
    expect_registered(topology, "healed", 3)
    finish(topology, since, 0)


@scenario(fleet_keep=1, store_octets=QUOTA_OCTETS)
def fleet_store_full(topology):
    """etcd takes no writes: a slow node stays, a dead one goes; with room again, the slow one may leave."""
    begin_fleet(topology)
    node, _, dead = topology.nodes
    topology.store.fill()
    since = slow(node)
    expect_told(node, "the store refuses")
    stay(topology, since, 3, "slow, the store full")
    expect_killed(topology, dead, "kill -9, the store full,")
    wait_for("the dead one's registration gone", lambda: topology.store.registered() == ["a", "b"], 3)
    dead.start_server()
    expect_back(dead, "restart, the store full")
    emptied = time.time()
    topology.store.empty()
    expect_leave(topology, emptied, node.withdrawn, "room again")
    heal(node)
    expect_registered(topology, "healed", 3)
    finish(topology, since)


@scenario(fleet_keep=1)
def fleet_partitioned_one(topology):
    """A node cut off from the store stays when it's slow; the others ask each other, and K stay."""
    begin_fleet(topology)
    alone, second, third = topology.nodes
    topology.store.cut(alone)
    since = slow(alone)
    expect_told(alone, "the store is away")
    stay(topology, since, 2, "slow, and cut off")
    expect_gone(topology, second, slow(second), 900, "slow, with the store,")
    slow(third)
    time.sleep(3)
    if not alone.announced():
        raise Failure("the one that is cut off went for slowness")
    alone.stall(False)
    topology.store.join(alone)
    heal(second, third)
    expect_registered(topology, "together again", LEAVE_S)
    expect_kept(topology, since, 1, "one cut off, all slow")
    finish(topology, since, 0)


@scenario(fleet_keep=1)
def fleet_sidecars_crashed(topology):
    """All sidecars die while the nodes are slow: routes stay as they were, and are taken over after it."""
    begin_fleet(topology)
    away, *others = topology.nodes
    since = slow(away)
    expect_gone(topology, away, since, 900, "slow")
    expect_down(away)
    for node in topology.nodes:
        node.sidecar.kill()
    crashed = slow(*others)
    stay(topology, crashed, 11, "all slow, no sidecar")  # longer than leases of routes and registrations
    for node in topology.nodes:
        node.stall(False)
        node.sidecar.wait()
        node.start_sidecar()
    for node in others:
        wait_for(f"node {node.name} taken over", lambda: node.route().get("state") == "UP", 5)
    expect_back(away, "sidecars back")
    expect_registered(topology, "sidecars back", 3)
    expect_kept(topology, since, 2, "no sidecars")
    finish(topology, since, 0)
