"""blast.py -- throws mutated packets at a server for some seconds, by UDP and TCP, and looks how it bears that

    blast.py PORT PID SECONDS [SEED]

Well-formed queries of many kinds are mutated: octets changed, cut, repeated, lengths and counts set to
their limits. TCP peers split and pipeline them, stop in the middle, never read, reset. All the while a
plain query is asked now and then, which must be answered. After a first third the memory of PID may not
grow by more than MEMORY_KB any more. Exits 0 when the server did what it should."""

import os
import random
import select
import socket
import struct
import sys
import time

HOST = "127.0.0.1"
MEMORY_KB = 24 * 1024
PEERS = 40
NAMES = [b"\3www\7example\3com\0", b"\7example\3com\0", b"\1*\7example\3com\0", b"\0",
         b"\4none\7example\3com\0", b"\1a" * 120 + b"\7example\3com\0", b"\x3f" + b"x" * 63 + b"\3com\0",
         b"\2id\6server\0", b"\7version\4bind\0", b"\3WWW\7eXample\3CoM\0",
         b"\1s\4test\0", b"\4none\1s\4test\0", b"\1x\1d\1s\4test\0", b"\1a\3ent\1s\4test\0"]
TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 43, 46, 47, 48, 50, 64, 249, 250, 251, 252, 255, 0, 65535]
EDGES = [0, 1, 2, 0x0F, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xC1, 0xFE, 0xFF]
PLAIN = b"\xab\xcd\0\0\0\1\0\0\0\0\0\0" + NAMES[0] + b"\0\1\0\1"


def option(rng):
    code = rng.choice([3, 8, 10, 11, 12, 15, 65001, rng.randrange(65536)])
    data = rng.randbytes(rng.choice([0, 0, 8, 16, 40, rng.randrange(300)]))
    return struct.pack("!2H", code, len(data)) + data


def query(rng):
    flags = rng.choice([0, 0, 0x0100, 0x0110, 0x2000, 0x2800, 0x8000, rng.randrange(65536)])
    name = rng.choice(NAMES)
    message = name + struct.pack("!2H", rng.choice(TYPES), rng.choice([1, 1, 1, 3, 255, 0]))
    additional = b""
    count = 0
    if rng.random() < 0.6:
        options = b"".join(option(rng) for _ in range(rng.randrange(4)))
        additional += b"\0" + struct.pack("!2HIH", 41, rng.choice([0, 512, 1232, 4096, 65535]),
                                          rng.choice([0, 0x8000, 0x10000, rng.randrange(1 << 32)]),
                                          len(options)) + options
        count += 1
    if rng.random() < 0.1:
        mac = rng.randbytes(rng.choice([0, 16, 32]))
        rdata = b"\x0bhmac-sha256\0" + struct.pack("!HIHH", 0, int(time.time()), 300, len(mac)) + mac
        rdata += struct.pack("!3H", 0, 0, 0)
        additional += b"\3key\0" + struct.pack("!2HIH", 250, 255, 0, len(rdata)) + rdata
        count += 1
    return struct.pack("!6H", rng.randrange(65536), flags, 1, 0, 0, count) + message + additional


def mutated(rng):
    message = bytearray(query(rng))
    for _ in range(rng.choice([0, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(message))
        kind = rng.randrange(6)
        if kind == 0:
            message[at] = rng.choice(EDGES)
        elif kind == 1:
            message[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            message = message[:max(at, 1)]
        elif kind == 3:
            message[at:at] = message[rng.randrange(len(message)):][:rng.randrange(1, 200)]
        elif kind == 4:
            message[at:at + 2] = struct.pack("!H", rng.choice([0, 1, 0xC00C, 0xC000 | at, 0xFFFF]))
        else:
            message += rng.randbytes(rng.choice([1, 11, 100, 4000]))
    return bytes(message[:60000])


class Peer:
    """A TCP client that behaves badly in one of some ways."""

    def __init__(self, port, rng):
        self.rng = rng
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex((HOST, port))
        self.reads = rng.random() < 0.7
        self.left = b"".join(self.frame() for _ in range(rng.choice([1, 3, 50, 400])))
        self.until = time.monotonic() + rng.random() * 2

    def frame(self):
        message = mutated(self.rng)
        octets = len(message) if self.rng.random() < 0.97 else self.rng.randrange(65536)
        return struct.pack("!H", octets) + message

    def turn(self):
        """Returns False at its end."""
        try:
            if self.left:
                piece = self.rng.choice([1, 2, 100, 5000, 65536])
                self.left = self.left[self.socket.send(self.left[:piece]):]
            if self.reads and not self.socket.recv(65536):
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return time.monotonic() < self.until

    def end(self):
        if self.rng.random() < 0.5:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def is_answer(message):
    return len(message) > 12 and message[:2] == PLAIN[:2] and message[2] & 0x80 and message[3] & 15 == 0 \
        and message[6:8] == b"\0\1"


def ask_plainly(port):
    """A query by UDP, with as many tries as a resolver has, then one by TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((HOST, port))
        for _ in range(4):
            udp.send(PLAIN)
            if select.select([udp], [], [], 2)[0] and is_answer(udp.recv(4096)):
                break
        else:
            sys.exit("no answer by UDP")
    with socket.create_connection((HOST, port), timeout=10) as tcp:
        tcp.sendall(struct.pack("!H", len(PLAIN)) + PLAIN)
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + struct.unpack("!H", answer[:2])[0]:
            got = tcp.recv(4096)
            if not got:
                sys.exit("no answer by TCP")
            answer += got
        if not is_answer(answer[2:]):
            sys.exit("another answer by TCP: " + answer.hex())


def memory_kb(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    sys.exit("the server is gone")


def main():
    port, pid, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((HOST, port))
    udp.setblocking(False)
    begin = asked = time.monotonic()
    settled = None
    peers = []
    packets = 0
    while time.monotonic() < begin + seconds:
        for _ in range(50):
            try:
                udp.send(mutated(rng))
                udp.recv(65535)
            except OSError:
                pass
            packets += 1
        while len(peers) < PEERS:
            peers.append(Peer(port, rng))
        for peer in peers[:]:
            if not peer.turn():
                peer.end()
                peers.remove(peer)
        if time.monotonic() > asked + 0.5:
            ask_plainly(port)
            asked = time.monotonic()
        if settled is None and time.monotonic() > begin + seconds / 3:
            settled = memory_kb(pid)
    for peer in peers:
        peer.end()
    ask_plainly(port)
    grown = memory_kb(pid) - settled
    print("%d datagrams; the memory grew by %d KB" % (packets, grown))
    if grown > MEMORY_KB:
        sys.exit("too much")


main()
