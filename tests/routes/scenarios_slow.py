"""A server that is slow, stuck, wrong, or overloaded."""
import json
import time

import threads
from checks import (SETTLE_S, announce_all, begin, expect_back, expect_gone, finish, route_changes,
                    scenario, stay)
from fib import Failure, wait_for
from signing import signed_zone

HEALED_S = 2.5
SERVFAIL_MS = 550 + 300  # route.thresholds.slow, and what may come on top
TCP_DEAD_MS = 2000
EXPIRES_S = 32  # from its beginning on, of which 15 s are the margin


def stall_one(topology, ms, limit_ms):
    """One node is slow for three seconds: it goes, and comes back when it's well."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True, ms)
    expect_gone(topology, node, since, limit_ms, f"stalls of {ms} ms")
    time.sleep(2.5)  # drained and down
    if not node.withdrawn():
        raise Failure("it came back while slow")
    healed = node.stall(False) + ms / 1000  # when the last stall is over
    expect_back(node, "well again", HEALED_S, healed)
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def stalled_400(topology):
    """Answers that come 400 ms late move the route away where that's configured; it comes back."""
    stall_one(topology, 400, 700)


@scenario(without_fleet="withdraw")
def stalled_100(topology):
    """The same of 100 ms."""
    stall_one(topology, 100, 900)


@scenario(without_fleet="withdraw")
def stalled_briefly(topology):
    """Well again while it drains: it's back as soon."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True)
    expect_gone(topology, node, since, 900, "stalls of 200 ms")
    healed = node.stall(False) + 0.2
    expect_back(node, "well again", HEALED_S, healed)
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def stalled_idle(topology):
    """Without any client the probes alone find the stalls, and the recovery."""
    announce_all(topology)
    time.sleep(SETTLE_S)
    node = topology.nodes[0]
    since = node.stall(True)
    expect_gone(topology, node, since, 1000, "stalls of 200 ms")
    node.stall(False)
    expect_back(node, "well again")


@scenario()
def stalled_stays(topology):
    """Without a fleet, a slow node stays announced by default."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True)
    wait_for("the guard's word in the log", lambda: "the guard says stay" in node.log("sidecar"), 5)
    node.stall(False)
    stay(topology, since, 1, "slow, without a fleet")
    finish(topology, since, 0)


def expect_suspected(node):
    """It's suspect by late answers, and the probes aren't bad."""
    route = node.route()
    signals = route["signals"]
    if route["state"] != "SUSPECT" or 2 * signals["late"] < signals["answers"] \
            or 2 * signals["probes_bad"] >= signals["probes"]:
        raise Failure(f"it isn't suspected by the pulse alone: {route['state']}, {signals}")
    print(f"    {signals['late']} of {signals['answers']} answers late, {signals['probes_bad']} of"
          f" {signals['probes']} probes bad")


@scenario(without_fleet="withdraw")
def slow_by_30(topology):
    """Answers that come 30 ms late, 20 to 40, are suspected by the pulse alone: the route stays."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True, 20)  # and the rest of the stall before it
    wait_for("the suspicion in the log", lambda: "UP -> SUSPECT: suspect" in node.log("sidecar"), 5)
    stay(topology, since, 5, "30 ms slow")
    expect_suspected(node)
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def worker_stuck(topology):
    """One worker of two is stuck: the node goes, with the queries that the other one answers."""
    begin(topology)
    node = topology.nodes[0]
    worker, = threads.find(node.server.pid, "worker-1")
    since = time.time()
    threads.freeze(worker)
    try:
        expect_gone(topology, node, since, 1000, "one worker of two stuck")
    finally:
        threads.thaw(worker)
    expect_back(node, "its return")
    finish(topology, since)


@scenario()
def all_slow(topology):
    """All nodes slow, without a fleet: all stay, and nothing is lost."""
    begin(topology)
    since = time.time()
    for node in topology.nodes:
        node.stall(True)
    stay(topology, since, 5, "all slow")
    for node in topology.nodes:
        node.stall(False)
    stay(topology, since, 1, "all well again")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def slow_by_turns(topology):
    """Slow and well by turns, 3 s each, for 48 s: at most four changes of the route."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    for _ in range(8):
        node.stall(True)
        time.sleep(3)
        node.stall(False)
        time.sleep(3)
    changes = route_changes(topology, node, since)
    print(f"    {changes} changes of the route (limit 4)")
    topology.figure("changes of the route", changes, 4, since)
    if changes < 1:
        raise Failure("the route never changed")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def tcp_dead(topology):
    """Nobody is answered by TCP any more: the node goes, and comes back when somebody is."""
    begin(topology)
    node = topology.nodes[0]
    since = node.trouble("tcp 0")
    expect_gone(topology, node, since, TCP_DEAD_MS, "TCP dead")
    node.trouble(None)
    expect_back(node, "TCP well again")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def servfail(topology):
    """SERVFAIL in place of answers moves the route away; it comes back with the answers."""
    begin(topology)
    node = topology.nodes[0]
    since = node.trouble("servfail 0")
    expect_gone(topology, node, since, SERVFAIL_MS, "SERVFAIL")
    node.trouble(None)
    expect_back(node, "answers again")
    finish(topology, since)


def servfails(node):
    return json.loads(node.ctl("--json", "stats"))["rcode_servfail"]


@scenario(without_fleet="withdraw", zones={"any": "all"})
def servfail_of_one_zone(topology):
    """Of all zones one can't be loaded: its SERVFAIL is true, though all clients ask for it, and nobody goes."""
    announce_all(topology)
    node = topology.nodes[0]
    since, before = time.time(), servfails(node)
    topology.start_load(zone="failing.com")
    stay(topology, since, 5, "SERVFAIL of a zone that isn't loaded")
    counted = servfails(node) - before
    states = [decision["to"] for decision in node.decisions()]
    print(f"    {counted} answers with SERVFAIL, states {states}")
    if counted < 500 or states != ["READY", "UP"]:
        raise Failure("too few answers were SERVFAIL, or the node was suspected for them")
    finish(topology, since)


@scenario(without_fleet="withdraw", route="  thresholds: {expiry: 15s}",
          groups={"any": ["192.0.2.53", "2001:db8::53"], "two": ["192.0.2.54", "2001:db8::54"]},
          zones={"any": ["example.com"], "two": ["signed.test"]})
def signatures_expire(topology):
    """The group whose zone is about to expire leaves before it does; the other group stays."""
    expires = int(time.time()) + EXPIRES_S
    for node in topology.nodes:
        node.write("zones/signed.test.zone", signed_zone(expires if node.number == 1 else expires + 86400))
    begin(topology)
    node = topology.nodes[0]
    due = expires - 15
    if time.time() > due - 1:
        raise Failure("it took so long to begin that the time of the group's end has come")
    stay(topology, due - 0.5, due - time.time() - 0.5, "before it's due")
    expect_gone(topology, node, due, 2000, "15 s before its zone expires", "two")
    if not node.announced("any") or not topology.nodes[1].announced("two"):
        raise Failure("more went than the group with the zone")
    finish(topology, due, 0)
