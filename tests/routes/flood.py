"""Sends queries as fast as asked and reads no answer.

    flood.py RATE MARK ADDRESS...

RATE queries a second in all, over 96 flows from the same ports at each start; a MARK other than 0 is put on the packets, so that the router
may send them elsewhere. Until SIGTERM.
"""
import signal
import socket
import sys
import time

SO_MARK = 36
FIRST_PORT = 25000
QUERY = b"\0\0\0\0\0\1\0\0\0\0\0\0\7example\3com\0\0\6\0\1"


def open_socket(address, mark, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    if mark:
        s.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
    s.bind(("", port))
    s.connect((address, 53))
    return s


def main():
    rate, mark, addresses = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sockets = [open_socket(addresses[i % len(addresses)], mark, FIRST_PORT + i)
               for i in range(96)]
    begin, sent = time.monotonic(), 0
    while True:
        while begin + sent / rate <= time.monotonic():
            try:
                sockets[sent % len(sockets)].send(QUERY)
            except OSError:  # an ICMP error of an earlier one
                pass
            sent += 1
        time.sleep(0.002)


main()
