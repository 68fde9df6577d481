"""One anycast node: its namespace, its BIRD, and the three programs."""
import datetime
import json
import os
import re
import resource
import signal
import subprocess
import time

from fib import run

HERE = os.path.dirname(os.path.abspath(__file__))

PHAROS_YAML = """
server:
  listen: {addresses}
  workers: {workers}
  identity: node-{name}
  run-dir: {dir}
zones:
  - {{name: example.com, file: {dir}/example.com.zone}}
  - {{name: failing.com, file: {dir}/failing.com.zone}}
zone-dirs: [{dir}/zones]
route:
  driver: {driver}
  audit: {dir}/route.jsonl
  without-fleet: {without_fleet}
  groups:
{groups}
{route}
"""

ZONE = """$TTL 3600
@    SOA ns hostmaster 1 7200 900 1209600 300
@    NS  ns
ns   A   192.0.2.53
ns   AAAA 2001:db8::53
"""


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
        os.makedirs(self.dir + "/zones")
        self.write("example.com.zone", ZONE)
        self.write("failing.com.zone", "no zone\n")
        self.write("pharos.yaml", PHAROS_YAML.format(
            name=name, dir=self.dir, driver=self.daemon.driver, without_fleet=topology.without_fleet, route=topology.route,
            workers=topology.workers,
            addresses=json.dumps([f"{address}@53" for address in topology.addresses]),
            groups="\n".join(f"    - {{name: {group}, addresses: {json.dumps(addresses)},"
                             f" zones: {json.dumps(topology.zones[group])}}}"
                             for group, addresses in topology.groups.items())))

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="ascii") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.dir, name), encoding="ascii") as file:
            return file.read()

    def set_up(self):
        ip = self.topology.ip
        ip("netns", "add", self.namespace)
        self.topology.link(self.namespace, self.number)
        for address in self.topology.addresses:
            self.daemon.stand(ip, address)
        for marker in [group + end for group in self.topology.groups for end in "01"]:
            self.add_marker(marker)

    def add_marker(self, marker):
        """An interface for the lease: a dummy; where the kernel has none, an empty bridge does as well."""
        for kind in ["dummy", "bridge"]:
            made = subprocess.run(["ip", "-n", self.namespace, "link", "add", marker, "type", kind],
                                  stderr=subprocess.DEVNULL, check=False)
            if made.returncode == 0:
                break
        self.topology.ip("-n", self.namespace, "link", "set", marker, "up")

    def start(self, name, *command, **options):
        log = open(os.path.join(self.dir, name + ".log"), "a", encoding="ascii")
        return self.topology.start(self.namespace, *command, stdout=log, stderr=log, **options)

    def start_server(self):
        topology = self.topology
        if topology.double:
            command = [topology.program("tests/sidecar/pharos-double"), self.dir,
                       *[f"{address}@53" for address in topology.addresses]]
        else:
            command = [topology.program("pharosd"), "-c", f"{self.dir}/pharos.yaml"]
        self.server = self.start("pharosd", *command, cwd=self.dir, environment={
            "LD_PRELOAD": topology.program("tests/routes/libpharos-stall.so"),
            "STALL_FILE": f"{self.dir}/stall"})

    def start_sidecar(self):
        self.sidecar = self.start("sidecar", self.topology.program("pharos-sidecar"),
                                  "-c", f"{self.dir}/pharos.yaml",
                                  "--record", f"{self.dir}/samples.jsonl")

    def processes(self):
        """All that run here, without the load."""
        return [process for process in [self.server, self.sidecar, self.announcer,
                                        *self.daemon.processes]
                if process is not None and process.poll() is None]

    def server_pid(self):
        """The process that serves now: an upgrade changes it."""
        return json.loads(self.ctl("--json", "status"))["pid"]

    def end_successors(self):
        """Servers that took over in an upgrade aren't children of ours; all in here is."""
        inside = subprocess.run(["ip", "netns", "pids", self.namespace], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, check=False).stdout
        for pid in inside.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def memory_mb(self):
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024

    def allow_core(self):
        """Whatever this process was started with; the core goes to its folder."""
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.server.pid, resource.RLIMIT_CORE, unlimited)

    def ctl(self, *words, **options):
        """pharosctl about this node; its standard output."""
        return run("ip", "netns", "exec", self.namespace, self.topology.program("pharosctl"),
                   "--run-dir", self.dir, *words, **options)

    def decisions(self):
        """The audit log, with the wall time of each decision, in whole milliseconds."""
        decided = [json.loads(line) for line in self.read("route.jsonl").splitlines()]
        for decision in decided:
            decision["wall"] = datetime.datetime.fromisoformat(
                decision["time"].replace("Z", "+00:00")).timestamp()
        return decided

    def route(self):
        """What the sidecar says of its group; nothing while it isn't there."""
        try:
            return json.loads(self.ctl("--json", "route", "any", stderr=subprocess.DEVNULL))[0]
        except subprocess.CalledProcessError:
            return {}

    def start_announcer(self):
        for group in self.topology.groups:
            driver = self.daemon.command(group)
            control = "announcer" if len(self.topology.groups) == 1 else f"announcer-{group}"
            self.announcer = self.start(
                "announcer", self.topology.program(driver[0]), *driver[1:],
                "--pulse", f"{self.dir}/pulse.sock", "--control", f"{self.dir}/{control}.sock")

    def stall(self, on, ms=200, word="stall"):
        """Makes the server slow or well again; returns the wall time of that. `some` for `stall`: but for
        one of its workers."""
        if self.topology.double:
            self.server.send_signal(signal.SIGUSR1)
            return time.time()
        return self.trouble(f"{word} {ms}" if on else None)

    def trouble(self, what):
        """Tells libpharos-stall.so (stall.c); None: all is well. Returns the wall time of that."""
        path = os.path.join(self.dir, "stall")
        if what is None:
            os.unlink(path)
        else:
            self.write("stall.new", what + "\n")
            os.rename(path + ".new", path)
        return time.time()

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

    def announced(self, group="any"):
        return all(gateway in via for via, gateway in self.routes(group))

    def withdrawn(self, group="any"):
        return not any(gateway in via for via, gateway in self.routes(group))

    def routes(self, group):
        """For each address of the group: the gateways that the router has now, and this node's."""
        return [(self.topology.fib.now[address], self.gateways[":" in address])
                for address in self.topology.groups[group]]
