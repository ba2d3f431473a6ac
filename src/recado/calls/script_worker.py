"""The main program of a process that runs scripts: `python -I -m recado.calls.script_worker`, on two pipes.

It imports nothing else of Recado, has no environment, and closes every door behind itself before it reads the first
script. What WebAssembly keeps in is not the only wall: whoever broke it would find a process that can open nothing.
"""

import ctypes
import json
import math
import os
import struct
import sys
import threading
import time
from typing import BinaryIO

from recado.calls.script_guest import Guest

if sys.platform != "win32":
    import resource

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
SIGKILL = 9
# The guest's memory and Python's own. Address space cannot be the measure: a WebAssembly memory reserves gigabytes.
DATA = 256 * 1024 * 1024
THREAD_STACK = 8 * 1024 * 1024
LENGTH = struct.Struct(">I")


def main() -> None:
    """Answers scripts until the pipe ends; a thread does it, for only a thread's stack has a size of our choice."""
    _step_back()
    threading.stack_size(THREAD_STACK)
    serving = threading.Thread(target=_serve, args=_pipes(), daemon=True)
    serving.start()
    serving.join()


def _serve(inlet: BinaryIO, outlet: BinaryIO) -> None:
    compiled = read(inlet)
    if compiled is None:
        return
    guest = Guest(compiled)
    guest.run("return 1", "{}")  # loads whatever is loaded late, while that is still possible
    _close_doors()
    write(outlet, b"" if compiled else guest.compiled())
    while (frame := read(inlet)) is not None:
        asked = json.loads(frame)
        _allow_seconds(asked["seconds"])
        write(outlet, guest.run(asked["code"], asked["inputs"]).encode())


def read(inlet: BinaryIO) -> bytes | None:
    """Reads one frame, a length of four bytes and so many bytes; None at the end of the pipe."""
    head = inlet.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = inlet.read(length)
    return body if len(body) == length else None


def write(outlet: BinaryIO, body: bytes) -> None:
    """Writes one frame."""
    outlet.write(LENGTH.pack(len(body)) + body)
    outlet.flush()


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Takes the two pipes away from the standard streams, so that nothing printed gets between the frames."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    return inlet, outlet


def _step_back() -> None:
    """Lets everything else on the machine go first, gains no privilege ever, and ends with the server."""
    if sys.platform != "win32":
        os.nice(10)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _close_doors() -> None:
    """Gives up what a script never needs: files, sockets, children, and more memory."""
    if sys.platform == "win32":
        return
    # No descriptor is below 0: what is open stays open, and nothing else can ever be opened.
    for door in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(door, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (DATA, DATA))


def _allow_seconds(seconds: float) -> None:
    """Lets the kernel end the process if the server is too busy to do it in time."""
    if sys.platform != "win32":
        soft = math.ceil(time.process_time() + seconds) + 1
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main()
