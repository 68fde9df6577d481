#!/usr/bin/env python3
"""Asks one server many things, sound and not, and prints what it says, octet by octet.

    octets.py ADDRESS

A line a query: its number and the answer in hexadecimal, or "silent". IDs and names are the same each time, so
two ways to the same server can be compared. One query is under way at a time; one that should get no answer is
followed by one that does."""
import random
import socket
import struct
import sys

QR, RD, OPCODE = 0x8000, 0x0100, 11


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def message(ident, flags, text, qtype, qclass=1, edns=None, more=b""):
    counts = (1, 0, 0, 0 if edns is None else 1)
    opt = b"" if edns is None else b"\0" + struct.pack("!HHIH", 41, edns[0], edns[1], 0)
    return struct.pack("!6H", ident, flags, *counts) + name(text) + struct.pack("!2H", qtype, qclass) + opt + more


def queries():
    names = ["example.com", "www.example.com", "WwW.eXaMpLe.CoM", "nothing.example.com", "big.example.com",
             "huge.example.com", "a.b.c.wild.example.com", "alias.example.com", "below.child.example.com",
             "example.net", "version.bind", "."]
    for text in names:
        for qtype in (1, 2, 6, 16, 28, 43, 255):
            for edns in (None, (512, 0), (1232, 0x8000), (4096, 0)):
                yield 0, text, qtype, 1, edns
    yield RD, "www.example.com", 1, 1, None
    yield 0, "version.bind", 16, 3, None
    yield 0, "www.example.com", 1, 4, None
    yield 0, "www.example.com", 252, 1, None
    yield 5 << OPCODE, "example.com", 6, 1, None
    yield 4 << OPCODE, "example.com", 6, 1, None
    yield 0, "www.example.com", 1, 1, (1232, 0x00010000)  # EDNS version 1


def octets():
    every = [message(number + 1, flags, text, qtype, qclass, edns)
             for number, (flags, text, qtype, qclass, edns) in enumerate(queries())]
    sound = list(every)
    chance = random.Random(1)
    for number in range(200):  # bent ones
        bent = bytearray(chance.choice(sound))
        for _ in range(chance.randint(1, 4)):
            bent[chance.randrange(2, len(bent))] = chance.randrange(256)
        every.append(bytes(bent[:chance.randint(0, len(bent))] if number % 3 == 0 else bent))
    return every


def main():
    asked = octets()
    beacon = message(0xFFFF, 0, "example.com", 6)
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.connect((sys.argv[1], 53))
        for number, query in enumerate(asked):
            s.send(query)
            s.send(beacon)
            answer = s.recv(65536)
            if answer[:2] == b"\xff\xff":
                print(number, "silent")
                continue
            print(number, answer.hex())
            s.recv(65536)


main()
