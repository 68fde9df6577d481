"""asker.py -- puts questions to a server in ways that dig doesn't

    asker.py steady PORT RATE SECONDS   so many queries a second over UDP; all must be answered
    asker.py pipeline PORT COUNT PIECE  all on one TCP connection, sent in pieces of PIECE octets
    asker.py last PORT COUNT PID        sends over UDP and TCP, then SIGTERM; all must be answered
    asker.py idle PORT                  connects, asks once, and waits for the end
    asker.py crowd PORT COUNT           opens connections one after the other, asks on the last

Exits 0 when the server did what it should."""

import os
import select
import signal
import socket
import struct
import sys
import time

HOST = "127.0.0.1"
NAME = b"\3www\7example\3com\0"


def query(number):
    return struct.pack("!6H", number & 0xFFFF, 0, 1, 0, 0, 0) + NAME + struct.pack("!2H", 1, 1)


def framed(number):
    message = query(number)
    return struct.pack("!H", len(message)) + message


def good(message):
    """An answer without an error, with a record."""
    return len(message) > 12 and message[2] & 0x80 and message[3] & 15 == 0 and message[7] == 1


def connect(port):
    return socket.create_connection((HOST, port), timeout=10)


def receive(stream, octets):
    received = b""
    while len(received) < octets:
        more = stream.recv(octets - len(received))
        if not more:
            raise EOFError
        received += more
    return received


def receive_message(stream):
    return receive(stream, struct.unpack("!H", receive(stream, 2))[0])


def report(asked, answered):
    print(f"asked {asked}, answered {answered}")
    return asked == answered


def drain(sock, seen):
    while select.select([sock], [], [], 0)[0]:
        message = sock.recv(4096)
        if good(message):
            seen.add(message[:2])


def steady(port, rate, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.connect((HOST, port))
    seen = set()
    start = time.monotonic()
    for number in range(rate * seconds):
        wait = start + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sock.send(query(number))
        drain(sock, seen)
    until = time.monotonic() + 5
    while len(seen) < rate * seconds and time.monotonic() < until:
        select.select([sock], [], [], 0.1)
        drain(sock, seen)
    return report(rate * seconds, len(seen))


def pipeline(port, count, piece):
    octets = b"".join(framed(number) for number in range(count))
    seen = set()
    with connect(port) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(octets), piece):
            stream.sendall(octets[at:at + piece])
        while len(seen) < count:
            message = receive_message(stream)
            if good(message):
                seen.add(message[:2])
    return report(count, len(seen))


def last(port, count, pid):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((HOST, port))
    seen = set()
    half = count // 2
    with connect(port) as stream:
        stream.sendall(framed(0xFFFF))
        receive_message(stream)  # now a worker has this connection
        stream.sendall(b"".join(framed(number) for number in range(half)))
        for number in range(half, count):
            udp.send(query(number))
        os.kill(pid, signal.SIGTERM)
        for _ in range(half):
            message = receive_message(stream)
            if good(message):
                seen.add(message[:2])
    udp.settimeout(5)
    try:
        while len(seen) < count:
            message = udp.recv(4096)
            if good(message):
                seen.add(message[:2])
    except OSError:
        pass
    return report(count, len(seen))


def idle(port):
    with connect(port) as stream:
        stream.sendall(framed(1))
        answered = good(receive_message(stream))
        closed = stream.recv(1) == b""
    print("closed" if closed else "still open")
    return answered and closed


def is_open(stream):
    try:
        return not select.select([stream], [], [], 0)[0] or stream.recv(1) != b""
    except OSError:
        return False


def crowd(port, count):
    streams = []
    for number in range(count):
        streams.append(connect(port))
        try:
            streams[-1].sendall(framed(number))
            newest = good(receive_message(streams[-1]))
        except (EOFError, OSError):
            newest = False
    print("the newest answers" if newest else "the newest was refused")
    print("open", sum(is_open(stream) for stream in streams))
    return True


def main():
    ways = {"steady": steady, "pipeline": pipeline, "last": last, "idle": idle, "crowd": crowd}
    return 0 if ways[sys.argv[1]](*map(int, sys.argv[2:])) else 1


sys.exit(main())
