"""signing.py -- signs the zones of a world with dnssec-signzone and ldns-signzone

Each zone gets one of the ways below, by its seed; a few stay unsigned. A parent gets the DS of its
delegated children, mostly, so that there are secure and insecure delegations. What a signer can't
do (long names) the other is asked for."""

import glob
import os
import random
import subprocess

import names

WAYS = [(tool, denial) for tool in ("bind", "ldns") for denial in ("nsec", "nsec3", "opt-out")]
OTHER = {"bind": "ldns", "ldns": "bind"}
FILE_NAME_MAX = 200  # keys are files named after their zone


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def make_keys(zone, folder):
    """A key signing key and a zone signing key; the base names of their files."""
    os.makedirs(folder, exist_ok=True)
    made = []
    for flags in (["-f", "KSK"], []):
        done = run(["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", *flags,
                    names.text(zone.apex)], folder)
        if done.returncode != 0:
            raise SystemExit(f"dnssec-keygen: {done.stderr}")
        made.append(done.stdout.strip())
    return made


def add_ds(world, rng):
    """DS records for signed children that are delegated, in the parent."""
    for child in world.zones:
        parent = world.zone_of(child.apex[1:])
        if parent is None or (names.lower(child.apex), "NS") not in parent.rrsets:
            continue
        parent.rrsets.pop((names.lower(child.apex), "DS"), None)
        if child.signing is None or rng.random() < 0.2:
            continue
        found = glob.glob(os.path.join(glob.escape(child.key_folder), "K*.key"))
        key = next(path for path in found if " 257 " in open(path, encoding="ascii").read())
        text = run(["dnssec-dsfromkey", "-2", key], child.key_folder).stdout.split()
        parent.add(child.apex, "DS", " ".join(text[3:]), 300)


def sign_with(tool, denial, zone, out):
    if tool == "bind":
        more = {"nsec": [], "nsec3": ["-3", "-"], "opt-out": ["-3", "AABB", "-A"]}[denial]
        return run(["dnssec-signzone", "-q", "-P", "-S", "-K", zone.key_folder, "-d",
                    zone.key_folder, "-O", "full", "-s", "now-3600", "-e", "now+864000",
                    "-o", names.text(zone.apex), "-f", out, *more, zone.path], zone.key_folder)
    more = {"nsec": [], "nsec3": ["-n", "-t", "0"],
            "opt-out": ["-n", "-p", "-t", "1", "-s", "AABB"]}[denial]
    return run(["ldns-signzone", "-o", names.text(zone.apex), "-f", out, *more, zone.path,
                *zone.keys], zone.key_folder)


def prepare(world, folder):
    """Chooses ways and makes keys, before the zones are written."""
    rng = random.Random(f"signing {world.seed}")
    for number, zone in enumerate(world.zones):
        way = rng.choice(WAYS)
        zone.signing = None
        if rng.random() < 0.1 or len(names.text(zone.apex)) > FILE_NAME_MAX:
            continue
        zone.signing = way
        zone.key_folder = os.path.join(folder, f"keys.{world.seed}.{number}")
        zone.keys = make_keys(zone, zone.key_folder)
    add_ds(world, rng)


def sign(zone):
    """Signs the file of a zone; it stays unsigned where neither signer can."""
    if zone.signing is None:
        return
    tool, denial = zone.signing
    for choice in (tool, OTHER[tool]):
        out = zone.path + "." + choice
        done = sign_with(choice, denial, zone, out)
        if done.returncode == 0 and os.path.exists(out):
            zone.path = out
            zone.signing = (choice, denial)
            return
        print(f"{choice} doesn't sign {names.text(zone.apex)} with {denial}: "
              f"{(done.stderr.strip().splitlines() or ['?'])[-1][:200]}")
    zone.signing = None
