"""A client, a router with BIRD, three anycast nodes: network namespaces on one machine.

    client --- router --- node a   (192.0.2.53/32 and 2001:db8::53/128 on lo,
                     |--- node b    BIRD, pharosd, pharos-sidecar, pharos-announcer)
                     |--- node c
                     `--- store     (etcd, where the nodes are a fleet)

The router prefers no node (ECMP). All that is started here is ended by its process id, and the
namespaces carry this process's id in their names, so that several may run at once.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from daemons import BFD_MS, Bird
from fib import SERVICE, Failure, Fib, run, wait_for
from node import Node
from store import Store

HERE = os.path.dirname(os.path.abspath(__file__))

ROUTER_BIRD = """
router id 10.0.0.1;
log stderr all;
protocol device { scan time 1; }
protocol bfd { interface "*" { min rx interval BFD_MS ms; min tx interval BFD_MS ms; multiplier 3; }; }
protocol kernel kernel4 { merge paths on; ipv4 { export all; import none; }; }
protocol kernel kernel6 { merge paths on; ipv6 { export all; import none; }; }
function sort_last() { if (65535, 0) ~ bgp_community then bgp_local_pref = 0; }
template bgp node4 {
    local as 64500;
    graceful restart off;
    bfd on;
    connect delay time 1; connect retry time 1; error wait time 1, 2;
    ipv4 { import filter { if net ~ [ 192.0.2.53/32, 192.0.2.54/32 ] then { sort_last(); accept; } reject; }; export none; };
}
template bgp node6 {
    local as 64500;
    graceful restart off;
    bfd on;
    connect delay time 1; connect retry time 1; error wait time 1, 2;
    ipv6 { import filter { if net ~ [ 2001:db8::53/128, 2001:db8::54/128 ] then { sort_last(); accept; } reject; }; export none; };
}
"""
ROUTER_PEER = """
protocol bgp {name}4 from node4 {{ neighbor 10.0.{number}.2 as 64511; }}
protocol bgp {name}6 from node6 {{ neighbor fd00:{number}::2 as 64511; }}
"""


class Topology:
    """Use as a context: all is taken down at its end."""

    def __init__(self, build, nodes=3, double=False, without_fleet="stay", daemon=Bird, keep=False,
                 route="", groups=None, zones=None, bfd=True, soak=False, workers=2, fleet_keep=0,
                 store_octets=None):
        """`route` is more of that section of pharos.yaml; `groups` has each group's addresses and
        `zones` the zones that count for it; with `soak` scenarios take their full length. The nodes are a
        fleet where `fleet_keep`, its K, isn't 0; its store may have a quota of `store_octets`."""
        self.build = os.path.abspath(build)
        self.double = double
        self.without_fleet = without_fleet
        self.daemon = daemon
        self.keep = keep
        self.route = route
        self.workers = workers  # of each server
        self.groups = groups or {"any": SERVICE}
        self.zones = zones or {group: ["example.com"] for group in self.groups}
        self.bfd = bfd  # of the router, without which there is none
        self.soak = soak
        self.addresses = [address for group in self.groups.values() for address in group]
        self.prefix = f"ph{os.getpid()}"
        self.client = self.prefix + "client"
        self.router = self.prefix + "router"
        self.processes = []
        self.dir = tempfile.mkdtemp(prefix="pharos-routes-")
        self.store = Store(self, store_octets) if fleet_keep else None
        if self.store:
            self.route += self.store.fleet_yaml(fleet_keep)
        self.nodes = [Node(self, "abcdefgh"[i], i + 1) for i in range(nodes)]
        self.fib = self.load = self.flood = None
        self.flooded = False  # there's a way for a flood of one node
        self.figures = []  # what was measured, and how much

    def figure(self, what, value):
        self.figures.append((what, value))

    def program(self, name):
        return os.path.join(self.build, name)

    def ip(self, *arguments):
        run("ip", *arguments)

    def start(self, namespace, *command, environment=None, **options):
        """exec'd by `ip netns exec`: the process id is the program's own."""
        words = ["ip", "netns", "exec", namespace]
        if environment:
            words += ["env", *[f"{name}={value}" for name, value in environment.items()]]
        process = subprocess.Popen([*words, *command], start_new_session=True, **options)
        self.processes.append(process)
        return process

    def link(self, namespace, number):
        """Joins a namespace to the router: 10.0.N.0/24 and fd00:N::/64, the router is .1 and ::1."""
        ends = [f"{self.prefix}x{number}", "eth0"]
        self.ip("link", "add", ends[0], "netns", self.router, "type", "veth",
                "peer", "name", ends[1], "netns", namespace)
        for where, end, host in [(self.router, ends[0], 1), (namespace, ends[1], 2)]:
            self.ip("-n", where, "address", "add", f"10.0.{number}.{host}/24", "dev", end)
            self.ip("-n", where, "address", "add", f"fd00:{number}::{host}/64", "dev", end, "nodad")
            self.ip("-n", where, "link", "set", end, "up")
        self.ip("-n", namespace, "link", "set", "lo", "up")
        self.ip("-n", namespace, "route", "add", "default", "via", f"10.0.{number}.1")
        self.ip("-n", namespace, "route", "add", "default", "via", f"fd00:{number}::1")

    def set_up(self):
        self.ip("netns", "add", self.router)
        self.ip("netns", "add", self.client)
        for setting in ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                        "net.ipv4.fib_multipath_hash_policy=1",
                        "net.ipv6.fib_multipath_hash_policy=1"]:
            run("ip", "netns", "exec", self.router, "sysctl", "-qw", setting)
        self.ip("-n", self.router, "link", "set", "lo", "up")
        self.link(self.client, 0)
        if self.store:
            self.store.set_up()
        for node in self.nodes:
            node.set_up()
        self.fib = Fib(self.router, self.addresses)
        with open(os.path.join(self.dir, "bird.conf"), "w", encoding="ascii") as file:
            text = ROUTER_BIRD.replace("BFD_MS", str(BFD_MS))
            file.write(text if self.bfd else text.replace("    bfd on;\n", ""))
            for node in self.nodes:
                file.write(ROUTER_PEER.format(name=node.name, number=node.number))
        log = open(os.path.join(self.dir, "bird.log"), "w", encoding="ascii")
        self.start(self.router, "bird", "-f", "-c", f"{self.dir}/bird.conf",
                   "-s", f"{self.dir}/bird.ctl", "-P", f"{self.dir}/bird.pid", stderr=log)
        for node in self.nodes:
            node.daemon.start()
            node.start_announcer()
            node.start_sidecar()

    def wait(self, what, condition, limit_s):
        wait_for(what, condition, limit_s)

    def ask_router(self, *words):
        return subprocess.run(["birdc", "-s", f"{self.dir}/bird.ctl", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False).stdout

    def sessions_up(self):
        """All BGP sessions, two a node, as the router sees them."""
        return self.ask_router("show", "protocols").count("Established") == 2 * len(self.nodes)

    def start_load(self, rate=500, trace=None):
        """Returns when the client has found flows for all nodes and begins to count."""
        trace = ["--trace", trace] if trace else []
        self.load = self.start(self.client, sys.executable, os.path.join(HERE, "load.py"), *trace,
                               str(rate), str(len(self.nodes)), *self.addresses,
                               stdout=subprocess.PIPE, text=True)
        if self.load.stdout.readline() != "begins\n":
            raise Failure("no load")

    def stop_load(self):
        self.load.terminate()
        return json.loads(self.load.communicate(timeout=10)[0])

    def start_flood(self, rate, only=None):
        """From the router, so that it can be sent past ECMP to a single node."""
        if only is not None and not self.flooded:
            for family, gateway, address in zip(["-4", "-6"], only.gateways, self.addresses):
                self.ip("-n", self.router, family, "route", "add", address, "via", gateway,
                        "table", "100")
                self.ip("-n", self.router, family, "rule", "add", "fwmark", "1", "lookup", "100")
            self.flooded = True
        self.flood = self.start(self.router, sys.executable, os.path.join(HERE, "flood.py"),
                                str(rate), "0" if only is None else "1", *self.addresses)

    def stop_flood(self):
        self.flood.terminate()
        self.flood.wait()

    def close(self):
        for process in self.processes + ([self.fib.process] if self.fib else []):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        for node in self.nodes:
            node.end_successors()
        others = [self.client, self.router, *([self.store.namespace] if self.store else [])]
        for namespace in [*others, *[node.namespace for node in self.nodes]]:
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL,
                           check=False)
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()
