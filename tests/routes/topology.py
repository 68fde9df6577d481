"""A client, a router with BIRD, two anycast nodes: network namespaces on one machine.

    client --- router --- node a   (192.0.2.53/32 and 2001:db8::53/128 on lo,
                     \\--- node b    BIRD, pharosd, pharos-sidecar, pharos-announcer)

The router prefers neither node (ECMP). All that is started here is ended by its process id, and the
namespaces carry this process's id in their names, so that several may run at once.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from daemons import BFD_MS, SERVICE, Bird

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
    ipv4 { import filter { if net = 192.0.2.53/32 then { sort_last(); accept; } reject; }; export none; };
}
template bgp node6 {
    local as 64500;
    graceful restart off;
    bfd on;
    connect delay time 1; connect retry time 1; error wait time 1, 2;
    ipv6 { import filter { if net = 2001:db8::53/128 then { sort_last(); accept; } reject; }; export none; };
}
protocol bgp a4 from node4 { neighbor 10.0.1.2 as 64511; }
protocol bgp b4 from node4 { neighbor 10.0.2.2 as 64511; }
protocol bgp a6 from node6 { neighbor fd00:1::2 as 64511; }
protocol bgp b6 from node6 { neighbor fd00:2::2 as 64511; }
"""

PHAROS_YAML = """
server:
  listen: [192.0.2.53@53, "2001:db8::53@53"]
  workers: 2
  identity: node-{name}
  run-dir: {dir}
zones:
  - {{name: example.com, file: {dir}/example.com.zone}}
route:
  driver: {driver}
  audit: {dir}/route.jsonl
  groups:
    - {{name: any, addresses: [192.0.2.53, "2001:db8::53"], zones: all}}
  without-fleet: {without_fleet}
"""

ZONE = """$TTL 3600
@    SOA ns hostmaster 1 7200 900 1209600 300
@    NS  ns
ns   A   192.0.2.53
ns   AAAA 2001:db8::53
"""


class Failure(Exception):
    """What a scenario demands isn't so."""


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def wait_for(what, condition, limit_s):
    """Waits until `condition()` is true; returns how long that took, in seconds."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > limit_s:
            raise Failure(f"{what}: not within {limit_s} s")
        time.sleep(0.01)
    return time.monotonic() - begin


class Fib:
    """Follows the routes to the service addresses in a router's kernel, with the time of each change."""

    def __init__(self, namespace):
        self.events = []  # (wall time, address, set of gateways)
        self.now = {address: set() for address in SERVICE}
        self.process = subprocess.Popen(
            ["ip", "-n", namespace, "-o", "-tshort", "monitor", "route"],
            stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        for line in self.process.stdout:
            when = time.time()
            words = line.split("] ", 1)
            text = words[-1].strip()
            stamp = re.match(r"\[(\S+?)\.(\d+)", line)
            if stamp:
                seconds = time.mktime(time.strptime(stamp[1], "%Y-%m-%dT%H:%M:%S"))
                when = seconds + float("0." + stamp[2])
            deleted = text.startswith("Deleted ")
            text = text.removeprefix("Deleted ")
            address = text.split(" ", 1)[0]
            if address in SERVICE:
                self.apply(when, address, set(re.findall(r"via (\S+)", text)), deleted)

    def apply(self, when, address, gateways, deleted):
        """An event has the whole route, but for a deletion of one of several next hops (IPv6)."""
        self.now[address] = self.now[address] - gateways if deleted else gateways
        self.events.append((when, address, frozenset(self.now[address])))

    def changes(self, since):
        return [event for event in self.events if event[0] >= since]


class Node:
    """One anycast node: its namespace, its BIRD, and the three programs."""

    def __init__(self, topology, name, number):
        self.topology = topology
        self.name = name
        self.namespace = f"{topology.prefix}{name}"
        self.gateways = [f"10.0.{number}.2", f"fd00:{number}::2"]
        self.number = number
        self.dir = os.path.join(topology.dir, name)
        self.server = self.sidecar = self.announcer = None
        self.daemon = topology.daemon(self)
        os.mkdir(self.dir)
        self.write("example.com.zone", ZONE)
        self.write("pharos.yaml", PHAROS_YAML.format(
            name=name, dir=self.dir, driver=self.daemon.driver, without_fleet=topology.without_fleet))

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="ascii") as file:
            file.write(text)

    def set_up(self):
        ip = self.topology.ip
        ip("netns", "add", self.namespace)
        self.topology.link(self.namespace, self.number)
        for address in SERVICE:
            self.daemon.stand(ip, address)
        for marker in ["any0", "any1"]:
            made = subprocess.run(["ip", "-n", self.namespace, "link", "add", marker, "type", "dummy"],
                                  stderr=subprocess.DEVNULL, check=False)
            if made.returncode != 0:  # a kernel without dummies: an empty bridge does as well
                ip("-n", self.namespace, "link", "add", marker, "type", "bridge")
            ip("-n", self.namespace, "link", "set", marker, "up")

    def start(self, name, *command, environment=None):
        log = open(os.path.join(self.dir, name + ".log"), "a", encoding="ascii")
        return self.topology.start(self.namespace, *command, stdout=log, stderr=log,
                                   environment=environment)

    def start_server(self):
        topology = self.topology
        if topology.double:
            command = [topology.program("tests/sidecar/pharos-double"), self.dir,
                       *[f"{address}@53" for address in SERVICE]]
        else:
            command = [topology.program("pharosd"), "-c", f"{self.dir}/pharos.yaml"]
        self.server = self.start("pharosd", *command, environment={
            "LD_PRELOAD": topology.program("tests/routes/libpharos-stall.so"),
            "STALL_FILE": f"{self.dir}/stall"})

    def start_sidecar(self):
        self.sidecar = self.start("sidecar", self.topology.program("pharos-sidecar"),
                                  "-c", f"{self.dir}/pharos.yaml",
                                  "--record", f"{self.dir}/samples.jsonl")

    def ctl(self, *words):
        """pharosctl about this node; its standard output."""
        return run("ip", "netns", "exec", self.namespace, self.topology.program("pharosctl"),
                   "--run-dir", self.dir, *words)

    def route(self):
        """What the sidecar says of its group; nothing while it isn't there."""
        try:
            return json.loads(self.ctl("--json", "route", "any"))[0]
        except subprocess.CalledProcessError:
            return {}

    def start_announcer(self):
        driver = self.daemon.command()
        self.announcer = self.start(
            "announcer", self.topology.program(driver[0]), *driver[1:],
            "--pulse", f"{self.dir}/pulse.sock", "--control", f"{self.dir}/announcer.sock")

    def stall(self, on):
        """Makes the server slow or well again; returns the wall time of that."""
        when = time.time()
        if self.topology.double:
            self.server.send_signal(signal.SIGUSR1)
        elif on:
            self.write("stall", "")
        else:
            os.unlink(os.path.join(self.dir, "stall"))
        return when

    def logs(self):
        """The names of all there are."""
        return sorted(name.removesuffix(".log") for name in os.listdir(self.dir)
                      if name.endswith(".log"))

    def log(self, name):
        path = os.path.join(self.dir, name + ".log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def announced(self):
        fib = self.topology.fib.now
        return all(gateway in fib[address] for address, gateway in zip(SERVICE, self.gateways))

    def withdrawn(self):
        fib = self.topology.fib.now
        return not any(gateway in fib[address]
                       for address, gateway in zip(SERVICE, self.gateways))


class Topology:
    """Use as a context: all is taken down at its end."""

    def __init__(self, build, double=False, without_fleet="stay", daemon=Bird, keep=False):
        self.build = os.path.abspath(build)
        self.double = double
        self.without_fleet = without_fleet
        self.daemon = daemon
        self.keep = keep
        self.prefix = f"ph{os.getpid()}"
        self.client = self.prefix + "c"
        self.router = self.prefix + "r"
        self.processes = []
        self.dir = tempfile.mkdtemp(prefix="pharos-routes-")
        self.nodes = [Node(self, "a", 1), Node(self, "b", 2)]
        self.fib = self.load = None

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
        for node in self.nodes:
            node.set_up()
        self.fib = Fib(self.router)
        with open(os.path.join(self.dir, "bird.conf"), "w", encoding="ascii") as file:
            file.write(ROUTER_BIRD.replace("BFD_MS", str(BFD_MS)))
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
        """All four BGP sessions, as the router sees them."""
        return self.ask_router("show", "protocols").count("Established") == 4

    def start_load(self, rate=500):
        self.load = self.start(self.client, sys.executable, os.path.join(HERE, "load.py"),
                               str(rate), *SERVICE, stdout=subprocess.PIPE, text=True)

    def stop_load(self):
        self.load.terminate()
        return json.loads(self.load.communicate(timeout=10)[0])

    def close(self):
        for process in self.processes + ([self.fib.process] if self.fib else []):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        for namespace in [self.client, self.router, *[node.namespace for node in self.nodes]]:
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
