# SPDX-License-Identifier: GPL-2.0
"""What scripts/boot shows: a line for each stage that is reached, and the table at the end."""

import re
import time
from pathlib import Path

from rig import console, kernel
from rig.errors import UserError

TAIL = 30


def say(text):
    """Print a progress line at once, even into a pipe."""
    print(text, flush=True)


class Progress:
    """Reads the console as it comes: announces stages, remembers times and the guest's own facts."""

    def __init__(self, guest):
        self.facts = {}
        self.user_space = None
        self.shell = False
        self.begin = time.monotonic()
        say(f"booting {guest}")

    def line(self, text):
        """Take one console line; once a shell has the terminal, what it prints is the user's own."""
        if self.shell:
            return
        if text == console.SHELL:
            self.shell = True
            self.stage("a shell: `exit` powers the guest off, Ctrl-A X pulls the plug")
        elif match := re.match(r"\(XEN\) Xen version (\S+)", text):
            self.stage(f"Xen {match[1]}")
        elif text.startswith("RIG-CREATE"):
            self.stage("dom0 is up, the domU starts")
            self.begin = time.monotonic()
            self.user_space = None
        elif re.match(r"(\[.*\] )?Linux version ", text):
            self.stage("Linux starts")
        elif text.startswith("RIG-INIT"):
            self.user_space = time.monotonic() - self.begin
            self.stage("user space")
        elif match := re.match(r"RIG-FACT (\w+) (.+)", text):
            self.facts[match[1]] = match[2]
        elif match := re.match(r"RIG-ERROR (.+)", text):
            self.stage(match[1])

    def stage(self, text):
        """Announce a stage with the time since power-on or, in a domU, since its creation."""
        say(f"  {time.monotonic() - self.begin:5.1f} s  {text}")


def table(progress, built):
    """The closing table; mode, vCPUs and versions are what the running guest said."""
    facts = progress.facts
    names = {"ours": "this tree", "stock": "stock C", "fixed": "stock C with the lazy-MMU fix"}
    rows = (("mode", f"{facts.get('mode', '?')} {facts.get('domain', '')}".strip()),
            ("vCPUs", facts.get("vcpus", "?")),
            ("Xen", facts.get("xen", "?")),
            ("Linux", f"{facts.get('kernel', '?')}, {names[built.variant]}"),
            ("time to user space", f"{progress.user_space:.1f} s"),
            ("Rust in arch/x86/xen", f"{kernel.share(built):.1f} % of its text"))
    width = max(len(name) for name, _ in rows)
    return ["", *(f"  {name:{width}}  {value}" for name, value in rows)]


def tail(log):
    """The last lines of a console log."""
    return "\n".join(log.rstrip().splitlines()[-TAIL:])


def keep(name, log):
    """Write the console log where the user wants it."""
    try:
        Path(name).write_text(log, encoding="utf-8")
    except OSError as error:
        raise UserError(f"the log cannot be written to {name} ({error.strerror}): name a writable file") from error
