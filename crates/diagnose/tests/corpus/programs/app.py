"""One attempt, as a Python program makes and reports it: app.py write|read|mkdir PATH, app.py bind PORT, app.py wx."""
import mmap
import os
import socket
import sys

what, arg = sys.argv[1], sys.argv[2]
if what == "write":
    open(arg, "w").close()
if what == "read":
    open(arg).close()
if what == "mkdir":
    os.mkdir(arg)
if what == "bind":
    server = socket.socket()
    server.bind(("0.0.0.0", int(arg)))
if what == "wx":
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
