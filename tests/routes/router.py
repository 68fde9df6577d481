"""The router before the nodes: BIRD with contrib/bird/upstream.conf, with this topology's addresses."""
import re
import subprocess

from daemons import BFD_MS, read, with_services

COVERING = ["192.0.2.0/24", "2001:db8::/48"]


class Router:
    """`keeps_stale`: it keeps the routes of a node whose session ended, if that node asks for it by graceful
    restart (RFC 4724); as the file has it, it would not whatever the node asks for."""

    def __init__(self, topology, bfd=True, keeps_stale=False):
        self.topology = topology
        self.bfd = bfd
        self.keeps_stale = keeps_stale
        self.namespace = topology.prefix + "router"

    def config(self):
        text = with_services(read("bird", "upstream.conf"), self.topology)
        nodes = self.topology.nodes
        text = re.sub(r"^protocol bgp node([46]) .*?^}\n", lambda peer: "".join(
            peer[0].replace(f"node{peer[1]} from", f"{node.name}{peer[1]} from")
            .replace("198.51.100.2", node.gateways[0]).replace("2001:db8:1::2", node.gateways[1])
            for node in nodes), text, flags=re.MULTILINE | re.DOTALL)
        for family, sample in enumerate(["198.51.100.2", "2001:db8:1::2"]):
            text = text.replace(f"via {sample}", " ".join(f"via {node.gateways[family]}" for node in nodes))
        for sample, own in [("router id 198.51.100.1", "router id 10.0.0.1"),
                            ("interval 50 ms", f"interval {BFD_MS} ms"),
                            ("    bfd on;\n", "    bfd on;\n" if self.bfd else ""),
                            ("graceful restart off", "graceful restart aware" if self.keeps_stale
                             else "graceful restart off")]:
            text = text.replace(sample, own)
        return text

    def start(self):
        folder = self.topology.dir
        with open(f"{folder}/bird.conf", "w", encoding="ascii") as file:
            file.write(self.config())
        log = open(f"{folder}/bird.log", "w", encoding="ascii")
        self.topology.start(self.namespace, "bird", "-f", "-c", f"{folder}/bird.conf",
                            "-s", f"{folder}/bird.ctl", "-P", f"{folder}/bird.pid", stderr=log)

    def ask(self, *words):
        return subprocess.run(["birdc", "-s", f"{self.topology.dir}/bird.ctl", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False).stdout

    def kernel_gateways(self, prefix):
        """Of that very route in the kernel; none where there is no such route."""
        family = "-6" if ":" in prefix else "-4"
        told = subprocess.run(["ip", "-n", self.namespace, family, "route", "show", prefix], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return set(re.findall(r"via (\S+)", told))
