"""The routing daemons, each with its driver."""
import signal
import subprocess
import time

from checks import begin, expect_back, expect_gone, expect_no_change, finish, scenario, stay
from daemons import BFD_MS, BirdControl, BirdForgetful, ExaBgp, Frr, GoBgp
from fib import Failure, wait_for

DAEMON_GONE_MS = 1000


def learnt(topology, node):
    """What the router has from this node, a text for each family, with all attributes."""
    return [topology.ask_router("show", "route", "all", "protocol", f"{node.name}{family}")
            for family in (4, 6)]


def communities(topology, node):
    """Of the routes that the router has from this node: how many, and how many ask to be sorted last."""
    shown = learnt(topology, node)
    return sum("192.0.2.53/32" in text or "2001:db8::53/128" in text for text in shown), \
        sum("(65535,0)" in text for text in shown)


def expect_origin_igp(topology, node, what):
    """With another ORIGIN the router would not share the load with a node that says IGP, but leave one out."""
    for text in learnt(topology, node):
        if text.count("BGP.origin: IGP") != 1 or text.count("BGP.origin:") != 1:
            raise Failure(f"{what}: the router has not one route with ORIGIN IGP: {text}")


def never_announced(topology, node, since, what):
    """Not even for a moment."""
    bad = [event for event in topology.fib.changes(since) if event[2] & set(node.gateways)]
    if bad:
        raise Failure(f"{what}: a sick node was announced: {bad}")


def restart_daemon(topology, node):
    """Comes back when the router has missed it by BFD as well: a new BFD session that meets the old one
    takes it down, and with it the BGP session that is just up."""
    node.daemon.kill()
    wait_for("the router's loss of the sessions", lambda: not topology.sessions_up(), 5)
    wait_for("the router's loss of BFD", lambda: not any(
        f"{gateway} " in line and " Up " in line for gateway in node.gateways
        for line in topology.ask_router("show", "bfd", "sessions").splitlines()), 5)
    node.daemon.start()
    wait_for("BGP sessions", topology.sessions_up, 20)


def daemon_drained(topology, node):
    since = time.time()
    node.ctl("drain", "any")
    expect_gone(topology, node, since, node.daemon.limit_ms + 300, "drain")
    wait_for("the community of the drain", lambda: communities(topology, node) == (2, 2), 1)
    expect_origin_igp(topology, node, "drain")
    wait_for("withdrawn after the drain", lambda: communities(topology, node) == (0, 0), 10)
    node.ctl("undrain")
    expect_back(node, "undrain", 5)
    wait_for("announced well", lambda: communities(topology, node) == (2, 0), 2)


@scenario(name="bird")
@scenario(name="bird-control", daemon=BirdControl)
@scenario(name="frr", daemon=Frr)
@scenario(name="exabgp", daemon=ExaBgp)
@scenario(name="gobgp", daemon=GoBgp)
def daemon(topology):
    """With its routing daemon and driver: announced, drained, withdrawn, healed, the daemon restarted."""
    print(f"    {topology.daemon.__doc__}", flush=True)
    begin(topology)
    node = topology.nodes[0]
    wait_for("announced well", lambda: communities(topology, node) == (2, 0), 1)
    expect_origin_igp(topology, node, "announced")
    if node.daemon.drains:
        daemon_drained(topology, node)
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, node.daemon.limit_ms, "kill -9")
    node.server.wait()
    since = time.time()
    restart_daemon(topology, node)
    time.sleep(2)
    never_announced(topology, node, since, "the daemon restarted")
    node.start_server()
    expect_back(node, "server restarted")
    since = time.time()
    restart_daemon(topology, node)
    expect_back(node, "sessions after the daemon's restart", 2)
    finish(topology, since)


@scenario(name="bird-killed", keeps_stale=True, bfd=False)
@scenario(name="frr-killed", daemon=Frr, keeps_stale=True, bfd=False)
@scenario(name="exabgp-killed", daemon=ExaBgp, keeps_stale=True, bfd=False)
@scenario(name="gobgp-killed", daemon=GoBgp, keeps_stale=True, bfd=False)
def daemon_killed(topology):
    """kill -9 of the routing daemon: the router, which would hold its routes if it asked, drops them in 1 s.

    BFD is off: it would have the router drop them sooner than a restart is given up."""
    print(f"    {topology.daemon.__doc__}", flush=True)
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.daemon.kill()
    expect_gone(topology, node, since, DAEMON_GONE_MS, "kill -9 of the routing daemon")
    if communities(topology, node) != (0, 0):
        raise Failure(f"the router has a route of a dead daemon still: {learnt(topology, node)}")
    node.daemon.start()
    expect_back(node, "the routing daemon started again", 20)
    finish(topology, since)


@scenario(name="exabgp-meddled", daemon=ExaBgp)
def meddled(topology):
    """What is withdrawn or announced behind the driver's back is right again when the hook is repeated."""
    begin(topology)
    node = topology.nodes[0]
    addresses = topology.groups["any"]
    since = time.time()
    subprocess.run([f"{node.dir}/hook", "down", *addresses], check=True)
    expect_gone(topology, node, since, 1000, "withdrawn behind the driver's back")
    expect_back(node, "the hook repeated", node.daemon.repeat_s + 1, since)
    stay(topology, time.time(), node.daemon.repeat_s + 1, "the same said again")
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, node.daemon.limit_ms, "kill -9")
    since = time.time()
    subprocess.run([f"{node.dir}/hook", "up", *addresses], check=True)
    wait_for("announced behind the driver's back", node.announced, 2)
    expect_gone(topology, node, since, node.daemon.repeat_s * 1000 + 1000, "announced behind the driver's back")
    finish(topology, since)


@scenario(name="bird-configured")
@scenario(name="bird-control-configured", daemon=BirdControl)
def configured(topology):
    """`birdc configure` while down never announces the node; while up, the route is right again at once."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, 200, "kill -9")
    node.server.wait()
    since = time.time()
    for _ in range(3):
        node.daemon.configure()
        time.sleep(0.7)
    never_announced(topology, node, since, "birdc configure")
    node.start_server()
    expect_back(node, "restart")
    since = time.time()
    node.daemon.configure()
    time.sleep(1)
    if not node.announced():
        raise Failure("a node that is well stayed away after birdc configure")
    print(f"    birdc configure of a node that is well: {len(topology.fib.changes(since))} changes",
          flush=True)
    finish(topology, since)


@scenario(name="bird-control-forgetful", daemon=BirdForgetful)
def configured_on(topology):
    """Where BIRD enables its protocols by itself, a sick node that it announces is away again within 1 s."""
    wait_for("BGP sessions", topology.sessions_up, 20)
    for node in topology.nodes:
        wait_for(f"node {node.name} withdrawn at first", lambda n=node: communities(topology, n) == (0, 0), 2)
    for node in topology.nodes:
        node.start_server()
    for node in topology.nodes:
        wait_for(f"node {node.name} announced", node.announced, 15)
    node = topology.nodes[0]
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, 200, "kill -9")
    since = time.time()
    node.daemon.configure()
    time.sleep(1)
    for restart in (False, True):
        if restart:
            node.daemon.kill()
            wait_for("the router's loss of the sessions", lambda: not topology.sessions_up(), 5)
            node.daemon.start()
            wait_for("BGP sessions", topology.sessions_up, 20)
            time.sleep(1)
        on = [when for when, _, gateways in topology.fib.changes(since) if gateways & set(node.gateways)]
        off = [when for when, _, gateways in topology.fib.changes(since)
               if on and when >= on[0] and not gateways & set(node.gateways)]
        if on and (not off or not node.withdrawn()):
            raise Failure(f"a sick node stayed announced: {topology.fib.changes(since)}")
        what, shown = "restart" if restart else "birdc configure", (max(off) - on[0]) * 1000 if on else 0
        print(f"    {what}: the sick node was announced for {shown:.0f} ms (limit 1000)", flush=True)
        topology.figure(f"{what}: the sick node announced, ms", shown, 1000, since)
        since = time.time()


@scenario(name="bird-frozen")
@scenario(name="frr-frozen", daemon=Frr)
def frozen(topology):
    """A routing daemon that is stopped (SIGSTOP) is found by BFD, where it and the router speak that."""
    begin(topology)
    node = topology.nodes[0]
    wait_for("BFD sessions",  # which begin at a packet a second, after those of BGP
             lambda: topology.ask_router("show", "bfd", "sessions").count(" Up ")
             == 2 * len(topology.nodes), 20)
    since = time.time()
    for process in node.daemon.processes:
        process.send_signal(signal.SIGSTOP)
    expect_gone(topology, node, since, 3000, f"the daemon frozen, BFD 3 x {BFD_MS} ms,")
    for process in node.daemon.processes:
        process.send_signal(signal.SIGCONT)
    expect_back(node, "the daemon goes on", 20)
    finish(topology, since)


@scenario(name="bird-control-silent", daemon=BirdControl, bfd=False)
def driver_restarted_meanwhile(topology):
    """BIRD says nothing while its driver is restarted without a sidecar: nothing changes; a dead server's route goes."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.sidecar.kill()
    for dead in (False, True):
        node.daemon.processes[0].send_signal(signal.SIGSTOP)
        node.announcer.kill()
        node.announcer.wait()
        node.start_announcer()
        time.sleep(2)  # longer than the driver waits for BIRD
        if dead:
            node.server.kill()
            since = time.time()
            time.sleep(0.5)
        node.daemon.processes[0].send_signal(signal.SIGCONT)
        if dead:
            expect_gone(topology, node, since, 1500, "kill -9, and BIRD speaks again after 0.5 s,")
        else:
            stay(topology, since, 2, "driver restarted while BIRD is silent")
    finish(topology, since)


@scenario(name="bird-control-restarted", daemon=BirdControl)
def driver_restarted(topology):
    """The driver's death and its return change nothing."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.announcer.kill()
    node.announcer.wait()
    time.sleep(0.5)
    node.start_announcer()
    time.sleep(2)
    expect_no_change(topology, since, "driver restarted")
    finish(topology, since, 0)
