"""Asks the server on 127.0.0.1@PORT with TSIG, by dnspython, which checks the answers' MACs.

    tsig.py PORT SECRET
"""
import socket
import struct
import sys

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring

ALGORITHMS = ["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]


def query(name, algorithm, secret, rdtype="A"):
    message = dns.message.make_query("www.example.com", rdtype, use_edns=0, payload=1232)
    keyring = dns.tsigkeyring.from_text({name: (algorithm, secret)})
    message.use_tsig(keyring, keyname=name, algorithm=algorithm)
    return message


def check_answers(port, secret):
    for algorithm in ALGORITHMS:
        for ask in (dns.query.udp, dns.query.tcp):
            answer = ask(query(algorithm + ".key", algorithm, secret), "127.0.0.1", port=port, timeout=5)
            assert answer.rcode() == dns.rcode.NOERROR and answer.had_tsig, answer
            assert answer.answer[0][0].address == "192.0.2.2", answer


def check_refusals(port, secret):
    try:
        dns.query.udp(query("hmac-sha1.key", "hmac-sha1", "d3Jvbmc="), "127.0.0.1", port=port, timeout=5)
        raise AssertionError("a wrong secret was taken")
    except dns.tsig.PeerBadSignature:
        pass
    try:
        dns.query.udp(query("nobody.key", "hmac-sha1", secret), "127.0.0.1", port=port, timeout=5)
        raise AssertionError("an unknown key was taken")
    except dns.tsig.PeerBadKey:
        pass


def check_pipeline(port, secret):
    """Signed queries one after the other on a connection: each is a message of its own."""
    messages = [query(a + ".key", a, secret, t) for a in ALGORITHMS for t in ("A", "TXT")]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        wires = [m.to_wire() for m in messages]
        connection.sendall(b"".join(struct.pack("!H", len(w)) + w for w in wires))
        stream = connection.makefile("rb")
        for message in messages:
            (octets,) = struct.unpack("!H", stream.read(2))
            answer = dns.message.from_wire(stream.read(octets), keyring=message.keyring,
                                           request_mac=message.mac)
            assert answer.had_tsig and answer.id == message.id, answer
            assert answer.flags & dns.flags.AA, answer


def main():
    port, secret = int(sys.argv[1]), sys.argv[2]
    check_answers(port, secret)
    check_refusals(port, secret)
    check_pipeline(port, secret)
    print("all well")


main()
