"""questions.py -- what to ask about a world: names there, near, above and below, and every type"""

import random
import struct

import names
import rdata

TYPES = {"A": 1, "NS": 2, "MD": 3, "MF": 4, "CNAME": 5, "SOA": 6, "MB": 7, "MG": 8, "MR": 9,
         "NULL": 10, "WKS": 11, "PTR": 12, "HINFO": 13, "MINFO": 14, "MX": 15, "TXT": 16,
         "RP": 17, "AFSDB": 18, "X25": 19, "ISDN": 20, "RT": 21, "SIG": 24, "KEY": 25, "PX": 26,
         "AAAA": 28, "LOC": 29, "NXT": 30, "SRV": 33, "NAPTR": 35, "KX": 36, "CERT": 37,
         "DNAME": 39, "OPT": 41, "APL": 42, "DS": 43, "SSHFP": 44, "IPSECKEY": 45, "RRSIG": 46,
         "NSEC": 47, "DNSKEY": 48, "DHCID": 49, "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52,
         "SMIMEA": 53, "HIP": 55, "CDS": 59, "CDNSKEY": 60, "OPENPGPKEY": 61, "CSYNC": 62,
         "ZONEMD": 63, "SVCB": 64, "HTTPS": 65, "SPF": 99, "NID": 104, "L32": 105, "L64": 106,
         "LP": 107, "EUI48": 108, "EUI64": 109, "NXNAME": 128, "TKEY": 249, "TSIG": 250,
         "IXFR": 251, "AXFR": 252, "MAILB": 253, "MAILA": 254, "ANY": 255, "URI": 256,
         "CAA": 257, "TYPE731": 731, **{f"TYPE{number}": number for number in rdata.GENERIC}, "TA": 32768, "DLV": 32769, "TYPE65280": 65280}
COMMON = ("A", "A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DS", "DNAME", "ANY")
DNSSEC = ("RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "DS", "CDS")
ODD = (0, 54, 127, 129, 200, 248, 258, 65534, 65535)

TRANSFERS = (TYPES["AXFR"], TYPES["IXFR"])
CH = 3
CLASSES = (CH, CH, 4, 254, 255)
CHAOS_NAMES = ((b"id", b"server"), (b"version", b"server"), (b"hostname", b"bind"),
               (b"version", b"bind"), (b"authors", b"bind"))
SIZES = (0, 511, 512, 513, 700, 1000, 1231, 1232, 1233, 1400, 4096, 65535)


class Question:
    """One question, the same for every server."""

    def __init__(self, world, name, qtype, **how):
        self.world = world
        self.name = name
        self.qtype = qtype
        self.qclass = how.get("qclass", 1)
        self.rd = how.get("rd", False)
        self.cd = how.get("cd", False)
        self.ad = how.get("ad", False)
        self.size = how.get("size")  # of EDNS, in octets; None is no OPT
        self.dnssec_ok = how.get("dnssec_ok", False)
        self.tcp = how.get("tcp", False)

    @property
    def octets(self):
        return names.wire(self.name) + struct.pack("!2H", self.qtype, self.qclass)

    def wire(self, number):
        bits = self.rd << 8 | self.ad << 5 | self.cd << 4
        edns = self.size is not None
        message = struct.pack("!6H", number, bits, 1, 0, 0, int(edns)) + self.octets
        if edns:
            message += struct.pack("!BHHBBHH", 0, 41, self.size, 0, 0, self.dnssec_ok << 15, 0)
        return message

    def text(self):
        kind = next((name for name, value in TYPES.items() if value == self.qtype),
                    f"TYPE{self.qtype}")
        how = ["tcp" if self.tcp else "udp"]
        how += [flag for flag in ("rd", "ad", "cd") if getattr(self, flag)]
        how += ["no edns"] if self.size is None else [f"size {self.size}"]
        how += ["do"] if self.dnssec_ok else []
        klass = {1: "IN", 3: "CH", 254: "NONE", 255: "ANY"}.get(self.qclass, str(self.qclass))
        return f"{names.text(self.name)} {klass} {kind} ({', '.join(how)})"


class Asker:
    def __init__(self, world, number=0):
        self.world = world
        self.rng = random.Random(f"questions {world.seed} {number}")
        self.owners = [(zone, owner) for zone in world.zones for owner in zone.owners()]

    def mutated(self, label):
        rng = self.rng
        octets = bytearray(label)
        at = rng.randrange(len(octets))
        pick = rng.random()
        if pick < 0.4:
            octets[at] = (octets[at] + rng.choice((1, 255))) % 256
        elif pick < 0.6 and len(octets) < 63:
            octets.insert(at, rng.randrange(256))
        elif pick < 0.8 and len(octets) > 1:
            del octets[at]
        else:
            octets[at] = rng.randrange(256)
        return bytes(octets)

    def near(self, name, apex_labels):
        """A name that almost is `name`, mostly still in its zone."""
        rng = self.rng
        labels = list(name)
        pick = rng.random()
        if not labels:
            return (b"nowhere",)
        at = rng.randrange(max(1, len(labels) - apex_labels))
        if pick < 0.4:
            labels[at] = self.mutated(labels[at])
        elif pick < 0.55:
            labels[at] = b"*"
        elif pick < 0.7:
            labels.insert(at, rng.choice((b"*", b"a", b"x", b"\0")))
        elif pick < 0.8 and len(labels) > 1:
            del labels[at]
        elif at + 1 < len(labels):  # a dot in a label where labels are parted, and the reverse
            labels[at:at + 2] = [(labels[at] + b"." + labels[at + 1])[:63]]
        return tuple(labels)

    def name(self):
        rng = self.rng
        pick = rng.random()
        zone, owner = rng.choice(self.owners)
        if pick < 0.3:
            return owner
        if pick < 0.45:
            return self.near(owner, len(zone.apex))
        if pick < 0.55 and len(owner) > len(zone.apex):
            return owner[rng.randint(1, len(owner) - len(zone.apex)):]
        if pick < 0.8:
            more = tuple(rng.choice((b"a", b"b", b"*", b"www", b"x", b"ent", b"again", b"\0",
                                     b"\xff", b"w" * 63, rng.randbytes(4)))
                         for _ in range(rng.choice((1, 1, 1, 2, 3, 4))))
            if owner[0] == b"*" and rng.random() < 0.7:
                owner = owner[1:]
            return more + owner
        if pick < 0.93 and self.world.targets:
            name = rng.choice(self.world.targets)
            return self.near(name, 1) if rng.random() < 0.2 else name
        if pick < 0.96:  # of the greatest length
            name = owner
            while names.octets(name) < 255:
                length = min(63, 254 - names.octets(name))
                if length == 0:
                    break
                name = (b"w" * length,) + name
            return name
        if pick < 0.97:
            return rng.choice(((), (b"nowhere",), (b"elsewhere",), zone.apex[-1:]))
        return zone.apex

    def recased(self, name):
        return tuple(bytes(octet ^ 0x20 if chr(octet).isalpha() and octet < 128
                           and self.rng.random() < 0.5 else octet for octet in label)
                     for label in name)

    def qtype(self, name):
        rng = self.rng
        pick = rng.random()
        if pick < 0.35:
            zone = self.world.zone_of(name)
            here = zone.types_at(names.lower(name)) if zone else []
            if here:
                return TYPES[rng.choice(here)]
        if pick < 0.75:
            return TYPES[rng.choice(COMMON)]
        if pick < 0.85:
            return TYPES[rng.choice(DNSSEC)]
        if pick < 0.97:
            return TYPES[rng.choice(list(TYPES))]
        return rng.choice(ODD)

    def size(self):
        if self.rng.random() < 0.2:
            return self.rng.randrange(self.rng.choice((1400, 1 << 16)))
        return self.rng.choice(SIZES + (1232,) * 8)

    def question(self):
        rng = self.rng
        for _ in range(100):
            name = self.name()
            if names.fits(name):
                break
        else:
            name = self.world.zones[0].apex
        if rng.random() < 0.3:
            name = self.recased(name)
        signed = "signed" in self.world.features
        edns = signed or rng.random() < 0.75
        qtype = self.qtype(name)
        qclass = rng.choice(CLASSES) if rng.random() < 0.01 else 1
        if qclass == CH and rng.random() < 0.6:
            name, qtype = rng.choice(CHAOS_NAMES), rng.choice((TYPES["TXT"], TYPES["TXT"], qtype))
        return Question(self.world, name, qtype, qclass=qclass,
                        rd=rng.random() < 0.3, cd=rng.random() < 0.15, ad=rng.random() < 0.15,
                        size=self.size() if edns else None,
                        dnssec_ok=edns and rng.random() < (0.9 if signed else 0.5),
                        tcp=rng.random() < (0.4 if signed else 0.15) and qtype not in TRANSFERS)


def make(world, count):
    asker = Asker(world)
    return [asker.question() for _ in range(count)]
