"""The operator's words, and what is on record."""
import json
import signal
import time

from checks import (begin, expect_back, expect_gone, expect_no_change, finish, on_interface, scenario,
                    stay)
from fib import Failure, run, wait_for
from router import COVERING


@scenario()
def drained(topology):
    """An operator's drain moves the traffic before the route is withdrawn, and outlives a restart."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.ctl("drain", "any")
    expect_gone(topology, node, since, 500, "drain")
    if not on_interface(node, "any1"):
        raise Failure("the traffic has moved, but not to the lower preference")
    wait_for("withdrawn after the drain", lambda: not on_interface(node, "any1"), 5)
    node.sidecar.kill()
    node.sidecar.wait()
    node.start_sidecar()
    wait_for("the word after a restart", lambda: node.route().get("operator") == "drain"
             and node.route().get("state") == "FORCED_DOWN", 5)
    time.sleep(1)
    if not node.withdrawn():
        raise Failure("it came back by itself")
    node.ctl("undrain")
    expect_back(node, "undrain", 3)
    finish(topology, since, 0)


@scenario()
def drained_all(topology):
    """When all nodes drain, they are announced all the same until they are withdrawn: nothing is lost."""
    begin(topology)
    since = time.time()
    for node in topology.nodes:
        node.ctl("drain")
    time.sleep(0.8)
    if not all(node.announced() for node in topology.nodes):
        raise Failure("a node with nobody else to take over was left out")
    for node in topology.nodes:
        node.ctl("undrain")
    finish(topology, since, 0)


@scenario()
def withdrawn_all(topology):
    """When all nodes are withdrawn, the router's covering route has their queries answered: none is lost."""
    begin(topology)
    nodes = topology.nodes
    since = time.time()
    for node in nodes:
        node.ctl("force-down", "any")
    for node in nodes:
        wait_for(f"node {node.name} withdrawn", node.withdrawn, 5)
    for family, (service, covering) in enumerate(zip(topology.addresses, COVERING)):
        left = topology.upstream.kernel_gateways(service)
        if left:
            raise Failure(f"withdrawn by all, {service} is routed to {left}")
        last = topology.upstream.kernel_gateways(covering)
        if last != {node.gateways[family] for node in nodes}:
            raise Failure(f"the covering route {covering} is to {last}")
    stay(topology, time.time(), 2, "all withdrawn")
    for node in nodes:
        node.ctl("release", "any")
    for node in nodes:
        expect_back(node, f"node {node.name} released")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def held(topology):
    """Under hold a slow node stays, whatever the guard would grant; a dead one goes and comes back."""
    begin(topology)
    node = topology.nodes[0]
    node.ctl("hold")
    since = node.stall(True)
    time.sleep(3)
    node.stall(False)
    expect_no_change(topology, since, "hold")
    wait_for("well again", lambda: node.route().get("signals", {}).get("late") == 0, 5)
    since = time.time()
    node.server.kill()
    expect_gone(topology, node, since, 200, "kill -9 under hold")
    node.server.wait()
    node.start_server()
    expect_back(node, "restart under hold")
    node.ctl("release")
    if node.route()["state"] != "UP":
        raise Failure(f"after the release it's {node.route()['state']}")
    finish(topology, since)


@scenario()
def hang_unseen(topology):
    """A hang that the driver alone has seen, under hold, force-up or no word: the route comes back."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    for word, limit_s in [("hold", 2), ("force-up", 2), ("release", 5)]:
        node.ctl(word)
        node.sidecar.send_signal(signal.SIGSTOP)
        began = time.time()
        node.server.send_signal(signal.SIGSTOP)
        expect_gone(topology, node, began, 700, f"SIGSTOP under {word}")
        node.server.send_signal(signal.SIGCONT)
        time.sleep(0.3)  # the driver finds it well again
        node.sidecar.send_signal(signal.SIGCONT)
        expect_back(node, f"SIGCONT under {word}", limit_s)
    finish(topology, since)


@scenario(without_fleet="withdraw")
def forced(topology):
    """force-down withdraws a node that is well, also when its words get lost; force-up announces a slow one."""
    begin(topology)
    node = topology.nodes[0]
    since = time.time()
    node.ctl("force-down", "any")
    expect_gone(topology, node, since, 200, "force-down")
    node.sidecar.kill()
    node.sidecar.wait()
    node.write("route.words", "any force-d")
    node.start_sidecar()
    wait_for("hold, with words that can't be read", lambda: node.route().get("operator") == "hold", 5)
    time.sleep(3)
    if not node.withdrawn():
        raise Failure("it came back by itself")
    node.stall(True)
    node.ctl("force-up", "any")
    expect_back(node, "force-up of a slow node", 2)
    time.sleep(2)
    if not node.announced():
        raise Failure("a slow node that is forced up went")
    node.stall(False)
    node.ctl("release")
    finish(topology, since, 0)


@scenario(without_fleet="withdraw")
def replayed(topology):
    """What was recorded of a stall is decided otherwise by other thresholds; decisions are on record."""
    begin(topology)
    node = topology.nodes[0]
    since = node.stall(True)
    expect_gone(topology, node, since, 1000, "stalls of 200 ms")
    node.stall(False)
    finish(topology, since, 0)
    decided = [json.loads(line) for line in open(f"{node.dir}/route.jsonl", encoding="ascii")]
    states = [decision["to"] for decision in decided]
    if states[:4] != ["READY", "UP", "SUSPECT", "DRAIN"] or decided[2]["signals"]["late"] < 1:
        raise Failure(f"the audit log says {decided}")
    node.write("other.yaml", open(f"{node.dir}/pharos.yaml", encoding="ascii").read()
               + "  late: 500ms\n")
    for config, drains in [("pharos.yaml", True), ("other.yaml", False)]:
        told = run(topology.program("pharos-sidecar"), "-c", f"{node.dir}/{config}",
                   "--replay", f"{node.dir}/samples.jsonl")
        # Probes that had no answer after 20 ms are bad for ever; so the other one is suspect too.
        if ("-> DRAIN" in told) != drains or "samples" not in told:
            raise Failure(f"replayed with {config}: {told}")
