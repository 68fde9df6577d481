"""servers.py -- pharosd and its peers: started, asked and ended

Each server gets a free port of 127.0.0.1, writes into the work folder alone and is ended by its
pid."""

import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import names
import rdata

SECONDS_TO_START = 60
SECONDS_TO_ANSWER = 2.0
TRIES = 3
WINDOW = 48  # queries in flight
PAYLOAD = 1232


PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Runs in a child: it ends when this program does, however that happens."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Died(Exception):
    """A server ended by itself, or never answered."""


class Server:
    """A server under comparison. A child class writes its configuration and names its program."""

    name = ""
    program = ""

    def __init__(self, folder, address, port, build):
        self.folder = os.path.join(folder, self.name)
        os.makedirs(self.folder)
        self.address = (address, port)
        self.build = build
        self.log = os.path.join(self.folder, "log")
        self.process = None
        self.missing = set()  # apexes of zones it refused
        self.unanswered = 0

    def executable(self):
        found = shutil.which(self.program, path=os.environ.get("PATH", "")
                             + ":/usr/sbin:/usr/local/sbin")
        if found is None:
            raise SystemExit(f"{self.program} isn't here: Debian has it in {self.package}")
        return found

    def arguments(self, zones):
        raise NotImplementedError

    def write(self, text):
        path = os.path.join(self.folder, "conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def start(self, zones):
        self.zones = zones
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.arguments(zones), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder,
                                            preexec_fn=end_with_parent)

    def ready(self):
        """Waits until all zones are loaded or known to be refused."""
        until = time.monotonic() + SECONDS_TO_START
        soa = [names.wire(zone.apex) + struct.pack("!2H", 6, 1) for zone in self.zones]
        last, stable_since = None, 0.0
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Died(f"{self.name} ended with status {self.process.returncode}:\n"
                           + self.tail())
            answers = self.ask_udp([struct.pack("!6H", 0, 0, 1, 0, 0, 0) + question
                                    for question in soa], seconds=0.5, tries=1)
            loaded = [answer is not None and answer[3] & 15 == 0 and answer[7] > 0
                      for answer in answers]
            if all(loaded):
                break
            if loaded != last:
                last, stable_since = loaded, time.monotonic()
            elif None not in answers and time.monotonic() - stable_since > 2:
                break  # the rest is refused
            time.sleep(0.1)
        else:
            raise Died(f"{self.name} doesn't answer:\n" + self.tail())
        self.missing = {zone.apex for zone, there in zip(self.zones, loaded) if not there}

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-30:])

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def restart(self):
        """For a peer that hangs or crashed. NSD 4.6.1 crashes on some signed zones, not each time;
        where that goes on it's left out."""
        for _ in range(TRIES):
            self.process.kill()
            self.process.wait()
            self.start(self.zones)
            try:
                self.ready()
                return
            except Died as why:
                print(f"{self.name} is started again: {why}")
        print(f"{self.name} is left out")
        self.missing = {zone.apex for zone in self.zones}

    # --- asking ---

    def ask_udp(self, messages, seconds=SECONDS_TO_ANSWER, tries=TRIES):
        """Sends all messages, a window at a time, and returns the answers in order; None for
        those that weren't answered. The ids are rewritten."""
        answers = [None] * len(messages)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            sock.connect(self.address)
            sock.settimeout(seconds)
            for start in range(0, len(messages), WINDOW):
                pending = range(start, min(start + WINDOW, len(messages)))
                for _ in range(tries):
                    pending = self.window(sock, messages, pending, answers)
                    if not pending:
                        break
                    if tries > 1 and self.hangs():
                        self.find_culprit(sock, messages, pending, answers)
                        break
        return answers

    @staticmethod
    def window(sock, messages, pending, answers):
        """Sends once; returns those that weren't answered."""
        waiting = {}
        try:
            for number in pending:
                waiting[number & 0xFFFF] = number
                sock.send(struct.pack("!H", number & 0xFFFF) + messages[number][2:])
            while waiting:
                octets = sock.recv(65535)
                number = waiting.pop(struct.unpack_from("!H", octets)[0], None)
                if number is not None:
                    answers[number] = octets
        except OSError:  # a timeout, or nobody there yet
            pass
        return [number for number in pending if answers[number] is None]

    def hangs(self):
        """Whether it doesn't even answer for the zones that it serves."""
        apex = next((zone.apex for zone in self.zones if zone.apex not in self.missing), None)
        if apex is None:
            return False
        question = struct.pack("!6H", 0, 0, 1, 0, 0, 0) + names.wire(apex) + b"\0\6\0\1"
        return self.ask_udp([question], tries=1)[0] is None

    def find_culprit(self, sock, messages, pending, answers):
        """Knot 3.2.6 spins for ever after some questions: it's started anew, and those that were
        under way are put one by one. What hangs it stays without an answer."""
        self.restart()
        for number in pending:
            for _ in range(TRIES):
                if not self.window(sock, messages, [number], answers):
                    break
                if self.hangs():
                    self.restart()
                    break

    def ask_tcp(self, messages):
        """The same over one connection, or more where the server ends it."""
        answers = [None] * len(messages)
        pending = list(range(len(messages)))
        failures = 0
        while pending and failures < TRIES:
            left = self.connection(messages, pending[:WINDOW], answers)
            failures = failures + 1 if left == len(pending[:WINDOW]) else 0
            pending = [number for number in pending if answers[number] is None]
        return answers

    def connection(self, messages, numbers, answers):
        waiting = {number & 0xFFFF: number for number in numbers}
        try:
            with socket.create_connection(self.address, timeout=SECONDS_TO_ANSWER) as stream:
                for number in numbers:
                    message = struct.pack("!H", number & 0xFFFF) + messages[number][2:]
                    stream.sendall(struct.pack("!H", len(message)) + message)
                reader = stream.makefile("rb")
                while waiting:
                    length = struct.unpack("!H", reader.read(2))[0]
                    octets = reader.read(length)
                    number = waiting.pop(struct.unpack_from("!H", octets)[0], None)
                    if number is not None:
                        answers[number] = octets
        except (OSError, struct.error):
            pass
        return len(waiting)

    def skips(self, question):
        """Whether a question isn't put to this server: it's known not to answer."""
        return False

    def ask(self, questions):
        """Raw answers to questions, in their order; None for those not put or not answered."""
        answers = [None] * len(questions)
        if len(self.missing) == len(self.zones):
            return answers
        for tcp, asker in ((False, self.ask_udp), (True, self.ask_tcp)):
            chosen = [i for i, question in enumerate(questions)
                      if question.tcp == tcp and not self.skips(question)]
            got = asker([questions[i].wire(0) for i in chosen])
            for i, answer in zip(chosen, got):
                answers[i] = answer

        return answers


class Pharos(Server):
    name = "pharosd"

    def arguments(self, zones):
        def quoted(zone):
            return names.text(zone.apex).replace("\\", "\\\\")

        listing = "".join(f'  - {{name: "{quoted(zone)}", file: {zone.path}}}\n'
                          for zone in zones)
        address, port = self.address
        conf = self.write(f"server:\n  listen: [{address}@{port}]\n  workers: 1\n"
                          f"  run-dir: {self.folder}/run\n  udp-size: {PAYLOAD}\n  any: full\n"
                          f"log: {{level: warning}}\nzones:\n{listing}")
        return [os.path.join(self.build, "pharosd"), "-c", conf]


class Nsd(Server):
    name = program = package = "nsd"

    def arguments(self, zones):
        address, port = self.address
        listing = "".join(f'zone:\n  name: "{names.text(zone.apex)}"\n  zonefile: {zone.path}\n'
                          for zone in zones)
        conf = self.write(
            f"server:\n  ip-address: {address}@{port}\n  do-ip6: no\n  server-count: 1\n"
            f'  username: ""\n  chroot: ""\n  database: ""\n  zonesdir: ""\n'
            f"  zonelistfile: {self.folder}/zone.list\n  pidfile: {self.folder}/pid\n"
            f"  xfrdfile: {self.folder}/xfrd.state\n  xfrdir: {self.folder}\n"
            f"  logfile: {self.log}\n  minimal-responses: yes\n  round-robin: no\n"
            f"  refuse-any: no\n  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n"
            f"  ipv4-edns-size: {PAYLOAD}\n  tcp-query-count: 0\n"
            f"remote-control:\n  control-enable: no\n{listing}")
        return [self.executable(), "-d", "-c", conf]


def escaped(line):
    """A line with the names in it as Knot wants them: it refuses `!` and the like as they are."""
    def name(match):
        return re.sub(r"\\\d{3}|\\.|[^A-Za-z0-9._*\\-]",
                      lambda m: m[0] if len(m[0]) == 4 else "\\%03d" % ord(m[0][-1]), match[0])
    return line if line.startswith(";") else re.sub(r"(?<!\S)[^\s\"()]+\.(?=\s)", name, line)


class Knot(Server):
    name = package = "knot"
    program = "knotd"

    def skips(self, question):
        """Knot 3.2.6 may spin for ever after some mix with NXNAME."""
        return question.qtype == 128

    def own_copy(self, zone):
        path = os.path.join(self.folder, os.path.basename(zone.path))
        if zone.signing is None:
            text = zone.text(rdata.KNOT_KNOWS_NOT)
        else:
            with open(zone.path, encoding="latin-1") as signed:
                text = "".join(escaped(line) for line in signed)
        with open(path, "w", encoding="latin-1") as out:
            out.write(text)
        return path

    def arguments(self, zones):
        address, port = self.address
        listing = "".join(f'  - domain: "{names.text(zone.apex)}"\n    file: {self.own_copy(zone)}\n'
                          for zone in zones)
        conf = self.write(
            f"server:\n  listen: {address}@{port}\n  rundir: {self.folder}\n"
            f"  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
            f"  udp-max-payload: {PAYLOAD}\n"
            f"log:\n  - target: stderr\n    any: warning\n"
            f"database:\n  storage: {self.folder}\n"
            f"template:\n  - id: default\n    storage: {self.folder}\n    zonefile-load: whole\n"
            f"    journal-content: none\n    zonefile-sync: -1\n    semantic-checks: off\n"
            f"zone:\n{listing}")
        return [self.executable(), "-c", conf]


class Bind(Server):
    name = "bind"
    program = "named"
    package = "bind9"

    def skips(self, question):
        """BIND is silent in class CH but for its own names."""
        return question.qclass == 3

    def arguments(self, zones):
        address, port = self.address
        listing = "".join(f'zone "{names.text(zone.apex)}" {{ type primary; file "{zone.path}"; }};\n'
                          for zone in zones)
        conf = self.write(f"""
options {{
    directory "{self.folder}"; managed-keys-directory "{self.folder}";
    pid-file none; session-keyfile "{self.folder}/session.key"; lock-file none;
    listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
    recursion no; dnssec-validation no; empty-zones-enable no; notify no;
    allow-transfer {{ none; }}; minimal-responses yes; minimal-any no; answer-cookie no;
    edns-udp-size {PAYLOAD}; max-udp-size {PAYLOAD}; nocookie-udp-size {PAYLOAD};
    check-integrity no; check-mx ignore; check-mx-cname ignore; check-srv-cname ignore;
    check-sibling no; check-wildcard no; check-spf ignore; check-dup-records ignore;
    check-names primary ignore; zero-no-soa-ttl no; rrset-order {{ order none; }};
    max-records-per-type 0; max-types-per-name 0;
}};
controls {{ }};
{listing}""")
        return [self.executable(), "-g", "-n", "1", "-c", conf]


def free_ports(count):
    """Ports of 127.0.0.1 that nobody has, over UDP and TCP. (BIND listens at addresses that
    interfaces have, so all servers share this one.)"""
    socks, ports = [], []
    try:
        while len(ports) < count:
            stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            socks += [stream, datagram]
            stream.bind(("127.0.0.1", 0))
            try:
                datagram.bind(stream.getsockname())
            except OSError:
                continue
            ports.append(stream.getsockname()[1])
        return ports
    finally:
        for sock in socks:
            sock.close()


PEERS = (Nsd, Knot, Bind)


def start_all(folder, build, zones):
    """pharosd first, then its peers; all are running and have loaded what they accept."""
    kinds = (Pharos,) + PEERS
    running = []
    try:
        for kind, port in zip(kinds, free_ports(len(kinds))):
            running.append(kind(folder, "127.0.0.1", port, build))
            running[-1].start(zones)
        running[0].ready()
        for peer in running[1:]:
            try:
                peer.ready()
            except Died:
                peer.restart()
    except BaseException:
        stop_all(running)
        raise
    return running


def stop_all(running):
    for server in running:
        server.stop()
