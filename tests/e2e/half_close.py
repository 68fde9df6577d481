#!/usr/bin/python3
"""half_close.py PORT COUNT NAME -- asks COUNT times for NAME's TXT, with EDNS, over one TCP connection, closes
its half, and reads to the end. Prints how many answers came, whether all IDs are among them, and the octets of
the longest (RFC 7766, RFC 1035 section 4.2.2)."""
import socket
import struct
import sys


def query(ident, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    message = (struct.pack(">6H", ident, 0, 1, 0, 0, 1) + labels + b"\0" + struct.pack(">2H", 16, 1)
               + b"\0" + struct.pack(">2HIH", 41, 1232, 0, 0))
    return struct.pack(">H", len(message)) + message


def main():
    port, count, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"".join(query(ident, name) for ident in range(count)))
        connection.shutdown(socket.SHUT_WR)
        received = bytearray()
        while chunk := connection.recv(1 << 20):
            received += chunk
    identities, longest, at = [], 0, 0
    while at < len(received):
        octets = struct.unpack_from(">H", received, at)[0]
        message = received[at + 2:at + 2 + octets]
        if len(message) != octets:
            sys.exit("the last message is cut off")
        ident, bits, _, answers = struct.unpack_from(">4H", message)
        if bits & 0x020f or answers == 0:
            sys.exit(f"answer {ident}: flags and RCODE {bits:#x}, {answers} RRs")
        identities.append(ident)
        longest = max(longest, octets)
        at += 2 + octets
    print(len(identities), "all" if sorted(identities) == list(range(count)) else "not all", longest)


main()
