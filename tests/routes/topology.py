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
import time

from daemons import Bird
from fib import SERVICE, Failure, Fib, run, wait_for
from figures import Figure
from node import Node
from router import Router
from store import Store

HERE = os.path.dirname(os.path.abspath(__file__))

class Topology:
    """Use as a context: all is taken down at its end."""

    def __init__(self, build, nodes=3, double=False, without_fleet="stay", daemon=Bird, keep=False,
                 route="", groups=None, zones=None, bfd=True, soak=False, workers=2, fleet_keep=0,
                 store_octets=None, keeps_stale=False):
        """`route` is more of that section of pharos.yaml; `groups` has each group's addresses and
        `zones` the zones that count for it; with `soak` scenarios take their full length. The nodes are a
        fleet where `fleet_keep`, its K, isn't 0; its store may have a quota of `store_octets`. `bfd` and
        `keeps_stale` are the router's."""
        self.build = os.path.abspath(build)
        self.double = double
        self.without_fleet = without_fleet
        self.daemon = daemon
        self.keep = keep
        self.route = route
        self.workers = workers  # of each server
        self.groups = groups or {"any": SERVICE}
        self.zones = zones or {group: ["example.com"] for group in self.groups}
        self.soak = soak
        self.addresses = [address for group in self.groups.values() for address in group]
        self.prefix = f"ph{os.getpid()}"
        self.client = self.prefix + "client"
        self.upstream = Router(self, bfd, keeps_stale)
        self.router = self.upstream.namespace
        self.processes = []
        self.dir = tempfile.mkdtemp(prefix="pharos-routes-")
        self.store = Store(self, store_octets) if fleet_keep else None
        if self.store:
            self.route += self.store.fleet_yaml(fleet_keep)
        self.nodes = [Node(self, "abcdefgh"[i], i + 1) for i in range(nodes)]
        self.fib = self.load = self.flood = None
        self.flooded = False  # there's a way for a flood of one node
        self.figures = []  # what was measured
        self.begun = self.load_begun = time.time()

    def figure(self, what, value, limit=None, since=None):
        """`since`: the wall time from when on things may have made it what it is."""
        self.figures.append(Figure(what, value, limit, since or self.begun, time.time()))

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
        self.upstream.start()
        for node in self.nodes:
            node.daemon.start()
            node.start_announcer()
            node.start_sidecar()

    def wait(self, what, condition, limit_s):
        wait_for(what, condition, limit_s)

    def ask_router(self, *words):
        return self.upstream.ask(*words)

    def sessions_up(self):
        """All BGP sessions, two a node, as the router sees them."""
        return self.ask_router("show", "protocols").count("Established") == 2 * len(self.nodes)

    def start_load(self, rate=500, trace=None, zone="example.com"):
        """Returns when the client has found flows for all nodes and begins to count."""
        trace = ["--trace", trace] if trace else []
        self.load_begun = time.time()
        self.load = self.start(self.client, sys.executable, os.path.join(HERE, "load.py"), *trace,
                               "--zone", zone,
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
