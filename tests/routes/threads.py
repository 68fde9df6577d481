"""Stops single threads of a process, by ptrace: a worker that's stuck while the others go on."""
import ctypes
import glob
import os

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if LIBC.ptrace(request, thread, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace of thread {thread}: {os.strerror(error)}")


def find(pid, name):
    """The threads of a process that bear this name."""
    threads = []
    for path in glob.glob(f"/proc/{pid}/task/*/comm"):
        with open(path, encoding="ascii", errors="replace") as file:
            if file.read().strip() == name:
                threads.append(int(path.split("/")[4]))
    return sorted(threads)


def freeze(thread):
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, WALL)


def thaw(thread):
    ptrace(PTRACE_DETACH, thread)
