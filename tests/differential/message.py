"""message.py -- writes questions and reads answers, octet by octet

An answer is read strictly: Malformed tells what a sloppy reader would let pass (pointers that
don't point back, counts that aren't true, octets left over). For comparing, RRs become tuples
(owner, type, class, TTL, RDATA) with their names written out."""

import struct

import dns.rdata
import dns.rdataclass
import dns.rdatatype

import names

QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
OPT = 41

# Where names stand in RDATA: how many octets before each. Types whose names may be compressed
# (RFC 3597 section 4) and those whose may not.
COMPRESSIBLE = {2: (0,), 3: (0,), 4: (0,), 5: (0,), 6: (0, 0), 7: (0,), 8: (0,), 9: (0,),
                12: (0,), 14: (0, 0), 15: (2,)}
UNCOMPRESSED = {17: (0, 0), 18: (2,), 21: (2,), 26: (2, 0), 30: (0,), 33: (6,), 36: (2,),
                39: (0,), 46: (18,), 47: (0,), 58: (0, 0), 64: (2,), 65: (2,), 107: (2,)}
NAMES_IN = {**COMPRESSIBLE, **UNCOMPRESSED}


class Malformed(Exception):
    pass


class Reader:
    def __init__(self, octets):
        self.octets = octets
        self.at = 0

    def take(self, count):
        if self.at + count > len(self.octets):
            raise Malformed("the message ends too early")
        self.at += count
        return self.octets[self.at - count:self.at]

    def name(self, compressed=True):
        """The wire form, uncompressed, as it is written."""
        octets, parts, at, after, lowest = self.octets, [], self.at, None, self.at
        total = 1
        while True:
            if at >= len(octets):
                raise Malformed("a name ends too early")
            length = octets[at]
            if length >= 0xC0:
                if not compressed:
                    raise Malformed("a compressed name where RFC 3597 has none")
                if at + 1 >= len(octets):
                    raise Malformed("a pointer ends too early")
                target = (length & 0x3F) << 8 | octets[at + 1]
                if after is None:
                    after = at + 2
                if target >= lowest:
                    raise Malformed(f"the pointer at {at} doesn't point back")
                at = lowest = target
                continue
            if length > 63:
                raise Malformed("a label of an unknown kind")
            if at + 1 + length > len(octets):
                raise Malformed("a label ends too early")
            if length == 0:
                self.at = at + 1 if after is None else after
                return b"".join(parts) + b"\0"
            total += 1 + length
            if total > names.NAME_OCTETS_MAX:
                raise Malformed("a name of more than 255 octets")
            parts.append(octets[at:at + 1 + length])
            at += 1 + length

    def rdata(self, kind, length):
        """RDATA with its names written out, and the same in lower case."""
        end = self.at + length
        if end > len(self.octets):
            raise Malformed("RDATA ends too early")
        if kind not in NAMES_IN and kind != 35 or length == 0:
            rest = self.take(length)
            return rest, rest
        raw, low = b"", b""
        for before in NAMES_IN.get(kind, (None,)):
            if before is None:  # NAPTR: its three strings come before
                at = self.at + 4
                for _ in range(3):
                    at += 1 + self.octets[at]
                before = at - self.at
            fixed = self.take(before)
            name = self.name(kind in COMPRESSIBLE)
            raw += fixed + name
            low += fixed + name.lower()
        if self.at > end:
            raise Malformed("a name in RDATA passes its end")
        rest = self.take(end - self.at)
        return raw + rest, low + rest


class Answer:
    """One answer. `sections` are lists of RRs as written, `sets` the same as sorted tuples in
    lower case; `opt` is (payload size, version, flags, options) or None."""

    def __init__(self, octets):
        self.octets = octets
        reader = Reader(octets)
        (self.id, self.bits, questions, *counts) = struct.unpack("!6H", reader.take(12))
        self.question_octets = b""
        for _ in range(questions):
            start = reader.at
            reader.name()
            reader.take(4)
            self.question_octets += octets[start:reader.at]
        self.questions = questions
        self.opt = None
        self.rcode = self.bits & 15
        self.sections, self.sets = [], []
        for count in counts:
            section, low = [], []
            for _ in range(count):
                self.read_rr(reader, section, low)
            self.sections.append(section)
            self.sets.append(tuple(sorted(low)))
        if reader.at != len(octets):
            raise Malformed(f"{len(octets) - reader.at} octets after the message")

    def read_rr(self, reader, section, low):
        owner = reader.name()
        kind, klass, ttl, length = struct.unpack("!HHIH", reader.take(10))
        if kind == OPT:
            if self.opt is not None:
                raise Malformed("two OPT records")
            self.opt = (klass, ttl >> 16 & 0xFF, ttl & 0xFFFF, self.options(reader, length))
            self.rcode |= ttl >> 24 << 4
            return
        raw, lower = reader.rdata(kind, length)
        section.append((owner, kind, klass, ttl, raw))
        low.append((owner.lower(), kind, klass, ttl, lower))

    @staticmethod
    def options(reader, length):
        found, end = [], reader.at + length
        while reader.at < end:
            code, octets = struct.unpack("!HH", reader.take(4))
            found.append((code, reader.take(octets)))
        if reader.at != end:
            raise Malformed("options pass the end of OPT")
        return tuple(found)

    def flag(self, bit):
        return bool(self.bits & bit)

    def text(self):
        flags = " ".join(name for name, bit in (("qr", QR), ("aa", AA), ("tc", TC), ("rd", RD),
                                                ("ra", RA), ("ad", AD), ("cd", CD))
                         if self.bits & bit)
        lines = [f"{rcode_text(self.rcode)}; {flags}; {len(self.octets)} octets"]
        if self.opt is not None:
            payload, version, bits, options = self.opt
            lines.append(f"  OPT size {payload} version {version} flags {bits:#06x}"
                         + "".join(f" option {c}:{o.hex()}" for c, o in options))
        for title, section in zip(("answer", "authority", "additional"), self.sections):
            for rr in sorted(section)[:24]:
                lines.append(f"  {title:10} {rr_text(rr)}")
            if len(section) > 24:
                lines.append(f"  {title:10} ... and {len(section) - 24} more")
        return "\n".join(lines)


RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
          6: "YXDOMAIN", 9: "NOTAUTH", 16: "BADVERS", 23: "BADCOOKIE"}


def rcode_text(rcode):
    return RCODES.get(rcode, f"RCODE{rcode}")


def type_text(kind):
    return dns.rdatatype.to_text(kind)


def rr_text(rr):
    owner, kind, klass, ttl, octets = rr
    try:
        data = dns.rdata.from_wire(dns.rdataclass.IN, kind, octets, 0, len(octets)).to_text()
    except Exception:  # what dnspython can't read is shown as RFC 3597 has it
        data = f"\\# {len(octets)} {octets.hex()}"
    if len(data) > 200:
        data = data[:200] + "..."
    return f"{names.text(names.from_wire(owner))} {ttl} {type_text(kind)} {data}"
