# SPDX-License-Identifier: GPL-2.0
"""Calls of the kernel's make: the same tools and build identity each time, a log, no warning of objtool or modpost."""

import os
import re
import subprocess
import time

from rig import process
from rig.errors import UserError

IDENTITY = {"KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 2026", "KBUILD_BUILD_USER": "xen",
            "KBUILD_BUILD_HOST": "rust", "KBUILD_BUILD_VERSION": "1", "LC_ALL": "C"}
LEAK = re.compile(r"K(CFLAGS|AFLAGS|CPPFLAGS|RUSTFLAGS)|KBUILD_|KCONFIG_|(GNU)?MAKE|MFLAGS|ARCH$|CROSS_|LLVM|LOCALVERSION|O$")
REFUSED = re.compile(r"warning: objtool:|error: objtool:|WARNING: modpost:|ERROR: modpost:")
NOTABLE = re.compile(r"\b(warning|error)\b(\[\w+\])?:", re.IGNORECASE)
# A line of make's that tells what it does, "  CC      mm/mmap.o": bindgen and others say things too.
STEP = re.compile(r"  [A-Z]+ .*?(\S+)\s*$")
HEARTBEAT = 30


class Make:
    """make in one kernel tree."""

    def __init__(self, tree, tools):
        self.tree = tree
        self.log = tree.with_name(tree.name + ".log")
        self.words = ["make", f"-j{len(os.sched_getaffinity(0))}",
                      *(f"{key}={value}" for key, value in tools.items() if key != "PATH")]
        self.env = {key: value for key, value in os.environ.items() if not LEAK.match(key)} | tools | IDENTITY

    def target(self, *words, **variables):
        """Run a short target to its end."""
        done = process.output([*self.words, *words], cwd=self.tree, env=self.env | variables)
        if done.returncode:
            raise UserError(f"`make {' '.join(words)}` failed in {self.tree}: {process.last_line(done)}")

    def kernel(self, title, say):
        """Build everything that the configuration asks for."""
        say(f"building {title}")
        begin = time.monotonic()
        lines, refused = [], []
        try:
            with process.group(self.words, cwd=self.tree, env=self.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace") as child:
                self.follow(child.stdout, lines, say)
                status = child.wait()
        finally:
            refused = [line for line in lines if REFUSED.search(line)]
            self.forget(refused)
        for line in [line for line in lines if NOTABLE.search(line)][:40] if status or refused else ():
            say(f"  {line}")
        if status:
            if any("No space left on device" in line for line in lines):
                raise UserError(f"the disk of {self.tree} is full: free some space, or set XEN_RUST_CACHE to a roomier "
                                "place")
            raise UserError(f"the kernel does not build: the whole log is {self.log}")
        if refused:
            raise UserError(f"objtool or modpost warned, and neither may: mend what {self.log} names")
        say(f"built in {time.monotonic() - begin:.0f} s")

    def follow(self, output, lines, say):
        """Copy make's output to the log and to `lines`, telling now and then how far it is."""
        begin = told = time.monotonic()
        steps = 0
        with open(self.log, "w", encoding="utf-8") as log:
            for line in output:
                log.write(line)
                lines.append(line.rstrip())
                step = STEP.match(line)
                steps += bool(step)
                if step and time.monotonic() - told > HEARTBEAT:
                    told = time.monotonic()
                    say(f"  {steps} steps in {told - begin:.0f} s, now {step[1].removeprefix(f'{self.tree}/')}")

    def forget(self, refused):
        """Remove the objects that were warned about, so that the next build warns again instead of passing."""
        for line in refused:
            match = re.match(r"(\S+\.o): ", line)
            (self.tree / (match[1] if match else "vmlinux.o")).unlink(missing_ok=True)
