"""What the router's kernel does with the service addresses, and when."""
import re
import subprocess
import threading
import time

SERVICE = ["192.0.2.53", "2001:db8::53"]


class Failure(Exception):
    """What a scenario demands isn't so."""


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def wait_for(what, condition, limit_s):
    """Waits until `condition()` is true; returns how long that took, in seconds."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > limit_s:
            raise Failure(f"{what}: not within {limit_s} s")
        time.sleep(0.01)
    return time.monotonic() - begin


class Fib:
    """Follows the routes to the service addresses in a router's kernel, with the time of each change."""

    def __init__(self, namespace, addresses):
        self.events = []  # (wall time, address, set of gateways)
        self.now = {address: set() for address in addresses}
        self.process = subprocess.Popen(
            ["ip", "-n", namespace, "-o", "-tshort", "monitor", "route"],
            stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        for line in self.process.stdout:
            when = time.time()
            words = line.split("] ", 1)
            text = words[-1].strip()
            stamp = re.match(r"\[(\S+?)\.(\d+)", line)
            if stamp:
                seconds = time.mktime(time.strptime(stamp[1], "%Y-%m-%dT%H:%M:%S"))
                when = seconds + float("0." + stamp[2])
            deleted = text.startswith("Deleted ")
            text = text.removeprefix("Deleted ")
            address = text.split(" ", 1)[0]
            if address in self.now:
                self.apply(when, address, set(re.findall(r"via (\S+)", text)), deleted)

    def apply(self, when, address, gateways, deleted):
        """An event has the whole route, but for a deletion of one of several next hops (IPv6)."""
        self.now[address] = self.now[address] - gateways if deleted else gateways
        self.events.append((when, address, frozenset(self.now[address])))

    def changes(self, since):
        return [event for event in self.events if event[0] >= since]
