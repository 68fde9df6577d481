"""The fleet's store: etcd with TLS and certificates of its clients, in a namespace of its own behind the router."""
import json
import os
import signal
import subprocess

from fib import run, wait_for

NUMBER = 9  # of its link to the router; nodes have theirs
ADDRESS = f"10.0.{NUMBER}.2"
URL = f"https://{ADDRESS}:2379"
BALLAST_OCTETS = 400000

FLEET_YAML = """
  fleet:
    etcd: ["{url}"]
    keep: {keep}
    ca-file: {folder}/ca.pem
    cert-file: {folder}/node.pem
    key-file: {folder}/node.key
"""


def make_certificates(folder):
    """ca.pem, and server and node with .pem and .key; the names are as etcd and the sidecar want them."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stderr=subprocess.DEVNULL)

    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    openssl(*new, "-x509", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
    with open(f"{folder}/server.ext", "w", encoding="ascii") as file:
        file.write(f"subjectAltName=IP:{ADDRESS}\nextendedKeyUsage=serverAuth,clientAuth\n")
    for name, more in [("server", ["-extfile", "server.ext"]), ("node", [])]:
        openssl(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", *more, "-out", f"{name}.pem")


class Store:
    """One etcd. Its data outlive a kill; cut() keeps what nodes send from it."""

    def __init__(self, topology, quota_octets=None):
        self.topology = topology
        self.quota_octets = quota_octets
        self.namespace = topology.prefix + "store"
        self.dir = os.path.join(topology.dir, "store")
        self.process = None
        self.ballast = 0
        os.makedirs(self.dir)

    def fleet_yaml(self, keep):
        return FLEET_YAML.format(url=URL, keep=keep, folder=self.dir)

    def set_up(self):
        self.topology.ip("netns", "add", self.namespace)
        self.topology.link(self.namespace, NUMBER)
        make_certificates(self.dir)
        self.start()

    def start(self):
        words = ["etcd", "--data-dir", f"{self.dir}/data", "--listen-client-urls", URL, "--advertise-client-urls",
                 URL, "--listen-peer-urls", "http://127.0.0.1:2380", "--cert-file", f"{self.dir}/server.pem",
                 "--key-file", f"{self.dir}/server.key", "--client-cert-auth", "--trusted-ca-file",
                 f"{self.dir}/ca.pem"]
        if self.quota_octets:
            words += ["--quota-backend-bytes", str(self.quota_octets)]
        log = open(os.path.join(self.dir, "etcd.log"), "a", encoding="ascii")
        self.process = self.topology.start(self.namespace, *words, stdout=log, stderr=log)
        wait_for("etcd", lambda: self.ctl("get", "/").returncode == 0, 20)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ctl(self, *words, **options):
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, "env", "ETCDCTL_API=3", "etcdctl", "--endpoints", URL, "--cacert",
             f"{self.dir}/ca.pem", "--cert", f"{self.dir}/node.pem", "--key", f"{self.dir}/node.key",
             "--command-timeout=3s", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False, **options)

    def registered(self):
        """The names of those that are announcers, as the store has them."""
        keys = self.ctl("get", "--prefix", "--keys-only", "/pharos/any/up/").stdout.split()
        return sorted(key.rsplit("-", 1)[-1] for key in keys)

    def rule(self, change, node):
        origin = ["from", node.gateways[0]] if node else []
        run("ip", "-n", self.topology.router, "rule", change, "priority", "50", *origin, "to", ADDRESS, "blackhole")

    def cut(self, node=None):
        """From one node or from all: what they send disappears, as in a network that is partitioned."""
        self.rule("add", node)

    def join(self, node=None):
        self.rule("del", node)

    def fill(self):
        """Until it takes no writes any more."""
        while "NOSPACE" not in self.ctl("alarm", "list").stdout:
            self.ctl("put", f"ballast{self.ballast}", input="x" * BALLAST_OCTETS)
            self.ballast += 1

    def empty(self):
        """As its manual has it: delete, compact, defragment, take the alarm back."""
        self.ctl("del", "--prefix", "ballast")
        self.ctl("compaction", str(json.loads(self.ctl("get", "/", "-w", "json").stdout)["header"]["revision"]))
        self.ctl("defrag")
        self.ctl("alarm", "disarm")
