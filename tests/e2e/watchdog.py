"""Stands in for the service manager: starts a program with NOTIFY_SOCKET and a watchdog of 400 ms.

    watchdog.py FOLDER PROGRAM ARGUMENT...

It must say READY=1 first, feed the watchdog in time from then on, be silent while it's stopped (SIGSTOP),
feed it again after that, and say STOPPING=1 when it's told to end.
"""
import os
import signal
import socket
import subprocess
import sys
import time

WATCHDOG_S = 0.4

folder, command = sys.argv[1], sys.argv[2:]
path = os.path.join(folder, "notify")
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(path)


def hear(timeout):
    """The next datagram; nothing after so many seconds."""
    manager.settimeout(timeout)
    try:
        return manager.recv(4096).decode()
    except (TimeoutError, BlockingIOError):
        return None


def expect(heard, wanted, when):
    if heard != wanted:
        process.kill()
        sys.exit(f"{when}: {heard!r} instead of {wanted!r}")


def expect_fed(when):
    for _ in range(4):
        expect(hear(5), "WATCHDOG=1", when)


process = subprocess.Popen(command, env=dict(
    os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC=str(int(WATCHDOG_S * 1000000))))
expect(hear(10), "READY=1", "at the start")
began = time.monotonic()
expect_fed("while it works")
if not WATCHDOG_S <= time.monotonic() - began <= 10 * WATCHDOG_S:
    expect(f"after {time.monotonic() - began:.2f} s", "every half of the watchdog's time", "four times")
process.send_signal(signal.SIGSTOP)
time.sleep(0.1)
while hear(0) is not None:
    pass  # sent before
expect(hear(3 * WATCHDOG_S), None, "while it hangs")
process.send_signal(signal.SIGCONT)
expect_fed("when it goes on")
process.terminate()
last = "WATCHDOG=1"
while last == "WATCHDOG=1":
    last = hear(5)
expect(last, "STOPPING=1", "at the end")
expect(process.wait(10), 0, "exit status")
