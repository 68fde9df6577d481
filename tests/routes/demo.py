#!/usr/bin/env python3
"""Breaks an anycast node on one machine and draws what its clients see; contrib/demo-anycast.sh."""
import argparse
import os
import signal
import sys
import time

sys.dont_write_bytecode = True

from checks import announce_all
from fib import Failure, wait_for
from timeline import Timeline, to_svg, to_text
from topology import Topology

BEFORE_S, HEALED_S = 3, 3
FAULTS = {
    "kill": "kill -9 of pharosd; it's started again",
    "stop": "SIGSTOP of pharosd, later SIGCONT",
    "slow": "each answer takes 300 ms longer, then no more",
    "drain": "pharosctl drain, then undrain",
}


def break_node(fault, node):
    if fault == "kill":
        node.server.kill()
        return "kill -9"
    if fault == "stop":
        node.server.send_signal(signal.SIGSTOP)
        return "SIGSTOP"
    if fault == "slow":
        node.stall(True, 300)
        return "300 ms slow"
    node.ctl("drain")
    return "drain"


def mend_node(fault, node):
    if fault == "kill":
        node.server.wait()
        node.start_server()
        return "started again"
    if fault == "stop":
        node.server.send_signal(signal.SIGCONT)
        return "SIGCONT"
    if fault == "slow":
        node.stall(False)
        return "well again"
    node.ctl("undrain")
    return "undrain"


def play(topology, fault, seconds, tell):
    """Returns when it began and ended, and the marks."""
    node, marks = topology.nodes[0], []
    begin = time.time()
    time.sleep(BEFORE_S)
    for act, pause in [(break_node, seconds), (mend_node, 0)]:
        when = time.time()
        marks.append((when, act(fault, node)))
        tell(f"{when - begin:5.1f} s  node a: {marks[-1][1]}")
        if act is break_node:
            wait_for("the route to leave", node.withdrawn, 10)
            tell(f"{time.time() - begin:5.1f} s  node a is out of the router's table,"
                 f" {(time.time() - when) * 1000:.0f} ms later")
        time.sleep(pause)
    wait_for("the route to return", node.announced, 30)
    tell(f"{time.time() - begin:5.1f} s  node a is back,"
         f" {time.time() - marks[-1][0]:.1f} s after it was mended")
    time.sleep(HEALED_S)
    return begin, time.time(), marks


def read_trace(path):
    queries = []
    with open(path, encoding="ascii") as file:
        for line in file:
            when, ms, node = line.split()
            queries.append((float(when), None if ms == "lost" else float(ms), node))
    return queries


def states_of(node):
    return [(decision["wall"], decision["to"]) for decision in node.decisions()]


def demonstrate(options, tell):
    with Topology(options.build, without_fleet="withdraw") as topology:
        tell("three nodes, each with pharosd, sidecar, announcer and BIRD; a router with ECMP; a client")
        announce_all(topology)
        trace = os.path.join(topology.dir, "trace")
        topology.start_load(trace=trace)
        tell("500 queries a second, spread over all nodes")
        begin, end, marks = play(topology, options.fault, options.seconds, tell)
        topology.stop_load()
        return Timeline(f"Node a of three: {FAULTS[options.fault]}", begin, end,
                        {node.name: states_of(node) for node in topology.nodes},
                        [q for q in read_trace(trace) if begin <= q[0] <= end], marks)


def main():
    parser = argparse.ArgumentParser(prog="demo-anycast.sh", description=__doc__.split(";")[0],
                                     epilog=". ".join(f"{name}: {what}" for name, what in FAULTS.items()))
    parser.add_argument("fault", nargs="?", choices=FAULTS, default="slow")
    parser.add_argument("--svg", default="anycast.svg", help="the picture (%(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="how long it's broken (%(default)s)")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        sys.exit("demo-anycast.sh: network namespaces need root")
    try:
        timeline = demonstrate(options, lambda text: print(text, flush=True))
    except (Failure, KeyboardInterrupt) as failure:
        sys.exit(f"demo-anycast.sh: {failure or 'stopped'}")
    with open(options.svg, "w", encoding="ascii") as file:
        file.write(to_svg(timeline))
    print("\n" + to_text(timeline) + f"\nThe picture: {options.svg}")


main()
