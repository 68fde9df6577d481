#!/usr/bin/env python3
"""Sends frames of many kinds, as they are on the wire, and tells which are answered.

    frames.py INTERFACE SERVER-MAC KIND...

From 10.99.0.2 and fd99::2 to 10.99.0.1 and fd99::1, port 53; each asks for www.example.com A. A line a kind:
its name, then "answered" or "silent", and the VLAN tag that the answer had. A kind that should be silent is followed by a sound frame of the same
queue: when that is answered, the other would have been. ID 0 counts as no answer, since none has it."""
import socket
import struct
import sys
import time

PATIENCE = 5
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 16  # linux/if_packet.h


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def query(ident):
    return (struct.pack("!6H", ident, 0, 1, 0, 0, 0) + b"\3www\7example\3com\0" + struct.pack("!2H", 1, 1))


class Sender:
    def __init__(self, interface, server_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.bind((interface, 0))
        self.own = self.socket.getsockname()[4]
        self.server = bytes.fromhex(server_mac.replace(":", ""))
        self.ident = 0
        self.answered = {}  # ID to tag, None: without

    def udp(self, source, target, payload, protocol_sum=None, port=53):
        head = struct.pack("!4H", 4000 + self.ident, port, 8 + len(payload), 0)
        pseudo = source + target + struct.pack("!2H", 17, 8 + len(payload))
        right = checksum(pseudo + head + payload) or 0xFFFF
        return head[:6] + struct.pack("!H", right if protocol_sum is None else protocol_sum(right)) + payload

    def ethernet(self, packet, kind, mac=None, tags=()):
        tag = b"".join(struct.pack("!2H", *each) for each in tags)
        return (mac or self.server) + self.own + tag + struct.pack("!H", kind) + packet

    def ipv4(self, payload, source="10.99.0.2", target="10.99.0.1", fragment=0, options=b"", ttl=64, wrong=0):
        source, target = socket.inet_aton(source), socket.inet_aton(target)
        head = struct.pack("!2B3H2BH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), self.ident,
                           fragment, ttl, 17, 0) + source + target + options
        return head[:10] + struct.pack("!H", checksum(head) ^ wrong) + head[12:] + payload

    def ipv6(self, payload, following=17, source="fd99::2", target="fd99::1"):
        source, target = (socket.inet_pton(socket.AF_INET6, each) for each in (source, target))
        return struct.pack("!IHBB", 6 << 28, len(payload), following, 64) + source + target + payload

    def frames(self, kind):
        """The frames of a kind, and whether it should be answered."""
        four = [socket.inet_aton(each) for each in ("10.99.0.2", "10.99.0.1")]
        six = [socket.inet_pton(socket.AF_INET6, each) for each in ("fd99::2", "fd99::1")]
        asked = query(self.ident)
        udp4, udp6 = self.udp(*four, asked), self.udp(*six, asked)

        def plain4(udp, **more):
            return [self.ethernet(self.ipv4(udp, **more), 0x0800)]

        def plain6(packet):
            return [self.ethernet(packet, 0x86DD)]

        other = socket.inet_aton("127.0.0.9")
        half = 16
        return {
            "sound4": lambda: (plain4(udp4), True),
            "sound6": lambda: (plain6(self.ipv6(udp6)), True),
            "wrong-udp-checksum4": lambda: (plain4(self.udp(*four, asked, lambda c: c ^ 0x0100)), False),
            "wrong-udp-checksum6": lambda: (plain6(self.ipv6(self.udp(*six, asked, lambda c: c ^ 0x0100))), False),
            "wrong-ip-checksum": lambda: (plain4(udp4, wrong=1), False),
            "no-checksum4": lambda: (plain4(self.udp(*four, asked, lambda c: 0)), True),
            "no-checksum6": lambda: (plain6(self.ipv6(self.udp(*six, asked, lambda c: 0))), False),
            "loopback-source": lambda: (plain4(self.udp(other, four[1], asked), source="127.0.0.9"), False),
            "tagged4": lambda: ([self.ethernet(self.ipv4(udp4), 0x0800, tags=((0x8100, 0x2005),))], True),
            "tagged6": lambda: ([self.ethernet(self.ipv6(udp6), 0x86DD, tags=((0x8100, 0x6FFE),))], True),
            "tagged-wrong-checksum": lambda: ([self.ethernet(self.ipv4(udp4, wrong=1), 0x0800,
                                                             tags=((0x8100, 5),))], False),
            "padded": lambda: ([frame + bytes(20) for frame in plain4(udp4)], True),
            "fragments4": lambda: (plain4(udp4[:half], fragment=0x2000)
                                   + plain4(udp4[half:], fragment=half // 8), True),
            "options": lambda: (plain4(udp4, options=b"\1\1\1\0"), True),
            "fragments6": lambda: (plain6(self.ipv6(struct.pack("!2BHI", 17, 0, 1, 7) + udp6[:half], 44))
                                   + plain6(self.ipv6(struct.pack("!2BHI", 17, 0, half, 7) + udp6[half:], 44)), True),
            "destination-options": lambda: (plain6(self.ipv6(struct.pack("!4BI", 17, 0, 1, 4, 0) + udp6, 60)), True),
            "other-mac": lambda: ([self.ethernet(self.ipv4(udp4), 0x0800, mac=b"\2\0\0\0\0\x99")], False),
            "two-tags": lambda: ([self.ethernet(self.ipv4(udp4), 0x0800, tags=((0x88A8, 5), (0x8100, 6)))], False),
            "cut-off": lambda: ([frame[:-9] for frame in plain4(udp4)], False),
            "udp-too-short": lambda: (plain4(udp4[:4] + b"\0\7" + udp4[6:]), False),
            "other-port": lambda: (plain4(self.udp(*four, asked, port=5353)), False),
        }[kind]()

    def send(self, frames):
        for frame in frames:
            self.socket.send(frame)

    def hear(self, ident, limit=PATIENCE):
        end = time.monotonic() + limit
        while ident not in self.answered and time.monotonic() < end:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                frame, told, _, _ = self.socket.recvmsg(65536, 256)
            except TimeoutError:
                break
            at = 34 if frame[12:14] == b"\x08\x00" else 54
            if frame[:6] == self.own and frame[at:at + 2] == b"\0\x35" and len(frame) > at + 10 and frame[at + 10] & 0x80:
                # The kernel takes the tag out of the frame and tells it beside.
                status, _, _, _, _, tag, _ = struct.unpack("=3I4H", told[0][2])
                self.answered[struct.unpack("!H", frame[at + 8:at + 10])[0]] = (
                    tag if status & TP_STATUS_VLAN_VALID else None)
        return ident in self.answered

    def run(self, kind):
        self.ident += 1
        ident = self.ident
        frames, answered = self.frames(kind)
        self.send(frames)
        if not answered:
            self.ident += 1
            sound, _ = self.frames("sound6" if kind.endswith("6") else "sound4")
            self.send(sound)
            if not self.hear(self.ident):
                sys.exit(f"after {kind} nothing is answered")
        heard = self.hear(ident, PATIENCE if answered else 0)
        tag = self.answered.get(ident)
        print(kind, "answered" if heard else "silent", *[f"tag {tag:#x}"] if tag is not None else [])


def main():
    sender = Sender(sys.argv[1], sys.argv[2])
    for kind in sys.argv[3:]:
        sender.run(kind)


main()
