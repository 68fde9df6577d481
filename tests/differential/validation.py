"""validation.py -- has `validate` (validate.c) judge answers to signed zones, with the zones' keys"""

import glob
import os
import subprocess

import dns.rdata
import dns.rdataclass
import dns.rdatatype

import compare
import names


def keys_of(zone):
    """The DNSKEY RDATA of a zone's key files."""
    found = []
    if zone.signing is None:
        return found
    for path in sorted(glob.glob(os.path.join(glob.escape(zone.key_folder), "K*.key"))):
        with open(path, encoding="ascii") as lines:
            text = next(line for line in lines if not line.startswith(";"))
        words = text.split()
        found.append(dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY,
                                         " ".join(words[words.index("DNSKEY") + 1:])).to_wire())
    return found


def describe(zones):
    """The lines that tell `validate` of all zones that are served."""
    lines = []
    for zone in zones:
        apex = names.wire(zone.apex).hex()
        lines.append(f"zone {apex}")
        lines += [f"key {apex} {key.hex()}" for key in keys_of(zone)]
        lines += [f"cut {apex} {names.wire(owner).hex()}" for owner, kind in sorted(zone.rrsets)
                  if kind == "NS" and owner != names.lower(zone.apex)
                  and not zone.has_above(owner, "DNAME")]
    return lines


def asks_for_proof(question):
    """Whether the answer is one that a validator has a say in."""
    return question.dnssec_ok and question.qclass == 1 and question.size is not None \
        and "signed" in question.world.features


def judge(build, zones, pairs):
    """Judges (question, answer's octets) pairs; returns for each "good KIND" or "bad REASON"."""
    lines = describe(zones)
    for number, (question, octets) in enumerate(pairs):
        lines.append(f"answer {number} {compare.limit(question)} {question.octets.hex()} "
                     f"{octets.hex()}")
    program = os.path.join(build, "tests", "differential", "validate")
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True,
                          text=True, check=False)
    verdicts = done.stdout.splitlines()
    if done.returncode != 0 or len(verdicts) != len(pairs):
        raise SystemExit(f"validate gave status {done.returncode} and {len(verdicts)} of "
                         f"{len(pairs)} verdicts: {done.stderr}")
    return [verdict.split(" ", 1)[1] for verdict in verdicts]
