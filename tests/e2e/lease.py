"""Kills announcers with leases of several lengths, and measures when the kernel takes their addresses away.

    lease.py BUILD FOLDER SECONDS...

In a network namespace of its own, which the caller makes. While an announcer lives its addresses are never
away; after its end they go within its seconds, and not much sooner.
"""
import os
import signal
import socket
import subprocess
import sys
import time

build, folder, leases = sys.argv[1], sys.argv[2], [int(word) for word in sys.argv[3:]]
RENEWED_S = 3  # longer than the shortest lease


def start(program, *arguments):
    process = subprocess.Popen([os.path.join(build, program), *arguments])
    started.append(process)
    return process


def there(lease):
    """Of the two addresses of this lease, how many stand on its marker."""
    shown = subprocess.run(["ip", "address", "show", "dev", f"m{lease}"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout
    return (f"192.0.2.{lease}/32" in shown) + (f"2001:db8::{lease}/128" in shown)


def say_up(lease):
    """Until it isn't refused: the announcer must have seen the server's heart beat."""
    for _ in range(200):
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(f"{folder}/control-{lease}")
                control.sendall(b"up\n")
                answer = control.recv(100)
        except OSError:
            answer = b""
        if answer.startswith(b"up "):
            return
        time.sleep(0.05)
    sys.exit(f"lease {lease}: {answer}")


def run():
    start("tests/sidecar/pharos-double", folder, "127.0.1.1@53")
    announcers = {}
    for lease in leases:
        subprocess.run(["ip", "link", "add", f"m{lease}", "type", "bridge"], check=True)
        subprocess.run(["ip", "link", "set", f"m{lease}", "up"], check=True)
        announcers[lease] = start(
            "pharos-announcer", "--address", f"192.0.2.{lease}", "--address", f"2001:db8::{lease}",
            "--interface", f"m{lease}", "--lease", str(lease), "--pulse", f"{folder}/pulse.sock",
            "--control", f"{folder}/control-{lease}")
    for lease in leases:
        say_up(lease)
    until = time.monotonic() + RENEWED_S
    while time.monotonic() < until:
        for lease in leases:
            if there(lease) != 2:
                sys.exit(f"lease {lease}: away while it's renewed")
    killed = time.monotonic()
    for announcer in announcers.values():
        announcer.send_signal(signal.SIGKILL)
    left = set(leases)
    while left:
        for lease in sorted(left):
            count, taken = there(lease), time.monotonic() - killed
            renewed = min(1.0, (lease - 1) / 4)  # as long before the death, at most
            if count != 2 and taken < lease - 1 - renewed - 0.3:
                sys.exit(f"lease {lease}: gone after {taken:.2f} s")
            if count != 0 and taken > lease:
                sys.exit(f"lease {lease}: there after {taken:.2f} s")
            if count == 0:
                print(f"lease {lease}: gone after {taken:.2f} s", flush=True)
                left.remove(lease)
        time.sleep(0.02)


started = []
try:
    run()
finally:
    for each in started:
        each.kill()
