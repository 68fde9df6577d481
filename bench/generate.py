#!/usr/bin/env python3
"""Generates benchmark zones and questions for them: the same seed, the same octets.

    generate.py small|tld NAMES ZONE-FILE QUESTIONS-FILE [QUESTIONS]

small: a company's zone, NAMES hosts with addresses, aliases, mail and text.
tld:   NAMES delegations of two or three servers, a third of them with glue (2.58 RRs a name).
Three questions in ten ask for a name that doesn't exist. Owners come in canonical order."""
import random
import sys

SYLLABLES = ["ba", "co", "di", "fu", "ge", "ha", "jo", "ki", "lu", "me", "na", "po", "ri", "su", "te", "vo"]


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


def tld(rng, count, out):
    names = []
    hosts = [f"ns{i % 2 + 1}.host{i // 2}.net." for i in range(10000)]
    for name in sorted(label(rng, i) for i in range(count)):
        if rng.random() < 0.29:
            out.write(f"{name} NS ns1.{name}\n{name} NS ns2.{name}\n")
            out.write(f"ns1.{name} A 10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.1\n")
            out.write(f"ns2.{name} A 10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.2\n")
        else:
            host = rng.randrange(0, 10000, 2)
            out.write(f"{name} NS {hosts[host]}\n{name} NS {hosts[host + 1]}\n")
        names.append((rng.choice(["", "www."]) + name, "A"))
    return names


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("small", "tld"):
        sys.exit(__doc__)
    kind, count, zone, questions = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    ask = int(sys.argv[5]) if len(sys.argv) > 5 else 1000000
    apex = "small.example." if kind == "small" else "tld."
    rng = random.Random(20)
    with open(zone, "w", encoding="ascii") as out:
        head(out, apex)
        names = (small if kind == "small" else tld)(rng, count, out)
    with open(questions, "w", encoding="ascii") as out:
        for _ in range(ask):
            name, rrtype = rng.choice(names)
            if rng.random() < 0.3:
                name = label(rng, rng.randrange(count)) + "-q"
            out.write(f"{name}.{apex} {rrtype}\n")


main()
