"""upgrade.py -- what clients and a service manager see while pharosd changes under them

    upgrade.py load PORT TIMES COMMAND...   1000 queries a second over UDP and 50 TCP connections,
                                            while COMMAND runs TIMES times; none may be lost
    upgrade.py manager FOLDER UPGRADE... -- COMMAND...
                                            stands in for systemd: keeps the sockets of COMMAND
                                            over a restart, and sees UPGRADE change the main process

Exits 0 when all went as it should."""

import array
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time

HOST = "127.0.0.1"
NAME = b"\3www\7example\3com\0"
LARGE = b"\5large\7example\3com\0"
RATE = 1000
CONNECTIONS = 50
PIPELINED = 3000


def query(number, name=NAME, qtype=1):
    return struct.pack("!6H", number & 0xFFFF, 0, 1, 0, 0, 0) + name + struct.pack("!2H", qtype, 1)


def framed(message):
    return struct.pack("!H", len(message)) + message


def good(message):
    return len(message) > 12 and message[2] & 0x80 and message[3] & 15 == 0 and message[7] >= 1


class Udp:
    """Queries at a steady rate from several sockets, so that all workers get some."""

    def __init__(self, selector, port):
        self.sockets = []
        self.sent = {}
        self.count = 0
        self.slowest = 0
        self.begin = time.monotonic()
        for index in range(16):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect((HOST, port))
            s.setblocking(False)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.sockets.append(s)
            selector.register(s, selectors.EVENT_READ, lambda i=index: self.receive(i))

    def due(self):
        while self.count < (time.monotonic() - self.begin) * RATE:
            index = self.count % len(self.sockets)
            self.sent[index, self.count & 0xFFFF] = time.monotonic()
            self.sockets[index].send(query(self.count))
            self.count += 1

    def receive(self, index):
        try:
            while True:
                message = self.sockets[index].recv(4096)
                if not good(message):
                    raise SystemExit("a wrong answer over UDP")
                since = self.sent.pop((index, struct.unpack("!H", message[:2])[0]), None)
                if since is None:
                    raise SystemExit("two answers to one query over UDP")
                self.slowest = max(self.slowest, time.monotonic() - since)
        except BlockingIOError:
            pass


class Tcp:
    """A connection that asks once a second; some have half a query out for most of the time."""

    def __init__(self, selector, port, index):
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.socket.setblocking(False)
        self.split = (0, 1, 2, 13)[index % 4]  # octets that are held back, of the frame's beginning
        self.next = time.monotonic() + index / CONNECTIONS
        self.rest = b""
        self.asked = self.answered = 0
        self.slowest = 0
        self.input = b""
        selector.register(self.socket, selectors.EVENT_READ, self.receive)

    def due(self):
        now = time.monotonic()
        if now < self.next:
            return
        if self.rest:
            self.socket.send(self.rest)
            self.since, self.rest = now, b""
            self.next = now + 0.1
            return
        if self.asked > self.answered:
            return  # the answer is late; it's missed at the end if it never comes
        frame = framed(query(self.asked))
        self.asked += 1
        if self.split:
            self.socket.send(frame[:self.split])
            self.rest = frame[self.split:]
            self.next = now + 0.9
        else:
            self.socket.send(frame)
            self.since, self.next = now, now + 1

    def receive(self):
        octets = self.socket.recv(4096)
        if not octets:
            raise SystemExit("a TCP connection was ended")
        self.input += octets
        while len(self.input) > 2 and len(self.input) >= 2 + (self.input[0] << 8 | self.input[1]):
            length = self.input[0] << 8 | self.input[1]
            message, self.input = self.input[2:2 + length], self.input[2 + length:]
            number = struct.unpack("!H", message[:2])[0]
            if not good(message) or number != self.answered & 0xFFFF:
                raise SystemExit("a wrong answer over TCP")
            self.answered += 1
            self.slowest = max(self.slowest, time.monotonic() - self.since)


class Greedy:
    """Asks for far more than it takes for now, so that answers wait in the server."""

    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect((HOST, port))
        self.socket.setblocking(False)
        self.output = b"".join(framed(query(i, LARGE, 16)) for i in range(PIPELINED))
        self.ask()

    def ask(self):
        try:
            while self.output:
                self.output = self.output[self.socket.send(self.output[:65536]):]
        except BlockingIOError:
            pass

    def finish(self):
        """All answers, in order."""
        until = time.monotonic() + 20
        data, number = b"", 0
        while number < PIPELINED and time.monotonic() < until:
            self.ask()
            try:
                octets = self.socket.recv(65536)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            if not octets:
                break
            data += octets
            while len(data) > 2 and len(data) >= 2 + (data[0] << 8 | data[1]):
                length = data[0] << 8 | data[1]
                if struct.unpack("!H", data[2:4])[0] != number or not good(data[2:2 + length]):
                    raise SystemExit(f"answer {number} of many is wrong")
                data = data[2 + length:]
                number += 1
        if number < PIPELINED:
            raise SystemExit(f"only {number} of {PIPELINED} answers on one connection")


def load(port, times, command):
    selector = selectors.DefaultSelector()
    udp = Udp(selector, port)
    tcp = [Tcp(selector, port, i) for i in range(CONNECTIONS)]
    greedy = Greedy(port)
    running, done = None, 0
    next_run = time.monotonic() + 1.5
    end = None
    while end is None or time.monotonic() < end:
        udp.due()
        for connection in tcp:
            connection.due()
        for key, _ in selector.select(0.001):
            key.data()
        if running is None and done < times and time.monotonic() >= next_run:
            running = subprocess.Popen(command)
        elif running is not None and running.poll() is not None:
            if running.returncode != 0:
                raise SystemExit(f"{command} exits with {running.returncode}")
            running, done, next_run = None, done + 1, time.monotonic() + 1.2
            if done == times:
                end = time.monotonic() + 2
    until = time.monotonic() + 5
    while (udp.sent or any(c.asked > c.answered for c in tcp)) and time.monotonic() < until:
        for connection in tcp:
            if connection.rest:
                connection.due()
        for key, _ in selector.select(0.05):
            key.data()
    greedy.finish()
    late = sum(c.asked - c.answered for c in tcp)
    print(f"UDP: {udp.count} asked, {len(udp.sent)} lost, the slowest {udp.slowest * 1000:.1f} ms")
    print(f"TCP: {sum(c.asked for c in tcp)} asked, {late} lost, "
          f"the slowest {max(c.slowest for c in tcp) * 1000:.1f} ms")
    return 1 if udp.sent or late else 0


class Manager:
    """What systemd does for a service with Type=notify and FileDescriptorStoreMax."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.settimeout(10)
        self.store = {}
        self.main = None
        self.ready = False

    def start(self, command):
        """As execve() by systemd: descriptors from 3 on, LISTEN_PID is the process itself."""
        fds = [(name, fd) for name, kept in self.store.items() for fd in kept]
        self.ready = False
        pid = os.fork()
        if pid == 0:
            copies = [os.dup2(fd, 200 + i) for i, (_, fd) in enumerate(fds)]
            for i, fd in enumerate(copies):
                os.dup2(fd, 3 + i, inheritable=True)
            os.closerange(3 + len(copies), 1000)
            environment = dict(os.environ, NOTIFY_SOCKET=self.path, WATCHDOG_USEC="2000000",
                               WATCHDOG_PID=str(os.getpid()))
            if fds:
                environment.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)),
                                   LISTEN_FDNAMES=":".join(name for name, _ in fds))
            os.execve(command[0], command, environment)
        self.main = pid
        self.until(lambda: self.ready)

    def receive(self):
        data, ancillary, _, _ = self.socket.recvmsg(
            4096, socket.CMSG_SPACE(4 * 16) + socket.CMSG_SPACE(12))
        fds, sender = array.array("i"), None
        for level, kind, octets in ancillary:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(octets)
            elif kind == socket.SCM_CREDENTIALS:
                sender = struct.unpack("3i", octets)[0]
        words = dict(line.split("=", 1) for line in data.decode().splitlines())
        if sender != self.main:
            raise SystemExit(f"process {sender} notifies, which isn't the main one: {words}")
        if words.get("FDSTORE") == "1":
            self.keep(words["FDNAME"], list(fds))
        if words.get("FDSTOREREMOVE") == "1":
            for fd in self.store.pop(words["FDNAME"], []):
                os.close(fd)
        if "MAINPID" in words:
            self.main = int(words["MAINPID"])
        self.ready = self.ready or words.get("READY") == "1"
        return words

    def keep(self, name, fds):
        if ":" in name:
            raise SystemExit(f"{name} is no name for a descriptor")
        kept = self.store.setdefault(name, [])
        for fd in fds:
            if any(os.path.sameopenfile(fd, other) for other in kept):
                os.close(fd)
            else:
                kept.append(fd)

    def until(self, condition):
        until = time.monotonic() + 20
        while not condition():
            if time.monotonic() > until:
                raise SystemExit("waited in vain for the service")
            self.receive()

    def stop(self):
        os.kill(self.main, signal.SIGTERM)
        self.until(lambda: self.receive().get("STOPPING") == "1")
        until = time.monotonic() + 20
        while os.path.exists(f"/proc/{self.main}/exe") and time.monotonic() < until:
            try:
                os.waitpid(self.main, os.WNOHANG)
            except ChildProcessError:
                pass
            time.sleep(0.01)


def asker(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((HOST, port))
    s.settimeout(10)
    return s


def manager(folder, ctl, command):
    service = Manager(folder)
    service.start(command)
    service.until(lambda: len(service.store) == 2)
    names = sorted(service.store)
    port = int(names[0].rsplit("@", 1)[1])
    if names != [f"tcp-127.0.0.1@{port}", f"udp-127.0.0.1@{port}"]:
        raise SystemExit(f"kept under odd names: {names}")

    # A restart: what is asked while nobody runs is answered by the next.
    service.stop()
    udp = [asker(port) for _ in range(20)]
    for number, s in enumerate(udp):
        s.send(query(number))
    tcp = [socket.create_connection((HOST, port), timeout=10) for _ in range(10)]
    for number, s in enumerate(tcp):
        s.send(framed(query(number)))
    first = service.main
    service.start(command)
    for s in udp:
        if not good(s.recv(4096)):
            raise SystemExit("no good answer over UDP")
    for s in tcp:
        if not good(s.recv(4096)[2:]):
            raise SystemExit("no good answer over TCP")

    # An upgrade: the main process is another one, which notifies and feeds the watchdog.
    second = service.main
    ctl = subprocess.Popen(ctl)
    service.until(lambda: service.main != second)
    third = service.main
    service.ready = False
    service.until(lambda: service.ready)
    service.until(lambda: service.receive().get("WATCHDOG") == "1")
    if ctl.wait() != 0 or len({first, second, third}) != 3:
        raise SystemExit("the upgrade didn't work")
    service.stop()

    # An address that isn't listened on any more is forgotten.
    command = [word.replace("@0", f"@{port + 1 if port < 65535 else port - 1}") for word in command]
    service.start(command)
    service.until(lambda: len(service.store) == 2 and not set(names) & set(service.store))
    service.stop()
    return 0


def main():
    what, *arguments = sys.argv[1:]
    if what == "load":
        return load(int(arguments[0]), int(arguments[1]), arguments[2:])
    at = arguments.index("--")
    return manager(arguments[0], arguments[1:at], arguments[at + 1:])


if __name__ == "__main__":
    sys.exit(main())
