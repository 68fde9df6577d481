"""A server that dies, hangs, pauses, stops, starts again."""
import os
import signal
import subprocess
import time

from checks import (SETTLE_S, announce_all, begin, expect_back, expect_gone, expect_no_change, finish,
                    scenario, stay)
from fib import Failure, wait_for
from large import write_large_zone

CRASH_MS, CRASH_LOST = 30, 3
STOPS, STOPS_SOAK = 3, 20


@scenario()
def announced_after_answering(topology):
    """All nodes are announced only after they answer."""
    taken = announce_all(topology)
    print(f"    servers started to all announced: {taken:.0f} ms")
    topology.start_load()
    time.sleep(SETTLE_S)
    finish(topology, time.time(), 0)


@scenario()
def killed(topology):
    """kill -9 of one pharosd moves the route away; it comes back with the server."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, CRASH_MS, "kill -9")
    node.server.wait()
    node.start_server()
    expect_back(node, "restart")
    finish(topology, since, CRASH_LOST)


def crash(topology, number):
    """The first node has 1 GB of zones and dumps core when it crashes."""
    node = topology.nodes[0]
    print(f"    {write_large_zone(node, topology.soak)}", flush=True)
    begin(topology)
    print(f"    {node.memory_mb()} MB in memory", flush=True)
    node.allow_core()
    since = time.time()
    node.server.send_signal(number)
    expect_gone(topology, node, since, CRASH_MS, signal.Signals(number).name)
    _, status = os.waitpid(node.server.pid, 0)
    node.server.returncode = -number
    print(f"    the process was gone {(time.time() - since) * 1000:.0f} ms after it,"
          f" core dumped: {os.WCOREDUMP(status)}", flush=True)
    if os.WCOREDUMP(status) != (number == signal.SIGSEGV):
        raise Failure(f"core dump: {os.WCOREDUMP(status)}")
    finish(topology, since, CRASH_LOST)


@scenario()
def killed_large(topology):
    """kill -9 of a pharosd with 1 GB of zones, which the kernel takes long to tear down."""
    crash(topology, signal.SIGKILL)


@scenario()
def crashed_large(topology):
    """SIGSEGV with core dumps on, of a pharosd with 1 GB of zones."""
    crash(topology, signal.SIGSEGV)


@scenario()
def hung(topology):
    """SIGSTOP of one pharosd moves the route away; it comes back after SIGCONT."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.server.send_signal(signal.SIGSTOP)
    expect_gone(topology, node, since, 600, "SIGSTOP")
    time.sleep(2)  # longer than a client waits, so that what's stuck there counts as lost
    node.server.send_signal(signal.SIGCONT)
    expect_back(node, "SIGCONT")
    finish(topology, since, 90)


@scenario(without_fleet="withdraw")
def paused(topology):
    """A pause of 250 ms changes nothing."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.server.send_signal(signal.SIGSTOP)
    time.sleep(0.25)
    node.server.send_signal(signal.SIGCONT)
    stay(topology, since, 2, "a pause of 250 ms")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw", bfd=False)
def host_paused(topology):
    """All processes of all nodes pause together for 2 s, as on a stalled host: nothing changes.

    BFD is off: it is there to take such a pause for death."""
    begin(topology)
    since = time.time()
    everybody = [process for node in topology.nodes for process in node.processes()]
    for process in everybody:
        process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    for process in everybody:
        process.send_signal(signal.SIGCONT)
    stay(topology, since, 4, "all paused for 2 s")
    for node in topology.nodes:
        if node.route().get("state") != "UP":
            raise Failure(f"node {node.name} is {node.route().get('state')}")
    finish(topology, since)


@scenario()
def watchers_dead_then_killed(topology):
    """With the sidecar dead a crash of the server counts as ever."""
    begin(topology)
    node = topology.nodes[0]
    node.sidecar.kill()
    node.sidecar.wait()
    time.sleep(0.5)
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, CRASH_MS, "kill -9 without a sidecar")
    finish(topology, since, CRASH_LOST)


@scenario()
def all_three_killed(topology):
    """Sidecar, announcer and server killed at once: the lease of 10 s runs out by itself."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    for process in [node.announcer, node.sidecar, node.server]:
        process.kill()
    expect_gone(topology, node, since, 10000, "all three killed")
    finish(topology, since)


def stop_and_start(topology, node):
    since = time.time()
    node.server.terminate()
    expect_gone(topology, node, since, 500, "SIGTERM")
    if node.server.wait(timeout=10) != 0:
        raise Failure(f"the server's exit status is {node.server.returncode}")
    node.start_server()
    expect_back(node, "restart")


@scenario()
def stopped(topology):
    """Planned stop and restart, again and again: no query is lost."""
    begin(topology)
    since = time.time()
    for turn in range(STOPS_SOAK if topology.soak else STOPS):
        stop_and_start(topology, topology.nodes[turn % len(topology.nodes)])
    finish(topology, since, 0)


@scenario()
def stopped_without_announcer(topology):
    """A planned stop just after the announcer's death waits for its return: no query is lost."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.announcer.kill()
    node.announcer.wait()
    node.server.terminate()
    time.sleep(0.7)  # as long as a service manager may take
    if node.server.poll() is not None:
        raise Failure("the server didn't wait for its announcer")
    node.start_announcer()
    expect_gone(topology, node, since, 2000, "SIGTERM, and the announcer back after 0.7 s,")
    if node.server.wait(timeout=10) != 0:
        raise Failure(f"the server's exit status is {node.server.returncode}")
    finish(topology, since, 0)


@scenario()
def upgraded(topology):
    """pharosctl upgrade, again and again: no query is lost, the route doesn't move; a new driver is told up."""
    begin(topology)
    since = time.time()
    for turn in range(STOPS_SOAK if topology.soak else STOPS):
        node = topology.nodes[turn % len(topology.nodes)]
        before = node.server_pid()
        node.ctl("upgrade")
        if node.server_pid() == before:
            raise Failure("the same process serves after the upgrade")
        stay(topology, since, 0.5, "upgrade")
    node.announcer.kill()
    subprocess.run(["ip", "-n", node.namespace, "address", "flush", "dev", "any0"], check=True)
    wait_for("withdrawn without its lease", node.withdrawn, 5)
    node.start_announcer()
    expect_back(node, "a driver that starts anew after the upgrade", 3)
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def reloaded(topology):
    """The reload of a large zone changes nothing, and no query is lost."""
    node = topology.nodes[0]
    print(f"    {write_large_zone(node, topology.soak, serial=1, parts=4)}", flush=True)
    begin(topology)
    since = time.time()
    write_large_zone(node, topology.soak, serial=2, parts=4)
    taken = time.time()
    node.ctl("reload", "large.test")
    print(f"    the reload took {time.time() - taken:.1f} s", flush=True)
    stay(topology, since, 2, "reload")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def steady(topology):
    """Under steady load nothing ever changes: an hour, 60 s in CI."""
    begin(topology)
    since = time.time()
    stay(topology, since, 3600 if topology.soak else 60, "steady load")
    finish(topology, since, 0)


@scenario()
def reconfigured(topology):
    """SIGHUP takes new thresholds and keeps the route; a broken configuration changes nothing."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    text = node.read("pharos.yaml")
    node.write("pharos.yaml", text + "  late: 70ms\n")
    node.sidecar.send_signal(signal.SIGHUP)
    wait_for("new thresholds", lambda: node.route()["thresholds"]["late_us"] == 70000, 5)
    node.write("pharos.yaml", text + "  lat: 90ms\n")
    node.sidecar.send_signal(signal.SIGHUP)
    wait_for("the refusal in the log", lambda: "is refused" in node.log("sidecar"), 5)
    if node.route()["thresholds"]["late_us"] != 70000:
        raise Failure("a broken configuration was taken")
    expect_no_change(topology, since, "SIGHUP")
    finish(topology, since, 0)
