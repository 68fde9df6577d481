"""More queries than a node can answer. Withdrawing would move the flood onto the neighbours."""
import time

from checks import SETTLE_S, begin, scenario, stay
from fib import Failure, wait_for

RATE = 500  # queries a second of the client, a third of them at each node
TIMES = 16
COST_US = 1250  # of a datagram: two workers answer 1,600 a second
LEARN_S = 11  # what the sidecar watches before it knows what is usual (absorb.h)
FLOOD_S = 6
NOISE = 0.05  # of the queries: two runs of the same differ by that


def lost_share(topology):
    counted = topology.stop_load()
    return counted["lost"] / counted["sent"], counted


def flooded(topology, rate, only):
    """The share of queries lost in a flood, and whether the route changed."""
    since = time.time()
    topology.start_load()
    topology.start_flood(rate, only)
    time.sleep(FLOOD_S)
    states = [node.route().get("state") for node in topology.nodes]
    topology.stop_flood()
    share, counted = lost_share(topology)
    return share, counted, states, since


def overload(topology, rate, only):
    """The same flood twice: once with the route held, which is to do nothing, once without."""
    begin(topology)
    time.sleep(LEARN_S)
    for node in topology.nodes:
        node.trouble(f"cost {COST_US}")
        node.ctl("hold")
    topology.stop_load()
    held, counted, _, _ = flooded(topology, rate, only)
    print(f"    doing nothing: {counted['lost']} of {counted['sent']} lost, {100 * held:.1f} %")
    for node in topology.nodes:
        node.ctl("release")
    wait_for("well after the flood", lambda: all(node.route().get("state") == "UP"
                                                 and node.route()["signals"]["badness"] < 100
                                                 for node in topology.nodes), 30)
    time.sleep(SETTLE_S)
    share, counted, states, since = flooded(topology, rate, only)
    print(f"    deciding: {counted['lost']} of {counted['sent']} lost, {100 * share:.1f} %; {states}",
          flush=True)
    topology.figure("lost, doing nothing, %", 100 * held)
    topology.figure("lost, %", 100 * share)
    stay(topology, since, 2, "overload")
    hit = states[:1] if only else states
    if any(state != "ABSORB" for state in hit):
        raise Failure(f"in the flood the nodes are {states}: nothing was absorbed")
    if share > held + NOISE:
        raise Failure(f"{100 * share:.1f} % lost, and {100 * held:.1f} % by doing nothing")


@scenario(without_fleet="withdraw")
def overload_one(topology):
    """Sixteen times the usual load on one node: the route stays, and nothing is made worse."""
    overload(topology, TIMES * RATE // 3, topology.nodes[0])


@scenario(without_fleet="withdraw")
def overload_all(topology):
    """Sixteen times the usual load on all nodes: the route stays, and nothing is made worse."""
    overload(topology, TIMES * RATE, None)
