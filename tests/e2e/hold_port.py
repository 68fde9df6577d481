"""Holds a TCP port of 127.0.0.1, which it prints, until it's killed."""
import signal
import socket

holder = socket.create_server(("127.0.0.1", 0))
print(holder.getsockname()[1], flush=True)
signal.pause()
