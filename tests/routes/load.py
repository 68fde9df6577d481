"""Asks steadily and counts what gets no answer.

    load.py [--trace FILE] [--zone NAME] RATE NODES ADDRESS...

Finds 96 sockets whose flows the router spreads evenly over that many nodes (NSID tells who answers), and
over the addresses; says "begins", and sends RATE queries a second for the zone's SOA from them until SIGTERM; then writes
one JSON line: how many were sent and lost, and when (wall time) the lost ones were sent. A query that
has no answer after 1.5 s is lost, and so is one that gets SERVFAIL; those still under way at the end are
waited for. FILE gets a line a query: when it was sent, its milliseconds or "lost", and who answered.
"""
import argparse
import collections
import itertools
import json
import re
import select
import selectors
import signal
import socket
import struct
import time

FLOWS = 96
FIRST_PORT = 20000  # of the client's own; the same at each start, and so the same way to the same worker
PATIENCE = 1.5
SEARCH_S = 5
SPARE_MAX = 600  # flows that nobody wants, while some node gets none; each has a descriptor
ZONE = "example.com"
NSID = b"\0" + struct.pack(">HHIHHH", 41, 1232, 0, 4, 3, 0)
HEADER = struct.Struct(">HHHHHH")


def open_socket(address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    s.bind(("", port))
    s.connect((address, 53))
    return s


def query(number, zone=ZONE):
    """For the SOA of a zone."""
    qname = b"".join(bytes([len(label)]) + label.encode() for label in [*zone.split("."), ""])
    return HEADER.pack(number & 0xFFFF, 0, 1, 0, 0, 1) + qname + struct.pack(">HH", 6, 1) + NSID


def node_of(answer):
    found = re.search(rb"node-([a-z])", answer)
    return found[1].decode() if found else "?"


def find_node(s):
    """Who answers this flow; nothing where nobody does."""
    try:
        s.send(query(0))
        poll = select.poll()
        poll.register(s, select.POLLIN)
        if poll.poll(500):
            return node_of(s.recv(4096))
    except OSError:
        pass
    return None


def find_sockets(addresses, nodes):
    """As many flows for each pair of node and address, or what was found within some seconds."""
    wanted = FLOWS // (nodes * len(addresses))
    sockets, spare, flows, ports = [], [], collections.Counter(), itertools.count(FIRST_PORT)
    until = time.monotonic() + SEARCH_S
    while len(sockets) < FLOWS and len(spare) < SPARE_MAX and time.monotonic() < until:
        address = min(addresses, key=lambda a: sum(flows[a, n] for _, n in list(flows) if _ == a))
        s = open_socket(address, next(ports))
        pair = (address, find_node(s))
        full = flows[pair] >= wanted or pair[1] is None
        (spare if full else sockets).append(s)
        flows[pair] += not full
    sockets += [spare.pop() for _ in range(FLOWS - len(sockets)) if spare]
    return sockets


class Load:
    """The queries under way, and what has become of the others."""

    def __init__(self, sockets, trace, zone):
        self.sockets = sockets
        self.zone = zone
        self.trace = trace
        self.waiting, self.lost, self.sent = {}, [], 0

    def send(self):
        index, number = self.sent % len(self.sockets), self.sent // len(self.sockets)
        self.waiting[(index, number & 0xFFFF)] = time.time()
        self.sent += 1
        try:
            self.sockets[index].send(query(number, self.zone))
        except OSError:  # an ICMP error of an earlier one, or no route
            try:
                self.sockets[index].send(query(number, self.zone))
            except OSError:
                pass

    def receive(self, index):
        """Takes all answers. A refused port (ICMP) is no answer."""
        while True:
            try:
                answer = self.sockets[index].recv(4096)
            except BlockingIOError:
                return
            except OSError:
                continue
            if len(answer) >= 12 and answer[2] & 0x80 and answer[3] & 0x0F != 2:
                when = self.waiting.pop((index, struct.unpack(">H", answer[:2])[0]), None)
                self.note(when, answer)

    def note(self, when, answer):
        if self.trace and when is not None:
            ms = f"{(time.time() - when) * 1000:.3f}" if answer else "lost"
            self.trace.write(f"{when:.6f} {ms} {node_of(answer) if answer else '-'}\n")

    def give_up(self, before):
        while self.waiting and next(iter(self.waiting.values())) < before:
            when = self.waiting.pop(next(iter(self.waiting)))
            self.lost.append(when)
            self.note(when, None)

    def run(self, rate, stopping):
        selector = selectors.DefaultSelector()
        for index, s in enumerate(self.sockets):
            selector.register(s, selectors.EVENT_READ, index)
        begin = time.monotonic()
        while not stopping or (self.waiting and time.monotonic() - stopping[0] < PATIENCE + 0.5):
            now = time.monotonic()
            while not stopping and begin + self.sent / rate <= now:
                self.send()
            patience = max(0.0, begin + self.sent / rate - now) if not stopping else 0.05
            for key, _ in selector.select(patience):
                self.receive(key.data)
            self.give_up(time.time() - PATIENCE)
        self.give_up(time.time() + 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trace", type=argparse.FileType("w", bufsize=1 << 16))
    parser.add_argument("--zone", default=ZONE)
    parser.add_argument("rate", type=int)
    parser.add_argument("nodes", type=int)
    parser.add_argument("address", nargs="+")
    options = parser.parse_args()
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(time.monotonic()))
    load = Load(find_sockets(options.address, options.nodes), options.trace, options.zone)
    print("begins", flush=True)
    load.run(options.rate, stopping)
    print(json.dumps({"sent": load.sent, "lost": len(load.lost), "when": sorted(load.lost)}))


main()
