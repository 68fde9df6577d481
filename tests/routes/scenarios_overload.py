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


def flooded(topology, rate, only):
    """The share of queries lost in a flood, and whether the route changed. Those count that were sent in the
    same seconds of each flood, when it has begun and before it ends."""
    since = time.time()
    topology.start_load()
    topology.start_flood(rate, only)
    begin = time.time() + 1
    time.sleep(1 + FLOOD_S)
    end = time.time()
    states = [node.route().get("state") for node in topology.nodes]
    topology.stop_flood()
    lost = sum(begin <= when < end for when in topology.stop_load()["when"])
    return lost, lost / (RATE * (end - begin)), states, since


def overload(topology, rate, only):
    """The same flood twice: once with the route held, which is to do nothing, once without."""
    begin(topology)
    time.sleep(LEARN_S)
    begun = time.time()
    for node in topology.nodes:
        node.trouble(f"cost {COST_US}")
        node.ctl("hold")
    topology.stop_load()
    lost, held, _, _ = flooded(topology, rate, only)
    print(f"    doing nothing: {lost} lost in {FLOOD_S} s, {100 * held:.1f} %")
    for node in topology.nodes:
        node.ctl("release")
    wait_for("well after the flood", lambda: all(node.route().get("state") == "UP"
                                                 and node.route()["signals"]["badness"] < 100
                                                 for node in topology.nodes), 30)
    time.sleep(SETTLE_S)
    lost, share, states, since = flooded(topology, rate, only)
    print(f"    deciding: {lost} lost in {FLOOD_S} s, {100 * share:.1f} %; {states}", flush=True)
    topology.figure("lost, doing nothing, %", 100 * held)
    topology.figure("lost, %", 100 * share)
    stay(topology, since, 2, "overload")
    hit = states[:1] if only else states
    if any(state != "ABSORB" for state in hit):
        raise Failure(f"in the flood the nodes are {states}: nothing was absorbed")
    topology.figure("lost more than by doing nothing, %", 100 * (share - held), 100 * NOISE, begun)


@scenario(without_fleet="withdraw")
def overload_one(topology):
    """Sixteen times the usual load on one node: the route stays, and nothing is made worse."""
    overload(topology, TIMES * RATE // 3, topology.nodes[0])


@scenario(without_fleet="withdraw")
def overload_all(topology):
    """Sixteen times the usual load on all nodes: the route stays, and nothing is made worse."""
    overload(topology, TIMES * RATE, None)
