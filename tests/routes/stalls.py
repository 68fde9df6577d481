"""How long this machine stood still: what it did to somebody who only wanted to wake up in time.

On a stalled machine a figure says nothing of the nodes: neither that they keep its limit nor that they
don't."""
import os
import threading
import time

PERIOD_S = 0.005
STALL_S = 0.025  # the tightest limit of a time is 30 ms
STEAL_S = 0.1  # how often what the hypervisor took is read; it's counted in hundredths of a second


def stolen_s(cpu):
    """What the hypervisor gave to others of this CPU's time, since the machine's start."""
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] == f"cpu{cpu}":
                return int(words[8]) / os.sysconf("SC_CLK_TCK")
    return 0


class Watch:
    """From now on, a thread on each CPU: one of them may stand still while the others go on."""

    def __init__(self):
        self.stalls = []  # (wall time of its beginning, of its end, seconds lost)
        for cpu in os.sched_getaffinity(0):
            threading.Thread(target=self.follow, args=(cpu,), daemon=True).start()

    def follow(self, cpu):
        os.sched_setaffinity(0, {cpu})  # this thread alone
        stolen, read = stolen_s(cpu), time.monotonic()
        while True:
            slept = time.monotonic()
            time.sleep(PERIOD_S)
            now = time.monotonic()
            self.note(now - slept, now - slept - PERIOD_S)
            if now - read >= STEAL_S:
                before, stolen = stolen, stolen_s(cpu)
                self.note(now - read, stolen - before)
                read = now

    def note(self, span_s, lost_s):
        """So much of the time up to now was lost."""
        if lost_s > STALL_S:
            now = time.time()
            self.stalls.append((now - span_s, now, lost_s))

    def worst_ms(self, since, until):
        """The longest stall of which a part is between these wall times; 0: none."""
        return 1000 * max((lost for begin, end, lost in self.stalls if end > since and begin < until),
                          default=0)
