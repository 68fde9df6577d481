"""The routing daemons of a node, as contrib/ sets them up, and the driver that speaks to each.

Every class starts and ends its daemon in the namespace of a node, and tells how the node's driver is
called. The files are those of contrib/, with the addresses of the topology in the samples' place.
"""
import os
import shutil
import signal
import subprocess

from fib import SERVICE

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRIB = os.path.join(HERE, "..", "..", "contrib")

# Machines that run tests stand still for longer than 50 ms.
BFD_MS = 400


def read(*path):
    with open(os.path.join(CONTRIB, *path), encoding="ascii") as file:
        return file.read()


def with_services(text, topology):
    """BIRD's sets of service prefixes, as this topology has them."""
    for own, octets in zip(SERVICE, [32, 128]):
        text = text.replace(f"{own}/{octets}", ", ".join(
            f"{address}/{octets}" for address in topology.addresses
            if (":" in address) == (":" in own)))
    return text


class Daemon:
    """What all have in common. `limit_ms`: from a kill -9 of the server to the route gone."""
    driver = "lease"
    limit_ms = 200
    drains = True

    def __init__(self, node):
        self.node = node
        self.processes = []

    def stand(self, ip, address):
        """Makes the service address the node's own, for good."""
        ip("-n", self.node.namespace, "address", "add", address, "dev", "lo")

    def sample(self, *path):
        """A file of contrib/ with this node's addresses."""
        text = read(*path)
        number = self.node.number
        for sample, own in [("198.51.100.2", f"10.0.{number}.2"), ("198.51.100.1", f"10.0.{number}.1"),
                            ("2001:db8:1::2", f"fd00:{number}::2"),
                            ("2001:db8:1::1", f"fd00:{number}::1"),
                            ("interval 50 ms", f"interval {BFD_MS} ms"),
                            ("interval 50\n", f"interval {BFD_MS}\n"),
                            ("/run/pharos", self.node.dir)]:
            text = text.replace(sample, own)
        return text

    def write(self, name, text, mode=0o644):
        self.node.write(name, text)
        os.chmod(os.path.join(self.node.dir, name), mode)

    def launch(self, name, *command, environment=None):
        process = self.node.start(name, *command, environment=environment)
        self.processes.append(process)
        return process

    def kill(self):
        """As a crash would."""
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self.processes = []

    def addresses(self, group):
        return [word for address in self.node.topology.groups[group]
                for word in ("--address", address)]

    def command(self, group="any"):
        return ["pharos-announcer", "--interface", group + "0", "--drain-interface", group + "1",
                "--lease", "10", *self.addresses(group)]


class Bird(Daemon):
    """BIRD 2 and the kernel lease."""

    def config(self):
        text = self.sample("bird", "bird.conf")
        topology = self.node.topology
        for end in "01":
            text = text.replace(f'interface "any{end}"', "interface " + ", ".join(
                f'"{group}{end}"' for group in topology.groups))
        return with_services(text, topology)

    def start(self):
        self.write("bird.conf", self.config())
        path = self.node.dir
        self.launch("bird", "bird", "-f", "-c", f"{path}/bird.conf", "-s", f"{path}/bird.ctl",
                    "-P", f"{path}/bird.pid")

    def configure(self):
        told = subprocess.run(["birdc", "-s", f"{self.node.dir}/bird.ctl", "configure"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        assert "Reconfig" in told, told


class BirdControl(Bird):
    """BIRD 2 and pharos-route-bird."""
    driver = "bird"

    def config(self):
        return self.sample("bird", "bird-control.conf")

    def command(self, group="any"):
        return ["pharos-route-bird", "--socket", f"{self.node.dir}/bird.ctl", "--up", "anycast",
                "--drain", "draining"]


class BirdForgetful(BirdControl):
    """The same with protocols that BIRD enables at each start and configure."""

    def config(self):
        return super().config().replace("    disabled;\n", "")


HOOK = """#!/bin/sh
case $1 in up) word=enable ;; *) word=disable ;; esac
for protocol in anycast draining; do
    birdc -s {dir}/bird.ctl $word $protocol | grep -Eq 'enabled|disabled' || exit 1
    word=disable
done
"""


class BirdHook(BirdControl):
    """BIRD 2 and a hook with birdc, which knows no drain."""
    driver = "exec"

    def command(self, group="any"):
        self.write("hook", HOOK.format(dir=self.node.dir), 0o755)
        return ["pharos-route-exec", "--hook", f"{self.node.dir}/hook", *self.addresses(group)]


class Frr(Daemon):
    """FRR, which redistributes what the kernel lease has on the markers."""
    limit_ms = 500

    def stand(self, ip, address):
        # An address on lo would be FRR's choice over the same one on a marker: see contrib/frr.
        family = "-6" if ":" in address else "-4"
        ip("-n", self.node.namespace, family, "route", "add", "local", address, "dev", "lo")

    def start(self):
        # A folder of its own user, and a way to it.
        path = f"{self.node.dir}/frr"
        os.makedirs(path, exist_ok=True)
        for folder in [self.node.topology.dir, self.node.dir]:
            os.chmod(folder, 0o711)
        shutil.chown(path, "frr", "frr")
        common = ["-z", f"{path}/zserv", "--vty_socket", path, "-u", "frr", "-g", "frr", "-P", "0",
                  "--log", "stdout"]
        self.write("frr/frr.conf", self.sample("frr", "frr.conf"))
        self.write("frr/vtysh.conf", "")
        for name, extra in [("zebra", []), ("bgpd", ["-p", "179"]),
                            ("bfdd", ["--bfdctl", f"{path}/bfdd.sock"])]:
            self.write(f"frr/{name}.conf", "")
            self.launch(f"frr-{name}", f"/usr/lib/frr/{name}", "-f", f"{path}/{name}.conf",
                        "-i", f"{path}/{name}.pid", *common, *extra)
            # One after the other, as FRR's own script has it: a bgpd that comes before zebra listens tries
            # again after 10 s only.
            self.node.topology.wait(f"FRR's {name}", lambda name=name: self.vtysh(
                "-d", name, "-c", "show version").returncode == 0, 10)
        told = self.vtysh("-b")
        assert told.returncode == 0 and "Unknown" not in told.stdout, told

    def vtysh(self, *words):
        path = f"{self.node.dir}/frr"
        return subprocess.run(["ip", "netns", "exec", self.node.namespace, "vtysh",
                               "--vty_socket", path, "--config_dir", path, *words], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def command(self, group="any"):
        return [*super().command(group), "--break-first"]


class ExaBgp(Daemon):
    """ExaBGP with its API process, and a hook that tells that one."""
    driver = "exec"
    limit_ms = 500
    repeat_s = 5

    def start(self):
        path = self.node.dir
        os.makedirs(f"{path}/exabgp", exist_ok=True)
        self.write("exabgp.conf", self.sample("exabgp", "exabgp.conf").replace(
            "/usr/local/lib/pharos", os.path.join(CONTRIB, "exabgp")))
        self.launch("exabgp", "exabgp", f"{path}/exabgp.conf", environment={
            "exabgp.daemon.user": "root", "exabgp.api.cli": "false", "exabgp.tcp.bind": "",
            "exabgp.log.level": "INFO"})

    def command(self, group="any"):
        self.write("hook", f"#!/bin/sh\nPHAROS_EXABGP_DIR={self.node.dir}/exabgp exec "
                           f"{CONTRIB}/exabgp/exabgp-hook \"$@\"\n", 0o755)
        return ["pharos-route-exec", "--hook", f"{self.node.dir}/hook", "--drain", "--timeout", "2",
                "--repeat", str(self.repeat_s), *self.addresses(group)]


class GoBgp(Daemon):
    """GoBGP, and a hook with its command, repeated."""
    driver = "exec"
    limit_ms = 2000

    def start(self):
        self.write("gobgpd.toml", self.sample("gobgp", "gobgpd.toml"))
        self.launch("gobgpd", "gobgpd", "-f", f"{self.node.dir}/gobgpd.toml", "--api-hosts",
                    "127.0.0.1:50051", "--pprof-disable", "--log-plain")

    def command(self, group="any"):
        return ["pharos-route-exec", "--hook", f"{CONTRIB}/gobgp/gobgp-hook", "--drain", "--repeat", "1",
                *self.addresses(group)]
