"""zones.py -- writes the zones of a seed

A world is what one seed makes: several zones that are served together, below two names of its own,
`seedN.` and `farN.`, so that the worlds of many seeds fit into one server. Zones are built to be odd
but legal; where a server is known to refuse something legal, a world has it or hasn't as a whole
(`World.features`), so that the others can still be compared on it.

    seedN.              the parent
    kid.seedN.          its child, delegated or (legal, if unwise) not
    grand.kid.seedN.    seldom
    <long>.seedN.       an apex so long that names below it reach 255 octets
    farN.               unrelated: targets of aliases across zones; at times a DNAME at its apex"""

import random

import names
import rdata as rdata_module
from rdata import RARE, RDATA, SIGNERS_SPOIL

TTLS = (0, 1, 60, 300, 3600, 86400, 2147483647)


class Zone:
    def __init__(self, apex, features=()):
        self.apex = apex
        self.covered_ok = "below-dname" in features  # data below a DNAME
        # Signers hash *.NAME too, and NSD crashes where that is too long.
        self.longest_octets = 240 if "signed" in features else names.NAME_OCTETS_MAX
        self.rrsets = {}  # (lower-case owner, type) -> (owner, ttl, [rdata text])
        self.negative_ttl = None
        self.path = None
        self.signing = None  # how it's signed; see signing.py

    def types_at(self, owner):
        owner = names.lower(owner)
        return [kind for (name, kind) in self.rrsets if name == owner]

    def owners(self):
        return sorted({owner for owner, _ in self.rrsets})

    def has_above(self, owner, kind):
        """Whether a name above `owner`, up to the apex, has the type."""
        return any((names.lower(owner[up:]), kind) in self.rrsets
                   for up in range(1, len(owner) - len(self.apex) + 1))

    def may_add(self, owner, kind):
        here = self.types_at(owner)
        if not names.fits(owner) or names.octets(owner) > self.longest_octets:
            return False
        if not names.below(owner, self.apex):
            return False
        if not self.covered_ok and self.has_above(owner, "DNAME"):
            return False
        if kind == "CNAME":
            return not here
        if "CNAME" in here:
            return False
        if kind == "DNAME":
            return "DNAME" not in here and ("NS" not in here or owner == self.apex)
        if kind == "NS":
            return "DNAME" not in here and owner[0] != b"*"
        return True

    def add(self, owner, kind, rdata, ttl=300):
        """Adds a record where the rules of zones allow it; tells whether they did."""
        key = (names.lower(owner), kind)
        if key in self.rrsets:
            if kind in ("CNAME", "DNAME", "SOA"):
                return False
            texts = self.rrsets[key][2]
            if rdata not in texts:
                texts.append(rdata)
            return True
        if not self.may_add(owner, kind):
            return False
        self.rrsets[key] = (owner, ttl, [rdata])
        return True

    def text(self, unknown=()):
        """The master file; types of `unknown` are written as RFC 3597 has it."""
        def line(owner, ttl, kind, rdata):
            if kind in unknown:
                kind, rdata = rdata_module.generic(kind, rdata)
            return f"{names.text(owner)} {ttl} IN {kind} {rdata}\n"

        # Every loader wants the SOA first.
        soa = [key for key in self.rrsets if key[1] == "SOA"]
        rest = sorted(key for key in self.rrsets if key[1] != "SOA")
        lines = []
        for key in soa + rest:
            owner, ttl, texts = self.rrsets[key]
            lines += [line(owner, ttl, key[1], rdata) for rdata in texts]
        return "".join(lines)


class World:
    def __init__(self, seed):
        self.seed = seed
        self.zones = []
        self.targets = []  # names that RDATA refers to
        self.features = set()

    def zone_of(self, name):
        """The served zone that `name` is in, or None."""
        inside = [zone for zone in self.zones if names.below(name, zone.apex)]
        return max(inside, key=lambda zone: len(zone.apex), default=None)


# --- names ---

COMMON = [b"a", b"b", b"c", b"d", b"www", b"Mixed", b"*", b"*", b"0", b"-", b"_tcp", b"!"]
ODD = [b"n\0l", b"\0", b"x.y", b".", b"\\", b"back\\slash", b"\xff", b"\xff\xfe", b"UPPER", b"**",
       b"*a", b"@", b"sp ace", b'"', b";", b"(", b"\x7f", b"\x29", b"\x2b", b"l" * 63, b"\0" * 63,
       b"a\\000b", b"~", b"[", b"$"]

# ldns-signzone and dnssec-signzone write some octets in ways that others read differently.
SIGNERS_MANGLE = [b"\\", b"back\\slash", b"@", b'"', b";", b"(", b"\x29", b"a\\000b", b"~", b"[",
                  b"$", b"l" * 63, b"\0" * 63]


class Maker:
    def __init__(self, seed, features):
        self.rng = random.Random(f"zones {seed}")
        self.world = World(seed)
        self.world.features = features
        signed = "signed" in features
        self.rare = [kind for kind in RARE if not signed or kind not in SIGNERS_SPOIL]
        self.ttls = TTLS[:-1] if signed else TTLS  # dnssec-signzone gives RRSIGs less than the greatest
        self.odd = [label for label in ODD if not signed or label not in SIGNERS_MANGLE]
        self.top = b"seed%d" % seed
        self.far = b"far%d" % seed

    def label(self):
        rng = self.rng
        if rng.random() < 0.02:
            return rng.choice(self.odd) + b"x" * rng.randint(0, 9) \
                if "signed" in self.world.features else rng.randbytes(rng.randint(1, 63))
        return rng.choice(self.odd) if rng.random() < 0.15 else rng.choice(COMMON)

    def name_in(self, zone):
        """A name of the zone, often beside or below one that is there."""
        rng = self.rng
        base = zone.apex
        if rng.random() < 0.5:
            base = rng.choice(zone.owners())
            if len(base) > len(zone.apex) and rng.random() < 0.4:
                base = base[1:]
        for _ in range(20):
            if names.octets(base) > zone.longest_octets - 8:
                break
            name = tuple(self.label() for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))) + base
            if names.octets(name) <= zone.longest_octets and names.fits(name):
                return name
        return base

    def longest_in(self, zone):
        """A name of the greatest length."""
        room = zone.longest_octets - names.octets(zone.apex)
        labels = []
        while room > 1:
            length = min(63, room - 1)
            if room - 1 - length == 1:  # would leave no room for another label's octet
                length -= 1
            labels.append(self.rng.choice((b"m", b"\xfe", b"*"))
                          if length == 1 else b"z" * length)
            room -= length + 1
        return tuple(labels) + zone.apex

    def target(self, zone):
        """A name for RDATA: there, missing, in another zone, outside, or with a literal `*`."""
        rng = self.rng
        pick = rng.random()
        if pick < 0.4:
            name = rng.choice(zone.owners())
        elif pick < 0.6:
            name = self.name_in(zone)
        elif pick < 0.8:
            other = rng.choice(self.world.zones)
            name = rng.choice(other.owners()) if rng.random() < 0.7 else self.name_in(other)
        elif pick < 0.88:
            name = (b"*",) + rng.choice(zone.owners())
        elif pick < 0.95:
            name = (b"host", b"elsewhere")
        else:
            name = tuple(label.upper() for label in rng.choice(zone.owners()))
        if not names.fits(name):
            name = zone.apex
        self.world.targets.append(name)
        return name

    def target_text(self, zone):
        return names.text(self.target(zone))

    def rdata(self, zone, kind):
        return RDATA[kind](self.rng, lambda: self.target_text(zone))

    # --- parts of zones ---

    def apex(self, apex):
        rng = self.rng
        zone = Zone(apex, self.world.features)
        self.world.zones.append(zone)
        minimum = rng.choice((0, 5, 300, 7200))
        ttl = rng.choice((0, 5, 3600))
        server = rng.choice((b"ns", b"NS1"))
        zone.add(apex, "SOA", f"{names.text((server,) + apex)} "
                 f"{names.text((b'host.master',) + apex)} {rng.randint(1, 2**32 - 1)} "
                 f"7200 900 1209600 {minimum}", ttl)
        zone.negative_ttl = min(ttl, minimum)
        zone.add(apex, "NS", names.text((server,) + apex), rng.choice(self.ttls))
        if rng.random() < 0.5:
            zone.add(apex, "NS", "ns.elsewhere.", 300)
        zone.add((server,) + apex, "A", "192.0.2.53", 300)
        if rng.random() < 0.5:
            zone.add((server,) + apex, "AAAA", "2001:db8::53", 300)
        if rng.random() < 0.3:
            self.delegated_servers(zone)
        for kind in ("A", "TXT", "MX", "CAA", "HTTPS"):
            if rng.random() < 0.3 and kind in ["A", "TXT", "MX"] + self.rare:
                zone.add(apex, kind, self.rdata(zone, kind), rng.choice(self.ttls))
        return zone

    def delegated_servers(self, zone):
        """Servers of the apex that are below a cut, as the root's are."""
        cut = (b"net",) + zone.apex
        for number in range(self.rng.choice((1, 2, 13))):
            server = (b"%c" % (97 + number), b"servers") + cut
            if not names.fits(server):
                return
            zone.add(zone.apex, "NS", names.text(server))
            zone.add(cut, "NS", names.text(server), 300)
            self.glue(zone, server)

    def data(self, zone):
        rng = self.rng
        name = self.name_in(zone)
        ttl = rng.choice(self.ttls)
        for _ in range(rng.choice((1, 1, 2, 4))):
            kind = rng.choice(("A", "AAAA", "TXT", "MX")) if rng.random() < 0.5 \
                else rng.choice(self.rare)
            for _ in range(rng.choice((1, 1, 1, 2, 5))):
                zone.add(name, kind, self.rdata(zone, kind), ttl)

    def huge(self, zone):
        rng = self.rng
        name = self.name_in(zone)
        kind = rng.choice(("A", "AAAA", "TXT", "MX", "SRV"))
        if rng.random() < 0.4:  # its proof comes with it
            name = name if name[0] == b"*" else (b"*",) + name
        # Beyond 16 KB pointers don't reach.
        text = rng.choice((0, 100)), rng.choice((100, 200))
        for number in range(rng.choice((12, 28, 29, 60, 120, 250))):
            rdata = {"A": f"198.51.100.{number}", "AAAA": f"2001:db8:1::{number:x}",
                     "TXT": f'"{number} {"t" * rng.randint(*text)}"',
                     "MX": f"{number} mx{number}.{names.text(zone.apex)}",
                     "SRV": f"{number} 0 1 srv{number}.{names.text(zone.apex)}"}[kind]
            zone.add(name, kind, rdata, 300)
        self.world.targets.append(name)

    def huge_cut(self, zone):
        """A delegation whose NS RRset alone takes more than 16 KB."""
        name = self.cut(zone)
        if name is None or self.rng.random() < 0.8:
            return
        for number in range(250):
            zone.add(name, "NS", f"ns{number}{'n' * 55}.elsewhere{number}.", 300)
        self.world.targets.append(name)

    def glue(self, zone, server):
        for kind in self.rng.choice((("A",), ("AAAA",), ("A", "AAAA"), ("A", "AAAA"))):
            for _ in range(self.rng.choice((1, 1, 2))):
                zone.add(server, kind, self.rdata(zone, kind), 300)

    def cut(self, zone, name=None):
        """A delegation, with servers of every kind of place."""
        rng = self.rng
        name = name or self.name_in(zone)
        if len(name) <= len(zone.apex) or zone.types_at(name) or not zone.may_add(name, "NS"):
            return None
        ttl = rng.choice(self.ttls)
        for _ in range(rng.choice((1, 2, 3))):
            where = rng.random()
            if where < 0.35:  # in-domain
                server = (rng.choice((b"ns", b"ns2", b"*", b"n\0s")),) + name
            elif where < 0.45:  # the cut itself
                server = name
            elif where < 0.6:  # below another cut: sibling
                cuts = [owner for owner, kind in zone.rrsets
                        if kind == "NS" and owner != names.lower(zone.apex)]
                server = (b"ns",) + (rng.choice(cuts) if cuts else zone.apex)
            elif where < 0.75:
                server = (b"ns", b"elsewhere")
            else:
                server = self.target(zone)
            if not names.fits(server):
                server = name
            zone.add(name, "NS", names.text(server), ttl)
            if names.below(server, zone.apex) and rng.random() < 0.75:
                self.glue(zone, server)
        if rng.random() < 0.3:
            zone.add(name, "DS", "%d 8 2 %s" % (rng.randint(0, 65535), rng.randbytes(32).hex()),
                     300)
        return name

    def cycle(self, zone):
        """Two delegations whose servers are in each other."""
        one, two = self.name_in(zone), self.name_in(zone)
        if names.below(one, two) or names.below(two, one):
            return
        for name, other in ((one, two), (two, one)):
            if zone.types_at(name) or not zone.may_add(name, "NS") \
                    or not names.fits((b"ns",) + other):
                return
        for name, other in ((one, two), (two, one)):
            zone.add(name, "NS", names.text((b"ns",) + other), 300)
            self.glue(zone, (b"ns",) + other)

    def occluded(self, zone):
        """Data, delegations and aliases below a delegation."""
        rng = self.rng
        cuts = [owner for owner, kind in zone.rrsets
                if kind == "NS" and len(owner) > len(zone.apex)]
        if not cuts:
            return
        name = (self.label(),) + rng.choice(cuts)
        if not names.fits(name) or (name[0] == b"*" and rng.random() < 0.5):
            return
        kind = rng.choice(("A", "TXT", "CNAME", "NS", "MX", "DNAME"))
        if kind in ("CNAME", "NS", "DNAME"):
            if kind != "DNAME" or (not self.children(zone, name)
                                   and self.world.zone_of(name) is zone):
                zone.add(name, kind, self.target_text(zone), 300)
        else:
            zone.add(name, kind, self.rdata(zone, kind), 300)

    def children(self, zone, name):
        return any(names.below(owner, name) and len(owner) > len(name)
                   for owner, _ in zone.rrsets)

    def dname(self, zone, name=None):
        rng = self.rng
        name = name or self.name_in(zone)
        if name[0] == b"*" or not zone.may_add(name, "DNAME"):
            return
        if self.world.zone_of(name) is not zone:  # NSD takes it for one of the child zone
            return
        if self.children(zone, name) and not zone.covered_ok:
            return
        pick = rng.random()
        if pick < 0.12:  # grows at each turn
            target = (b"again",) + name
        elif pick < 0.25:
            target = (b"l" * 63,) * 2 + zone.apex
        else:
            target = self.target(zone)
        if not names.fits(target):
            target = zone.apex
        zone.add(name, "DNAME", names.text(target), rng.choice(self.ttls))

    def chain(self, zone):
        """Aliases one after the other, through zones, into nothing, data, cuts or themselves."""
        rng = self.rng
        length = rng.choice((1, 1, 2, 3, 4, 5, 6, 12))
        links = []
        while len(links) < length:
            where = rng.choice(self.world.zones) if rng.random() < 0.2 else zone
            name = self.name_in(where)
            if len(links) > 4 * length or names.lower(name) in links:
                break
            links.append(name)
        end = rng.random()
        last = rng.choice(links) if end < 0.2 else self.target(zone)
        for name, following in zip(links, links[1:] + [last]):
            where = self.world.zone_of(name)
            if where.may_add(name, "CNAME"):
                where.add(name, "CNAME", names.text(following), rng.choice(self.ttls))

    def wildcards(self, zone):
        rng = self.rng
        base = rng.choice(zone.owners())
        for name in ((b"*",) + base, (b"*", b"*") + base, (b"x", b"*") + base,
                     (b"deep", b"ent", b"*") + base, (b"*", b"sub", b"*") + base):
            if not names.fits(name) or rng.random() < 0.5:
                continue
            kind = rng.choice(("A", "TXT", "MX", "CNAME", "AAAA", "SRV"))
            if kind == "CNAME":
                if zone.may_add(name, kind):
                    target = (b"loop",) + base if rng.random() < 0.3 else self.target(zone)
                    if names.fits(target):
                        zone.add(name, kind, names.text(target), 300)
            else:
                zone.add(name, kind, self.rdata(zone, kind), rng.choice(self.ttls))

    def empty(self, zone):
        """A chain of empty non-terminals."""
        name = tuple(self.label() for _ in range(self.rng.randint(2, 5))) + self.name_in(zone)
        if names.fits(name):
            zone.add(name, "A", self.rdata(zone, "A"), 300)

    def longest(self, zone):
        zone.add(self.longest_in(zone), "A", "192.0.2.255", 300)

    def below_dnames(self, zone):
        for owner in [owner for owner, kind in zone.rrsets if kind == "DNAME"]:
            zone.add((self.label(),) + owner, "A", "192.0.2.77", 300)

    def fill(self, zone):
        rng = self.rng
        parts = ([self.data] * 10 + [self.wildcards] * 4 + [self.cut] * 5 + [self.chain] * 5
                 + [self.empty] * 2 + [self.occluded] * 4 + [self.dname] * 3 + [self.cycle]
                 + [self.longest] + [self.huge] * 2 + [self.huge_cut])
        for _ in range(rng.randint(15, 60)):
            rng.choice(parts)(zone)
        if zone.covered_ok:
            self.below_dnames(zone)

    def redirected(self, apex, parent):
        """A zone whose apex has a DNAME, so nothing else."""
        zone = Zone(apex, self.world.features)
        zone.add(apex, "SOA", f"ns.elsewhere. h.{names.text(apex)} 7 7200 900 1209600 60", 300)
        zone.negative_ttl = 60
        zone.add(apex, "NS", "ns.elsewhere.", 300)
        zone.add(apex, "A", "192.0.2.80", 300)
        zone.add(apex, "DNAME", self.target_text(parent), 300)
        self.world.zones.append(zone)

    def make(self):
        rng = self.rng
        parent = self.apex((self.top,))
        kid = self.apex((b"kid",) + parent.apex)
        full = [parent, kid]
        if rng.random() < 0.75:
            self.cut(parent, kid.apex)
        if rng.random() < 0.4:
            full.append(self.apex((b"grand",) + kid.apex))
            if rng.random() < 0.6:
                self.cut(kid, full[-1].apex)
        if rng.random() < 0.4:
            full.append(self.apex((b"Q" * 63, b"\xee" * 63, b"k" * 40) + parent.apex))
        if rng.random() < 0.25:
            self.redirected((self.far,), parent)
        else:
            full.append(self.apex((self.far,)))
        for zone in full:
            self.fill(zone)
        return self.world


def make(seed, signed=False):
    """The world of a seed: the same on each machine. Those to be signed are tamer:
    they have what both signers read and write so that all servers can read it."""
    rng = random.Random(f"features {seed}")
    features = {"below-dname"} if rng.random() < 0.1 else set()
    if signed:
        features.add("signed")
    return Maker(seed, features).make()
