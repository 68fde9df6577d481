#!/usr/bin/env python3
"""Generates benchmark zones and questions for them: the same seed, the same octets.

    generate.py small|tld|tld3 NAMES ZONE-FILE QUESTIONS-FILE [QUESTIONS] [--zipf FILE] [--seed N]
    generate.py hosting ZONES FOLDER QUESTIONS-FILE [QUESTIONS] [--zipf FILE] [--seed N]
    generate.py shuffle ZONE-FILE OTHER-ZONE-FILE

small:   a company's zone, NAMES hosts with addresses, aliases, mail and text.
tld:     NAMES delegations of two or three servers, a third of them with glue (2.58 RRs a name).
tld3:    the same signed with NSEC3 and opt-out, three delegations in ten with DS: hashes and chain are real, signatures
         are random octets, since a server sends them as data.
hosting: ZONES zones of 10 RRs, a file each, in FOLDER.
shuffle: the lines of a zone in random order, its SOA first.
Three questions in ten ask for a name that doesn't exist. Names are asked for uniformly; in the FILE of --zipf the n-th with a
chance of 1/n. With QUESTIONS-FILE "-" none are written. Owners come in canonical order."""
import argparse
import base64
import hashlib
import itertools
import os
import random
import sys

SYLLABLES = ["ba", "co", "di", "fu", "ge", "ha", "jo", "ki", "lu", "me", "na", "po", "ri", "su", "te", "vo"]
MISSING = 0.3
SIGNED = 0.3
TO_HEX32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")
HOSTING = """$TTL 3600
@ SOA ns1.host.example. hostmaster {serial} 7200 900 1209600 300
@ NS ns1.host.example.
@ NS ns2.host.example.
@ MX 10 mail
@ A 10.{a}.{b}.1
@ TXT "v=spf1 mx -all"
mail A 10.{a}.{b}.2
www A 10.{a}.{b}.1
www AAAA 2001:db8:{index:x}::1
ftp CNAME www
"""


def label(rng, index):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(3, 7))) + format(index, "x")


def head(out, apex):
    out.write(f"$ORIGIN {apex}\n$TTL 86400\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n")
    out.write("@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns1 AAAA 2001:db8::1\nns2 A 192.0.2.2\n")


def small(rng, count, out):
    names = []
    for name in sorted(label(rng, i) for i in range(count)):
        kind = rng.random()
        if kind < 0.7:
            out.write(f"{name} A 10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}\n")
            names.append((name, "A"))
            if rng.random() < 0.5:
                out.write(f"{name} AAAA 2001:db8::{rng.randint(1, 65535):x}\n")
        elif kind < 0.85:
            out.write(f"{name} CNAME ns1\n")
            names.append((name, "A"))
        elif kind < 0.95:
            out.write(f"{name} MX 10 mail.{name}\n{name} MX 20 mx.example.net.\nmail.{name} A 10.0.0.1\n")
            names.append((name, "MX"))
        else:
            out.write(f'{name} TXT "v=spf1 mx -all"\n')
            names.append((name, "TXT"))
    return names


def delegation(rng, hosts, name, out):
    if rng.random() < 0.29:
        out.write(f"{name} NS ns1.{name}\n{name} NS ns2.{name}\n")
        out.write(f"ns1.{name} A 10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.1\n")
        out.write(f"ns2.{name} A 10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.2\n")
    else:
        host = rng.randrange(0, 10000, 2)
        out.write(f"{name} NS {hosts[host]}\n{name} NS {hosts[host + 1]}\n")
    return rng.choice(["", "www."]) + name, "A"


def tld(rng, count, out, signer=None):
    hosts = [f"ns{i % 2 + 1}.host{i // 2}.net." for i in range(10000)]
    names = []
    for name in sorted(label(rng, i) for i in range(count)):
        names.append(delegation(rng, hosts, name, out))
        if signer is not None:
            signer.delegation(name)
    return names


class Signer:
    """Writes what signing would add. It has a generator of its own, so that the delegations are those of tld."""

    def __init__(self, seed, apex, out):
        self.rng, self.apex, self.out = random.Random(seed + 1), apex, out
        self.hashes = []

    def random64(self, octets):
        return base64.b64encode(self.rng.randbytes(octets)).decode()

    def sign(self, owner, covered, labels, ttl=86400):
        self.out.write(f"{owner} {ttl} RRSIG {covered} 13 {labels} {ttl} 20371231000000 20200101000000 4711 "
                       f"{self.apex} {self.random64(64)}\n")

    def hash(self, owner, types):
        wire = b"".join(bytes([len(part)]) + part.encode() for part in owner.split(".")) + b"\0"
        self.hashes.append((hashlib.sha1(wire).digest(), types))

    def delegation(self, name):
        if self.rng.random() >= SIGNED:
            return
        self.out.write(f"{name} DS {self.rng.randrange(65536)} 13 2 {self.rng.randbytes(32).hex()}\n")
        self.sign(name, "DS", 2)
        self.hash(f"{name}.tld", "NS DS RRSIG")

    def apex_records(self):
        for covered in ("SOA", "NS", "DNSKEY", "NSEC3PARAM"):
            self.sign("@", covered, 1)
        for owner, covered in (("ns1", "A"), ("ns1", "AAAA"), ("ns2", "A")):
            self.sign(owner, covered, 2)
        self.out.write("@ NSEC3PARAM 1 0 0 -\n")
        for flags in (256, 257):
            self.out.write(f"@ DNSKEY {flags} 3 13 {self.random64(64)}\n")
        self.hash("tld", "NS SOA RRSIG DNSKEY NSEC3PARAM")
        self.hash("ns1.tld", "A AAAA RRSIG")
        self.hash("ns2.tld", "A RRSIG")

    def chain(self):
        self.hashes.sort()
        words = [base64.b32encode(digest).translate(TO_HEX32).decode() for digest, _ in self.hashes]
        for i, (_, types) in enumerate(self.hashes):
            self.out.write(f"{words[i]} 300 NSEC3 1 1 0 - {words[(i + 1) % len(words)]} {types}\n")
            self.sign(words[i], "NSEC3", 2, 300)


def tld3(rng, count, out, seed):
    signer = Signer(seed, "tld.", out)
    signer.apex_records()
    names = tld(rng, count, out, signer)
    signer.chain()
    return names


def hosting(rng, count, folder):
    names = []
    os.makedirs(folder, exist_ok=True)
    for i in range(count):
        apex = f"{label(rng, i)}.example"
        with open(f"{folder}/{apex}.zone", "w", encoding="ascii") as out:
            out.write(HOSTING.format(serial=1, a=i >> 8 & 255, b=i & 255, index=i & 0xffff))
        names.append((f"www.{apex}" if rng.random() < 0.6 else apex, "A"))
    return names


def questions(rng, names, suffix, count, zipf, out):
    """Names that don't exist: a made-up label, at the apex of a zone that does."""
    picks = itertools.repeat(None)
    if zipf:
        order = list(names)
        rng.shuffle(order)
        weights = list(itertools.accumulate(1 / (i + 1) for i in range(len(order))))
        picks = iter(rng.choices(order, cum_weights=weights, k=count))
    for i in range(count):
        name, rrtype = next(picks) or rng.choice(names)
        if rng.random() < MISSING:
            missing = label(rng, rng.randrange(len(names))) + "-q"
            name = missing if suffix else f"{missing}.{'.'.join(name.split('.')[-2:])}"
        out.write(f"{name}.{suffix} {rrtype}\n")


def shuffle(source, target):
    with open(source, encoding="ascii") as lines:
        begin = list(itertools.islice(lines, 3))
        rest = list(lines)
    random.Random(20).shuffle(rest)
    with open(target, "w", encoding="ascii") as out:
        out.writelines(begin + rest)


def generate(args):
    """The zone's random numbers don't depend on what is asked, nor the questions' on anything but their own."""
    rng = random.Random(args.seed)
    if args.kind == "hosting":
        return hosting(rng, args.count, args.zone)
    with open(args.zone, "w", encoding="ascii") as out:
        head(out, "small.example." if args.kind == "small" else "tld.")
        if args.kind == "tld3":
            return tld3(rng, args.count, out, args.seed)
        return (small if args.kind == "small" else tld)(rng, args.count, out)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "shuffle":
        shuffle(sys.argv[2], sys.argv[3])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("small", "tld", "tld3", "hosting"))
    parser.add_argument("count", type=int)
    parser.add_argument("zone")
    parser.add_argument("questions")
    parser.add_argument("ask", type=int, nargs="?", default=1000000)
    parser.add_argument("--zipf", metavar="FILE", help="questions of that kind, beside the uniform ones")
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args()
    names = generate(args)
    suffix = {"small": "small.example.", "hosting": ""}.get(args.kind, "tld.")
    for path, zipf in ((args.questions, False), (args.zipf, True)):
        if path not in (None, "-"):
            with open(path, "w", encoding="ascii") as out:
                questions(random.Random(args.seed + 2), names, suffix, args.ask, zipf, out)


main()
