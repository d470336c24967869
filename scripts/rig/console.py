# SPDX-License-Identifier: GPL-2.0
"""The console of a running QEMU: followed line by line, and joined to the terminal when somebody sits there."""

import contextlib
import os
import selectors
import subprocess
import sys
import termios
import time
import tty

from rig import process

SHELL = "RIG-SHELL"
EXIT = "RIG-EXIT "
END_OF_FILE = b"\x04"
GRACE = 60


def follow(command, timeout, on_line, interactive):
    """Run QEMU to its end or to the timeout; returns the log, whether time ran out, and QEMU's own complaint.

    A guest that has told its exit status gets a short while to power off. Once a shell has the terminal there is no
    timeout.
    """
    screen = Screen(on_line)
    deadline = time.monotonic() + timeout
    with process.group(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child, \
            contextlib.ExitStack() as stack, selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        attached = timed_out = False
        while True:
            left = None if attached else deadline - time.monotonic()
            if left is not None and left <= 0:
                timed_out = not screen.ended
                break
            sources = [key.fileobj for key, _ in ready.select(left)]
            if child.stdout in sources:
                data = os.read(child.stdout.fileno(), 65536)
                if not data:
                    break
                screen.feed(data, attached)
            if sys.stdin in sources:
                keys = os.read(sys.stdin.fileno(), 4096)
                os.write(child.stdin.fileno(), keys or END_OF_FILE)
                if not keys:
                    ready.unregister(sys.stdin)
            if screen.ended:
                attached, deadline = False, screen.ended + GRACE
            elif interactive and screen.shell and not attached:
                attached = True
                stack.enter_context(raw_terminal())
                ready.register(sys.stdin, selectors.EVENT_READ)
        screen.feed(b"\n", False)
        child.kill()
        complaint = child.stderr.read().decode(errors="replace").strip().splitlines()
    return "\n".join(screen.lines) + "\n", timed_out, complaint[0] if complaint else ""


class Screen:
    """What the console printed, as lines."""

    def __init__(self, on_line):
        self.on_line = on_line
        self.lines = []
        self.rest = b""
        self.shell = False
        self.ended = None

    def feed(self, data, attached):
        """Take the next bytes; while attached they go to the terminal too."""
        if attached:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        *whole, self.rest = (self.rest + data).split(b"\n")
        for raw in whole:
            line = raw.decode(errors="replace").strip("\r")
            self.lines.append(line)
            self.shell = self.shell or line == SHELL
            if line.startswith(EXIT):
                self.ended = time.monotonic()
            if self.on_line:
                self.on_line(line)


@contextlib.contextmanager
def raw_terminal():
    """Hand every key to the guest while the context lasts."""
    if not sys.stdin.isatty():
        yield
        return
    saved = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
