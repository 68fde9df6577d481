"""What scenarios have in common: how they begin, what they expect, what they print."""
import subprocess
import time

from fib import SERVICE, Failure, wait_for

SETTLE_S = 1.0
SCENARIOS = {}  # name: (function, options of the topology)


def scenario(name=None, **options):
    """Registers a scenario; its name is the function's, where none is given, its description the
    docstring's first line. One function may be several, with other options of the topology."""
    def register(function):
        SCENARIOS[name or function.__name__.replace("_", "-")] = (function, options)
        return function
    return register


def announce_all(topology):
    """Servers come last: nothing is announced before they answer."""
    wait_for("BGP sessions", topology.sessions_up, 20)
    if topology.fib.events:
        raise Failure(f"announced before a server answers: {topology.fib.events}")
    begin = time.time()
    for node in topology.nodes:
        node.start_server()
    for node in topology.nodes:
        for group in topology.groups:
            wait_for(f"node {node.name} announced", lambda: node.announced(group), 60)
        wait_for(f"node {node.name}'s self-test", lambda: "self-test passed" in node.log("sidecar"), 1)
    return (topology.fib.events[-1][0] - begin) * 1000


def begin(topology):
    announce_all(topology)
    topology.start_load()
    time.sleep(SETTLE_S)  # so that "before" is measured as well


def gone_ms(topology, node, since, group="any"):
    """Milliseconds until the router's kernel had no next hop of the node's, of either family."""
    seen = {}
    addresses = topology.groups[group]
    for when, address, gateways in topology.fib.changes(since):
        if address in addresses and address not in seen and not gateways & set(node.gateways):
            seen[address] = when
    return (max(seen.values()) - since) * 1000 if len(seen) == len(addresses) else None


def expect_gone(topology, node, since, limit_ms, what, group="any"):
    wait_for(f"{what}: node {node.name} withdrawn", lambda: node.withdrawn(group),
             5 + limit_ms / 1000)
    taken = gone_ms(topology, node, since, group)
    print(f"    {what} to route gone: {taken:.0f} ms (limit {limit_ms})", flush=True)
    topology.figure(f"{what} to route gone, ms", taken, limit_ms, since)


def expect_back(node, what, limit_s=15.0, since=None):
    """`since` is when the cause was mended, if that wasn't just now."""
    since = time.time() if since is None else since
    wait_for(f"{what}: node {node.name} announced again", node.announced, limit_s + 5)
    taken = time.time() - since
    print(f"    {what} to announced again: {taken * 1000:.0f} ms (limit {limit_s * 1000:.0f})",
          flush=True)
    node.topology.figure(f"{what} to announced again, ms", taken * 1000, limit_s * 1000, since)


def expect_no_change(topology, since, what):
    changes = topology.fib.changes(since)
    if changes:
        raise Failure(f"{what}: the route changed: {changes}")


def stay(topology, since, seconds, what):
    """For so long nothing changes; a change is told at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        expect_no_change(topology, since, what)
        time.sleep(min(0.1, max(0.0, until - time.monotonic())))
    expect_no_change(topology, since, what)


def route_changes(topology, node, since, address=SERVICE[0]):
    """How often the node came or went, by one of its addresses."""
    there, changes = True, 0
    for _, which, gateways in topology.fib.changes(since):
        now = bool(gateways & set(node.gateways))
        if which == address and now != there:
            there, changes = now, changes + 1
    return changes


def finish(topology, since, limit=None, what=""):
    """Ends the load; `limit` is how many queries may be lost. Returns the counts."""
    time.sleep(0.5)
    counted = topology.stop_load()
    lost = [when for when in counted["when"] if when >= since - 0.5]
    print(f"    queries: {counted['sent']} sent, {counted['lost']} lost, {len(lost)} of them from"
          f" the fault on{'' if limit is None else f' (limit {limit})'}", flush=True)
    topology.figure(f"{what} queries lost".strip(), counted["lost"], limit, topology.load_begun)
    return counted


def on_interface(node, interface):
    return SERVICE[0] in subprocess.run(
        ["ip", "-n", node.namespace, "address", "show", "dev", interface],
        stdout=subprocess.PIPE, text=True, check=True).stdout
