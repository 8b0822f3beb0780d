"""Stands in for runc's contrib/cmd/recvtty, which is written in Go:
    recvtty.py --pid-file FILE --mode null|single [--no-stdin] SOCKET
takes the terminals that come over the socket (SCM_RIGHTS) and reads them empty; in mode single it takes one, and writes to
standard output what comes from it."""

import argparse
import os
import socket
import threading

parser = argparse.ArgumentParser()
parser.add_argument("--pid-file", required=True)
parser.add_argument("--mode", choices=["null", "single"], required=True)
parser.add_argument("--no-stdin", action="store_true")
parser.add_argument("path")
options = parser.parse_args()


def drain(connection):
    _, fds, _, _ = socket.recv_fds(connection, 4096, 1)
    for fd in fds:
        try:
            while data := os.read(fd, 4096):
                if options.mode == "single":
                    os.write(1, data)
        except OSError:
            # EIO: nobody has the other end open any more
            pass


listener = socket.socket(socket.AF_UNIX)
listener.bind(options.path)
listener.listen()
if options.mode == "single":
    # a test that fails forgets us, and bats waits
    listener.settimeout(20)
with open(options.pid_file, "w", encoding="ascii") as file:
    file.write(str(os.getpid()))
if options.mode == "single":
    drain(listener.accept()[0])
else:
    while True:
        threading.Thread(target=drain, args=[listener.accept()[0]], daemon=True).start()
