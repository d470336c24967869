# SPDX-License-Identifier: GPL-2.0
"""What a run prints: KTAP version 1 and the closing line."""

import sys

TAIL = 60
# Begins a line of a test's log that is to be seen even where the test passes.
AGAIN = "once more: "
CLEAR = "\r\033[K"


class Report:
    """Prints each test when it is over and counts its checks."""

    def __init__(self, planned):
        self.number, self.passed, self.failed, self.skipped = 0, 0, 0, 0
        say("KTAP version 1")
        say(f"1..{planned}")

    def result(self, test, checks, seconds, log):
        """Print a finished test: its checks, and the end of its log if one of them failed."""
        say("    KTAP version 1")
        say(f"    # Subtest: {test.name}")
        say(f"    1..{len(checks)}")
        for number, (name, ok, detail) in enumerate(checks, 1):
            self.check(number, name, ok, str(detail))
        for line in content(log):
            if line.startswith(AGAIN):
                say(f"    # {line}")
        failed = any(ok is False for _name, ok, _detail in checks)
        if failed:
            self.tail(log)
        say(f"    # {seconds:.0f} s")
        self.number += 1
        say(f"{'not ok' if failed else 'ok'} {self.number} {test.name}")

    def check(self, number, name, ok, detail):
        """Print one check, with the reason when it did not pass."""
        if ok is None:
            self.skipped += 1
            say(f"    ok {number} {name} # SKIP {detail}")
        elif ok:
            self.passed += 1
            say(f"    ok {number} {name}")
        else:
            self.failed += 1
            say(f"    not ok {number} {name}")
            for line in detail.splitlines():
                say(f"    # {line}")

    def tail(self, log):
        """Print the last lines of a log, and where the whole of it is."""
        lines = content(log)
        if not lines:
            return
        say(f"    # the last {min(TAIL, len(lines))} lines of {log}:")
        for line in lines[-TAIL:]:
            say(f"    # | {line}")

    def skip(self, test, reason):
        """Print a test that was not run."""
        self.number += 1
        self.skipped += 1
        say(f"ok {self.number} {test.name} # SKIP {reason}")

    def close(self):
        """Print the closing line; the result is the exit status."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        say(f"{self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed else 0


def content(log):
    """The lines of a log, if there is one."""
    return log.read_text(errors="replace").splitlines() if log.exists() else []


def say(line):
    """Print a line at once: a run is long, and its output is often a pipe."""
    show("")
    print(line, flush=True)


def show(status):
    """Tell somebody at a terminal what is running; nothing of it stays in the output."""
    if sys.stderr.isatty():
        print(f"{CLEAR}{status}", end="", file=sys.stderr, flush=True)
