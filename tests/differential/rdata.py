"""rdata.py -- random RDATA of many types, as text that every server reads"""

import base64

import dns.rdata
import dns.rdataclass
import dns.rdatatype


def hexed(rng, low, high):
    return rng.randbytes(rng.randint(low, high)).hex()


def base64ed(rng, low, high):
    return base64.b64encode(rng.randbytes(rng.randint(low, high))).decode()


def quoted(rng, low, high):
    octets = rng.randbytes(rng.randint(low, high))
    return '"' + "".join(chr(o) if chr(o).isalnum() and o < 127 else "\\%03d" % o
                         for o in octets) + '"'


def strings(rng):
    return " ".join(quoted(rng, 0, rng.choice((5, 20, 255))) for _ in range(rng.randint(1, 3)))


def svcb(rng, target):
    if rng.random() < 0.3:
        return f"0 {target()}"
    params = [text for text in ("alpn=h2,h3", "port=8443", "ipv4hint=192.0.2.1,192.0.2.2",
                                "ipv6hint=2001:db8::1") if rng.random() < 0.5]
    return f"{rng.randint(1, 9)} {target()} " + " ".join(params)


def ipseckey(rng, target):
    kind, gateway = rng.choice(((0, lambda: "."), (1, lambda: "192.0.2.38"),
                                (2, lambda: "2001:db8::38"), (3, target)))
    return f"10 {kind} 2 {gateway()} {base64ed(rng, 4, 60)}"


# Each takes a source of randomness and a source of target names (as text).
RDATA = {
    "A": lambda r, t: "192.0.2.%d" % r.randint(1, 254),
    "AAAA": lambda r, t: "2001:db8::%x" % r.randint(1, 65535),
    "TXT": lambda r, t: strings(r),
    "MX": lambda r, t: f"{r.randint(0, 65535)} {t()}",
    "PTR": lambda r, t: t(),
    "SRV": lambda r, t: f"{r.randint(0, 9)} {r.randint(0, 9)} 5060 {t()}",
    "HINFO": lambda r, t: f"{quoted(r, 0, 20)} {quoted(r, 0, 20)}",
    "MINFO": lambda r, t: f"{t()} {t()}",
    "MB": lambda r, t: t(),
    "MG": lambda r, t: t(),
    "MR": lambda r, t: t(),
    "RP": lambda r, t: f"{t()} {t()}",
    "AFSDB": lambda r, t: f"{r.randint(0, 9)} {t()}",
    "RT": lambda r, t: f"{r.randint(0, 9)} {t()}",
    "X25": lambda r, t: '"311061700956"',
    "ISDN": lambda r, t: '"150862028003217" "004"',
    "PX": lambda r, t: f"{r.randint(0, 9)} {t()} {t()}",
    "KX": lambda r, t: f"{r.randint(0, 9)} {t()}",
    "LOC": lambda r, t: "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
    "NAPTR": lambda r, t: f'100 {r.randint(0, 99)} "u" "E2U+sip" "!^.*$!sip:a@b!" {t()}',
    "CERT": lambda r, t: f"1 {r.randint(0, 65535)} 8 {base64ed(r, 4, 90)}",
    "APL": lambda r, t: "1:192.0.2.0/24 !2:2001:db8::/32",
    "SSHFP": lambda r, t: "1 1 " + r.randbytes(20).hex(),
    "IPSECKEY": ipseckey,
    "DHCID": lambda r, t: base64ed(r, 35, 35),
    "TLSA": lambda r, t: "3 1 1 " + r.randbytes(32).hex(),
    "SMIMEA": lambda r, t: "3 1 1 " + r.randbytes(32).hex(),
    "OPENPGPKEY": lambda r, t: base64ed(r, 4, 400),
    "SVCB": svcb,
    "HTTPS": svcb,
    "SPF": lambda r, t: strings(r),
    "NID": lambda r, t: f"{r.randint(0, 99)} 0014:4fff:ff20:ee64",
    "L32": lambda r, t: f"{r.randint(0, 99)} 10.1.2.0",
    "L64": lambda r, t: f"{r.randint(0, 99)} 2001:0db8:1140:1000",
    "LP": lambda r, t: f"{r.randint(0, 99)} {t()}",
    "EUI48": lambda r, t: "00-00-5e-00-53-2a",
    "EUI64": lambda r, t: "00-00-5e-ef-10-00-00-2a",
    "URI": lambda r, t: f'{r.randint(0, 99)} 1 "https://example/%d"' % r.randint(0, 999),
    "CAA": lambda r, t: f"{r.choice((0, 128))} issue {quoted(r, 1, 30)}",
    "CDS": lambda r, t: f"{r.randint(0, 65535)} 13 2 " + r.randbytes(32).hex(),
    "CDNSKEY": lambda r, t: f"257 3 13 {base64ed(r, 64, 64)}",
    "CSYNC": lambda r, t: f"{r.randint(0, 99)} 3 A NS AAAA",
    "TYPE731": lambda r, t: f"\\# 6 {r.randbytes(6).hex()}",
    "TYPE65280": lambda r, t: "\\# 0",
}
def unknown(octets):
    return f"\\# {len(octets)} {octets.hex()}"


# Types that not every server has a word for, as RFC 3597 writes them; where the RDATA has a form it
# is of that form.
GENERIC = {
    10: lambda r: r.randbytes(r.randint(0, 300)),                              # NULL
    11: lambda r: bytes((192, 0, 2, 1, 6, 0, 0, 0, 64)),                       # WKS
    22: lambda r: r.randbytes(20),                                             # NSAP
    23: lambda r: b"\3ptr\4Nsap\0",                                           # NSAP-PTR
    25: lambda r: bytes((1, 0, 3, 8)) + r.randbytes(64),                       # KEY
    27: lambda r: b"\x07-32.688\x07116.869\x050.000",                             # GPOS
    31: lambda r: r.randbytes(12),                                             # EID
    32: lambda r: r.randbytes(12),                                             # NIMLOC
    34: lambda r: b"\1" + b"15550100",                                        # ATMA
    38: lambda r: b"\0" + r.randbytes(16),                                     # A6
    40: lambda r: b"\1\2\3" + r.randbytes(8),                                  # SINK
    55: lambda r: bytes((16, 2, 0, 64)) + r.randbytes(80),                     # HIP
    56: lambda r: b"\4info",                                                   # NINFO
    57: lambda r: bytes((0, 0, 3, 13)) + r.randbytes(64),                      # RKEY
    58: lambda r: b"\1a\4Link\0" + b"\1b\4link\0",                             # TALINK
    63: lambda r: bytes((0, 0, 0, 1, 1, 1)) + r.randbytes(48),                 # ZONEMD
    100: lambda r: b"uinfo",                                                   # UINFO
    258: lambda r: b"\3avc",                                                   # AVC
    259: lambda r: bytes(9) + b"\0" + r.randbytes(8),                          # DOA
    260: lambda r: bytes((10, 1)) + bytes((203, 0, 113, 15)),                  # AMTRELAY
    261: lambda r: b"\x08qnamemin",                                              # RESINFO
    32768: lambda r: bytes((0, 1, 8, 2)) + r.randbytes(32),                    # TA
    32769: lambda r: bytes((0, 1, 8, 2)) + r.randbytes(32),                    # DLV
}
for number, wire in GENERIC.items():
    RDATA[f"TYPE{number}"] = lambda r, t, wire=wire: unknown(wire(r))

RARE = sorted(set(RDATA) - {"A", "AAAA", "TXT", "MX"})

# Types that dnspython doesn't know, and one it knows with the same RDATA.
LIKE = {"MB": "PTR", "MG": "PTR", "MR": "PTR", "MINFO": "RP"}


def generic(kind, text):
    """The type and RDATA as RFC 3597 writes them."""
    number = {"MB": 7, "MG": 8, "MR": 9, "MINFO": 14}.get(kind) or dns.rdatatype.from_text(kind)
    wire = dns.rdata.from_text(dns.rdataclass.IN, LIKE.get(kind, kind), text).to_wire()
    return f"TYPE{number:d}", f"\\# {len(wire)} {wire.hex()}"

KNOT_KNOWS_NOT = ("ISDN", "MB", "MG", "MR", "PX", "X25")  # mnemonics that it refuses
# What signers don't read, or write so that others don't.
SIGNERS_SPOIL = KNOT_KNOWS_NOT + ("APL", "DHCID", "EUI64", "HTTPS", "IPSECKEY", "KX", "L32", "L64", "LP",
                                  "NID", "OPENPGPKEY", "SMIMEA", "SVCB", "X25", "CERT", "MINFO",
                                  "TYPE65280", "LOC") \
    + tuple(f"TYPE{number}" for number in GENERIC)
