"""Sidecar, announcer, routing daemon: what their own end does."""
import signal
import statistics
import time

from checks import begin, expect_gone, expect_no_change, finish, on_interface, route_changes, scenario, stay
from daemons import BirdHook
from fib import Failure, wait_for
from figures import spread
from scenarios_server import CRASH_MS

RIGHT_S = 2  # after the routing daemon's return
HOLD_DOWN_S = 9
RETURN_S = 1.5  # after the hold-down


def restart_sidecar(node):
    node.sidecar.wait()
    node.start_sidecar()
    pid = node.sidecar.pid
    wait_for("the sidecar's return", lambda: node.route().get("state") == "UP", 5)
    if node.sidecar.pid != pid or node.sidecar.poll() is not None:
        raise Failure("the new sidecar ended")


@scenario(without_fleet="withdraw")
def sidecar_killed(topology):
    """The sidecar's hang, death, restart and upgrade change nothing; a crash still counts after it."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.sidecar.send_signal(signal.SIGSTOP)
    stay(topology, since, 1.5, "sidecar hung")
    node.sidecar.send_signal(signal.SIGCONT)
    stay(topology, since, 1, "sidecar goes on")
    node.sidecar.kill()
    stay(topology, since, 2, "sidecar killed")
    restart_sidecar(node)
    stay(topology, since, 1, "sidecar restarted")
    node.sidecar.terminate()  # a new program takes the place of the old
    restart_sidecar(node)
    stay(topology, since, 1, "sidecar upgraded")
    finish(topology, since, 0)
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, CRASH_MS, "kill -9 after the sidecar's restarts")


@scenario(without_fleet="withdraw")
def sidecars_crashed(topology):
    """With the sidecars of all nodes dead no node leaves for slowness, though all are slow."""
    begin(topology)
    since = time.time()
    for node in topology.nodes:
        node.sidecar.kill()
    for node in topology.nodes:
        node.stall(True)
    stay(topology, since, 12, "all slow, no sidecar")  # longer than the lease
    for node in topology.nodes:
        node.stall(False)
    stay(topology, since, 1, "all well again, no sidecar")
    finish(topology, since, 0)


@scenario()
def announcer_restarted(topology):
    """The announcer's death and its return change nothing, if it's back before the lease ends."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.announcer.kill()
    node.announcer.wait()
    time.sleep(1)  # as long as a service manager may take
    node.start_announcer()
    stay(topology, since, 10.5, "announcer restarted")  # longer than the lease
    finish(topology, since, 0)
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, CRASH_MS, "kill -9 after the announcer's restart")


@scenario(daemon=BirdHook)
def exec_hook(topology):
    """pharos-route-exec in the announcer's place: a hook tells BIRD; a crash, its own restart."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.announcer.kill()
    node.announcer.wait()
    node.start_announcer()
    stay(topology, since, 2, "pharos-route-exec restarted")
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, 500, "kill -9")
    finish(topology, since)


def restart_bird(node):
    node.daemon.kill()
    wait_for("the router's loss of the sessions", lambda: not node.topology.sessions_up(), 5)
    node.daemon.start()
    return time.time()


@scenario(without_fleet="withdraw")
def bird_restarted(topology):
    """BIRD killed and restarted: a well node is announced within 2 s, a sick one never."""
    begin(topology)
    well, sick = topology.nodes[:2]
    back = restart_bird(well)
    wait_for("the route's loss", lambda: not well.announced(), 5)
    wait_for("announced again", well.announced, 5)
    taken = time.time() - back
    print(f"    BIRD's start to announced again: {taken:.2f} s (limit {RIGHT_S})")
    topology.figure("BIRD's start to announced again, s", taken, RIGHT_S, back)
    since = sick.stall(True)
    expect_gone(topology, sick, since, 1000, "stalls of 200 ms")
    wait_for("withdrawn after the drain", lambda: not on_interface(sick, "any1"), 5)
    since = restart_bird(sick)
    stay(topology, since, RIGHT_S + 2, "BIRD of a sick node restarted")
    finish(topology, since)


@scenario(without_fleet="withdraw")
def bird_configured_slow(topology):
    """`birdc configure` while the node is down: a sick node isn't announced again."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True)
    expect_gone(topology, node, since, 1000, "stalls of 200 ms")
    wait_for("withdrawn after the drain", lambda: not on_interface(node, "any1"), 5)
    since = time.time()
    for _ in range(3):
        node.daemon.configure()
        stay(topology, since, 1, "birdc configure")
    finish(topology, since, 0)


@scenario()
def decision_to_fib(topology):
    """From the decision on record to the router's kernel: 2 ms in the median, 10 ms for 99 of 100."""
    begin(topology)
    node = topology.nodes[0]
    taken, begun = [], time.time()
    for _ in range(250 if topology.soak else 100):
        for word, done in [("force-down", node.withdrawn), ("force-up", node.announced)]:
            since = time.time()
            node.ctl(word)
            wait_for(word, done, 2)
            time.sleep(0.03)  # for the second family's event
            decided = node.decisions()[-1]["wall"] + 0.0005  # the middle of that millisecond
            taken.append((topology.fib.changes(since)[-1][0] - decided) * 1000)
    taken.sort()
    median, high = statistics.median(taken), taken[-1 - len(taken) // 100]
    print(f"    {len(taken)} decisions, to both families: {spread(taken)} ms, 99 of 100 within"
          f" {high:.1f} ms (limits 2 and 10)")
    topology.figure("decision to FIB, median ms", median, 2, begun)
    topology.figure("decision to FIB, 99 of 100, ms", high, 10, begun)
    expect_no_change(topology, time.time(), "the end")
    finish(topology, since)


def restart_away(node, states):
    """Kills the sidecar of a node that's away, and waits for the next one's first decision."""
    node.sidecar.kill()
    node.sidecar.wait()
    node.start_sidecar()
    wait_for("the sidecar's return", lambda: node.route().get("state") in states, 5)


@scenario(without_fleet="withdraw", route=f"  thresholds: {{hold-down: {HOLD_DOWN_S}s}}")
def sidecar_killed_away(topology):
    """The sidecar's restarts while its node drains and is down leave the hold-down as it was."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True)
    expect_gone(topology, node, since, 1000, "stalls of 200 ms")
    fell = [decision["wall"] for decision in node.decisions() if decision["to"] == "DRAIN"][-1]
    node.stall(False)
    restart_away(node, {"DRAIN"})
    wait_for("withdrawn after the drain", lambda: not on_interface(node, "any1"), 5)
    wait_for("probation", lambda: node.route().get("state") == "PROBATION", 5)
    restart_away(node, {"DOWN", "PROBATION"})
    wait_for("announced again", node.announced, HOLD_DOWN_S + RETURN_S + 5)
    away = time.time() - fell
    print(f"    away for {away:.2f} s (hold-down {HOLD_DOWN_S} s, limit {HOLD_DOWN_S + RETURN_S})")
    topology.figure("away over two restarts of the sidecar, s", away, HOLD_DOWN_S + RETURN_S, fell)
    if away < HOLD_DOWN_S:
        raise Failure(f"announced again after {away:.2f} s")
    if route_changes(topology, node, since) != 2:
        raise Failure("the route went and came more than once")
    finish(topology, since, 0)
