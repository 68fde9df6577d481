"""Asks steadily and counts what gets no answer.

    load.py RATE ADDRESS...

Sends RATE queries a second from 96 sockets, spread over the addresses, until SIGTERM; then writes one
JSON line: how many were sent and lost, and when (wall time) the lost ones were sent. A query that has
no answer after 1.5 s is lost; those still under way at the end are waited for.
"""
import json
import selectors
import signal
import socket
import struct
import sys
import time

FLOWS = 96
PATIENCE = 1.5
QUESTION = b"\7example\3com\0" + struct.pack(">HH", 6, 1)


def open_sockets(addresses):
    sockets = []
    for i in range(FLOWS):
        address = addresses[i % len(addresses)]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setblocking(False)
        s.connect((address, 53))
        sockets.append(s)
    return sockets


def receive(s, index, waiting):
    """Takes all answers. A refused port (ICMP) is no answer."""
    while True:
        try:
            answer = s.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            continue
        if len(answer) >= 12 and answer[2] & 0x80 and answer[3] & 0x0F != 2:
            waiting.pop((index, struct.unpack(">H", answer[:2])[0]), None)


def send(s, index, number, waiting):
    waiting[(index, number & 0xFFFF)] = time.time()
    query = struct.pack(">HHHHHH", number & 0xFFFF, 0, 1, 0, 0, 0) + QUESTION
    try:
        s.send(query)
    except OSError:  # an ICMP error of an earlier one, or no route
        try:
            s.send(query)
        except OSError:
            pass


def main():
    rate = int(sys.argv[1])
    sockets = open_sockets(sys.argv[2:])
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(time.monotonic()))
    selector = selectors.DefaultSelector()
    for index, s in enumerate(sockets):
        selector.register(s, selectors.EVENT_READ, index)
    waiting, lost, sent = {}, [], 0
    begin = time.monotonic()
    while True:
        now = time.monotonic()
        while not stopping and begin + sent / rate <= now:
            index = sent % FLOWS
            send(sockets[index], index, sent // FLOWS, waiting)
            sent += 1
        for key, _ in selector.select(max(0.0, begin + sent / rate - now) if not stopping else 0.05):
            receive(key.fileobj, key.data, waiting)
        oldest = time.time() - PATIENCE
        while waiting and next(iter(waiting.values())) < oldest:
            lost.append(waiting.pop(next(iter(waiting))))
        if stopping and (not waiting or time.monotonic() - stopping[0] > PATIENCE + 0.5):
            break
    lost += waiting.values()
    print(json.dumps({"sent": sent, "lost": len(lost), "when": sorted(lost)}))


main()
