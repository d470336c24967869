# SPDX-License-Identifier: GPL-2.0
"""A test in a process of its own, so that one which hangs or dies harms no other."""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from rig.errors import UserError

FORK = multiprocessing.get_context("fork")
MARK = "XEN_RUST_TEST_WORKER"
GRACE = 15


class Worker:
    """A running test: its checks so far, its log, and when it has to be over."""

    def __init__(self, test, log):
        self.test, self.log, self.checks = test, log, []
        self.started = time.monotonic()
        self.pipe, far_end = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=work, args=(test, far_end, log))
        self.process.start()
        far_end.close()

    def seconds(self):
        """How long it has been running."""
        return time.monotonic() - self.started

    def receive(self):
        """Take the checks that have come in; True once no more will."""
        try:
            while self.pipe.poll():
                self.checks.append(self.pipe.recv())
        except EOFError:
            self.finish()
            return True
        if self.seconds() < self.test.timeout:
            return False
        self.stop()
        self.checks.append(("ends in time", False, f"cut after {self.test.timeout} s"))
        return True

    def finish(self):
        """Judge a test that closed its end of the pipe."""
        self.process.join(GRACE)
        if self.process.exitcode != 0:
            self.checks.append(("runs", False, f"the test's process ended with {self.process.exitcode}"))
        elif not self.checks:
            self.checks.append(("checks something", False, "the test made no check"))
        self.stop()

    def stop(self):
        """End the test and every process that it started, the politely asked ones first."""
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
        for pid in offspring(self.process.pid):
            os.kill(pid, signal.SIGKILL)


def offspring(worker):
    """The processes that carry this worker's mark in their environment, whatever session they are in."""
    mark = f"{MARK}={worker}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:
            continue


def work(test, pipe, log):
    """The worker's side: run the test and send its checks; whatever it prints is its log."""
    os.setsid()
    # SIGINT too: a shell ignores it for what it starts in the background, and that is inherited.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, interrupt)
    os.environ[MARK] = str(os.getpid())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 1)
    os.dup2(1, 2)
    sys.stdout = open(1, "w", buffering=1, errors="replace", closefd=False)
    try:
        for name, ok, detail in test.body():
            pipe.send((name, ok, detail))
    except UserError as error:
        pipe.send(("runs", False, str(error)))
    except Exception:
        pipe.send(("runs", False, traceback.format_exc()))


def interrupt(_signal, _frame):
    """Leave through the with and finally clauses of whatever is running, as Ctrl-C would."""
    raise KeyboardInterrupt
