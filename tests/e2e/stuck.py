"""stuck.py -- stops one thread of a server and asks on

    stuck.py PORT PID THREAD   stops the thread of that name (ptrace), and wants all answers, those of
                               the sockets that were the thread's a second late; then lets it go on

Exits 0 when every query was answered."""

import ctypes
import os
import socket
import struct
import sys
import time

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
NAME = b"\3www\7example\3com\0"
CLIENTS = 60


def query(number):
    return struct.pack("!6H", number, 0, 1, 0, 0, 0) + NAME + struct.pack("!2H", 1, 1)


def find(pid, name):
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm", encoding="ascii") as comm:
            if comm.read().strip() == name:
                return int(tid)
    raise SystemExit(f"process {pid} has no thread {name}")


def ptrace(request, tid):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def ask_all(port):
    """Asks from many ports over both transports. Returns how long the slowest answer took."""
    clients = []
    for number in range(CLIENTS):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.connect(("127.0.0.1", port))
        udp.send(query(number))
        tcp = socket.create_connection(("127.0.0.1", port), timeout=10)
        message = query(number)
        tcp.sendall(struct.pack("!H", len(message)) + message)
        clients.append((number, time.monotonic(), udp, tcp))
    slowest = 0
    for number, since, udp, tcp in clients:
        for s, skip in ((udp, 0), (tcp, 2)):
            s.settimeout(10)
            answer = s.recv(4096)[skip:]
            if answer[:2] != struct.pack("!H", number) or answer[7] != 1:
                raise SystemExit(f"a wrong answer to query {number}")
            slowest = max(slowest, time.monotonic() - since)
            s.close()
    return slowest


def main():
    port, pid, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    tid = find(pid, name)
    ask_all(port)
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    stuck = ask_all(port)
    later = ask_all(port)
    print(f"the slowest answer took {stuck:.2f} s, {later:.2f} s once a neighbour reads")
    ptrace(PTRACE_DETACH, tid)
    # Well after the second that a neighbour waits, but before it would have begun unasked.
    return 0 if 0.8 < stuck < 5 and later < 0.8 else 1


if __name__ == "__main__":
    sys.exit(main())
