"""hostile_http.py HOST:PORT -- clients that hold, trickle, flood and lie to the sidecar's HTTP server

Ends with 0 where each of them is ended and well-behaved clients of other addresses are served meanwhile.
"""
import socket
import sys
import time

PATIENCE = 10  # HTTP_PATIENCE_MS of server/sidecar/http.h
CLIENT_MAX = 8  # HTTP_CONNECTIONS_CLIENT_MAX

host, port = sys.argv[1].rsplit(":", 1)
server = (host, int(port))


def connect(source="127.0.0.1"):
    return socket.create_connection(server, timeout=15, source_address=(source, 0))


def read_all(client):
    """What comes up to the end; b"" also where the server resets."""
    octets = b""
    try:
        while piece := client.recv(65536):
            octets += piece
    except ConnectionResetError:
        pass
    return octets


def ask(request, source="127.0.0.1"):
    with connect(source) as client:
        try:
            client.sendall(request)
        except (ConnectionResetError, BrokenPipeError):
            pass
        return read_all(client)


def served(source="127.0.0.1"):
    return ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", source).startswith(b"HTTP/1.1 200 ")


def ticks():
    page = ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").decode()
    return int(page.split("\npharos_sidecar_ticks_total ")[1].split("\n")[0])


def lies():
    """Requests that are none, or too much."""
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    wrong = [
        b"\x00" * 4096 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        head + b"X: " + b"a" * 100000 + b"\r\n\r\n",
        head + b"".join(b"X%d: y\r\n" % i for i in range(20000)) + b"\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ]
    for request in wrong:
        answer = ask(request)
        assert not answer.startswith(b"HTTP/1.1 200 "), (request[:60], answer[:200])
    assert ask(b"GET /%6det%00rics HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 404 ")
    assert served()


def one_request_each():
    """What is asked behind the first request isn't answered."""
    answer = ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    assert answer.count(b"HTTP/1.1 ") == 1, answer


def holders():
    """Silent, trickling and unread connections: more than one client may have, and for too long."""
    began = time.monotonic()
    before = ticks()
    silent = [connect("127.0.0.2") for _ in range(CLIENT_MAX)]
    trickling = [connect("127.0.0.3") for _ in range(CLIENT_MAX)]
    unread = connect("127.0.0.4")
    unread.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    for client in trickling:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
    deadline = began + 2
    while served("127.0.0.2"):  # the ninth of an address
        assert time.monotonic() < deadline, "one client has more connections than it may"
    open_still = list(trickling)
    while open_still:
        assert time.monotonic() - began < PATIENCE + 5, "a trickling client is served for ever"
        assert served(), "others aren't served"
        for client in list(open_still):
            try:
                client.sendall(b"y")
                client.settimeout(0.05)
                if client.recv(100) == b"":
                    open_still.remove(client)
            except TimeoutError:
                pass
            except OSError:
                open_still.remove(client)
    elapsed = time.monotonic() - began
    assert elapsed > PATIENCE / 2, "trickling clients were turned away at once"
    for client in silent:
        client.settimeout(5)
        assert read_all(client) == b""
    # A tick is 50 ms; a slow machine may miss some.
    assert ticks() - before > elapsed / 0.05 * 0.6, (ticks() - before, elapsed)


lies()
one_request_each()
holders()
assert served("127.0.0.2") and served("127.0.0.3")
