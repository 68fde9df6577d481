"""A zone of 1 GB in memory, for tests of what is large."""
import os
import subprocess
import sys

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/generate.py")
DELEGATIONS = 6_500_000  # at 2.58 RRs of 61 octets each
RANGES, RANGE = 16, 65_536  # texts of 1 KB; a $GENERATE may make so many


def write_texts(path, serial, parts=RANGES):
    """In CI: a few lines that become 1 GB."""
    text = " ".join(f'"{letter * 240}"' for letter in "abcd")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"$TTL 3600\n@ SOA ns hostmaster {serial} 7200 900 1209600 300\n@ NS ns\n"
                   "ns A 192.0.2.53\n")
        for i in range(parts):
            file.write(f"$GENERATE 1-{RANGE} t$.{i} TXT {text}\n")
    return f"a zone of {parts * RANGE} texts of 1 KB"


def write_delegations(path, serial):
    """At full length: a TLD's zone."""
    subprocess.run([sys.executable, BENCH, "tld", str(DELEGATIONS), path, os.devnull], check=True)
    with open(path, "r+", encoding="ascii") as file:
        start = file.read(4096).replace("hostmaster 1 ", f"hostmaster {serial} ", 1)
        file.seek(0)
        file.write(start)
    return f"a zone of {DELEGATIONS} delegations"


def write_large_zone(node, soak, serial=1, parts=RANGES):
    """The zone large.test of this node; in CI so many sixteenths of it. Returns what it is, in words."""
    path = os.path.join(node.dir, "zones", "large.test.zone")
    if soak:
        return write_delegations(path, serial)
    return write_texts(path, serial, parts)
