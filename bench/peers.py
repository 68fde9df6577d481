"""The servers that bench/run and bench/scale compare: a configuration of one worker on one CPU each, no rate limits, no
logs of queries, minimal responses where that is an option. Echoes are among them.

PHAROS_BENCH_NSD=/path/to/nsd (likewise KNOTD, NAMED, YADIFAD, GDNSD, PDNS_SERVER, PHAROSD) adds another build of that
server to the table, as "NSD (own build)"."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

SERVER_CPU = "0"
TITLES = {"pharosd": "pharosd", "nsd": "NSD", "knotd": "Knot DNS", "named": "BIND", "yadifad": "YADIFA",
          "gdnsd": "gdnsd", "pdns_server": "PowerDNS", "echo": "bare echo", "echo-tcp": "echo on libuv"}


def own_build(kind):
    return os.environ.get("PHAROS_BENCH_" + kind.upper())


def find(kind):
    return shutil.which(kind, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def free_port():
    """One that is free for both UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]
            except OSError:
                continue


def pharosd(zones, port, folder, program):
    lines = [f"server: {{listen: [127.0.0.1@{port}], workers: 1, run-dir: {folder}/run,\n"
             f"  tcp: {{connections: 30000, per-client: 30000, idle: 60s}}}}\nlog: {{level: warning}}\n"]
    if len(zones) > 1:
        lines.append(f"zone-dirs: [{pathlib.Path(zones[0][1]).parent}]\n")
    else:
        lines.append(f"zones: [{{name: {zones[0][0]}, file: {zones[0][1]}}}]\n")
    (folder / "conf").write_text("".join(lines))
    return [program, "-c", str(folder / "conf")]


def nsd(zones, port, folder, program):
    version = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
    old = "database" in version.stdout + version.stderr or re.search(r"version 4\.[0-7]\.", version.stdout + version.stderr)
    (folder / "conf").write_text(
        f"server:\n ip-address: 127.0.0.1@{port}\n server-count: 1\n username: \"\"\n{' database: ' + chr(34) * 2 if old else ''}\n"
        f" pidfile: {folder}/pid\n xfrdir: {folder}\n zonelistfile: {folder}/list\n xfrdfile: {folder}/xfrd\n"
        f" rrl-ratelimit: 0\n minimal-responses: yes\n tcp-count: 30000\n tcp-timeout: 60\n"
        f"remote-control:\n control-enable: no\n"
        + "".join(f"zone:\n name: {apex}\n zonefile: {file}\n" for apex, file in zones))
    return [program, "-d", "-c", str(folder / "conf")]


def knotd(zones, port, folder, program):
    (folder / "conf").write_text(
        f"server:\n  listen: 127.0.0.1@{port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
        f"  tcp-max-clients: 30000\n  tcp-idle-timeout: 60\n"
        f"  rundir: {folder}\ndatabase:\n  storage: {folder}\nlog:\n  - target: stderr\n    any: warning\n"
        f"template:\n  - id: default\n    zonefile-sync: -1\n    journal-content: none\n    semantic-checks: off\nzone:\n"
        + "".join(f"  - domain: {apex}\n    file: {file}\n" for apex, file in zones))
    return [program, "-c", str(folder / "conf")]


def named(zones, port, folder, program):
    (folder / "conf").write_text(
        f"options {{ directory \"{folder}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n"
        f" recursion no; minimal-responses yes; notify no; allow-transfer {{ none; }}; pid-file \"{folder}/pid\";\n"
        f" session-keyfile \"{folder}/key\"; check-integrity no; tcp-clients 30000; tcp-idle-timeout 600; }};\ncontrols {{ }};\n"
        + "".join(f"zone \"{apex}\" {{ type primary; file \"{file}\"; }};\n" for apex, file in zones))
    return [program, "-f", "-n", "1", "-c", str(folder / "conf")]


def yadifad(zones, port, folder, program):
    for name in ("log", "keys", "xfr"):
        (folder / name).mkdir()
    (folder / "conf").write_text(
        f"<main>\n daemon off\n logpath \"{folder}/log\"\n pidfile \"{folder}/pid\"\n datapath \"{folder}\"\n"
        f" keyspath \"{folder}/keys\"\n xfrpath \"{folder}/xfr\"\n user root\n group root\n port {port}\n listen 127.0.0.1\n"
        f" statistics off\n queries-log-type 0\n allow-query any\n max-tcp-queries 255\n thread-count-by-address 1\n</main>\n"
        f"<rrl>\n enabled false\n</rrl>\n<channels>\n all \"{folder}/log/all\" 0644\n</channels>\n"
        f"<loggers>\n server EMERG,ALERT,CRIT,ERR all\n system EMERG,ALERT,CRIT,ERR all\n"
        f" database EMERG,ALERT,CRIT,ERR all\n zone EMERG,ALERT,CRIT,ERR all\n</loggers>\n"
        + "".join(f"<zone>\n domain {apex}\n file \"{file}\"\n type primary\n</zone>\n" for apex, file in zones))
    return [program, "-c", str(folder / "conf")]


def gdnsd(zones, port, folder, program):
    (folder / "zones").mkdir()
    for apex, file in zones:
        os.symlink(file, folder / "zones" / apex.rstrip("."))
    (folder / "config").write_text(
        f"options => {{ listen => [ 127.0.0.1:{port} ], udp_threads => 1, tcp_threads => 1,\n"
        f" tcp_clients_per_thread => 30000, tcp_timeout => 60, run_dir => {folder}/run, state_dir => {folder}/state }}\n")
    return [program, "-c", str(folder), "start"]


def pdns_server(zones, port, folder, program):
    (folder / "bind.conf").write_text("".join(
        f"zone \"{apex}\" {{ type native; file \"{file}\"; }};\n" for apex, file in zones))
    (folder / "pdns.conf").write_text(
        f"launch=bind\nbind-config={folder}/bind.conf\nlocal-address=127.0.0.1\nlocal-port={port}\nreceiver-threads=1\n"
        f"socket-dir={folder}\nguardian=no\ndaemon=no\nloglevel=3\nmax-tcp-connections=30000\n")
    return [program, f"--config-dir={folder}"]


COMMANDS = {"pharosd": pharosd, "nsd": nsd, "knotd": knotd, "named": named, "yadifad": yadifad, "gdnsd": gdnsd,
            "pdns_server": pdns_server}


def available(wanted, build):
    """(kind, title, program) of what can be started; what isn't installed is told."""
    rows = []
    for kind in wanted:
        program = {"pharosd": build / "pharosd", "echo": build / "bench/bench_echo",
                   "echo-tcp": build / "bench/bench_echo_tcp"}.get(kind) or find(kind)
        if program:
            rows.append((kind, TITLES[kind], str(program)))
        else:
            print(f"bench: {TITLES[kind]} isn't installed", file=sys.stderr)
        if own_build(kind):
            rows.append((kind, f"{TITLES[kind]} (own build)", own_build(kind)))
    return rows


def soa_query(qname):
    query = os.urandom(2) + b"\0\0\0\1" + bytes(6)
    for label in qname.rstrip(".").split("."):
        query += bytes([len(label)]) + label.encode()
    return query + b"\0\0\6\0\1"


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


class Server:
    """Started at once; `wait` tells how long it took to the first answer."""

    def __init__(self, kind, title, program, zones, work, size=117):
        self.kind, self.title, self.port = kind, title, free_port()
        folder = work / re.sub(r"\W+", "-", title.lower())
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if kind.startswith("echo"):
            command = [program, f"127.0.0.1@{self.port}", "--size", str(size)]
        else:
            command = COMMANDS[kind](zones, self.port, folder, program)
        self.log_path = folder / "stderr"
        self.log = open(self.log_path, "w", encoding="utf-8")
        self.begun = time.monotonic()
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CPU] + command, stdout=self.log, stderr=self.log)

    def answers(self, query):
        kind = socket.SOCK_STREAM if self.kind == "echo-tcp" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as s:
            s.settimeout(0.2)
            try:
                s.connect(("127.0.0.1", self.port))
                if self.kind == "echo-tcp":
                    return True
                s.send(query)
                answer = s.recv(4096)
            except OSError:
                return False
        return self.kind == "echo" or (answer[3] & 15 == 0 and answer[7] > 0)

    def wait(self, qname, limit=600):
        """Seconds from the start to the first good answer; None where there is none, which is told."""
        query = soa_query(qname)
        while time.monotonic() - self.begun < limit and self.process.poll() is None:
            if self.answers(query):
                return time.monotonic() - self.begun
            time.sleep(0.002)
        print(f"bench: {self.title} doesn't answer: see {self.log_path}", file=sys.stderr)
        return None

    def pid(self):
        """Of the process that answers: NSD's is a grandchild of the one that was started. YADIFA's child only writes logs."""
        pid = self.process.pid
        while self.kind == "nsd" and (found := children(pid)):
            pid = found[-1]
        return pid

    def pss(self):
        """Octets of the process and its children, so that what they share counts once."""
        total, pids = 0, [self.process.pid]
        while pids:
            one = pids.pop()
            rollup = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1]) * 1024
            pids += children(one)
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
