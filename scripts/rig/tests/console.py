# SPDX-License-Identifier: GPL-2.0
"""Boots for tests, and what a console log must not hold."""

import re
from dataclasses import replace
from functools import partial

from rig import machine
from rig.tests.report import AGAIN
from rig.tests.tree import ROOT

BASELINE = "selftests/baseline/console"
TROUBLE = re.compile(r"WARNING:|\bBUG\b|\bOops\b|Xen WARN|multicall\(s\) failed|Kernel panic|unable to handle|FATAL"
                     r"|INFO: task|self-detected stall|detected stalls|soft lockup|Assertion .* failed|Unhandled"
                     r"|stepped back|ran away|double fault")
FAULT = re.compile(r"segfault at|trap \w+ ip:|general protection|stack segment|invalid opcode")
# What QEMU 7.2 does to stock C too, now and then, most of all where processors are busy. A guest that is lost each time
# is lost.
EMULATION = {
    # Nested SVM.
    "a triple fault of a PVH guest": re.compile(r"d\d+v\d+ Triple fault"),
    # Its translation of code that another CPU patches may be older than the code: the byte before RIP is not int3.
    "a breakpoint that is not in memory": re.compile(r"Oops: int3(?s:(?!Code:).)*Code:(?: \w\w)* (?!cc)\w\w <"),
}
# The line after which a log shows one of these whole, registers included.
WHOLE = re.compile(r"^\(XEN\) ds: |Code:")
ATTEMPTS = 3
PATIENCE = "rcupdate.rcu_cpu_stall_timeout=300"
# Xen ends a PV guest that stores an entry which L1TF could use. With the AMD CPUs that QEMU has, where memory is reserved
# up to the last of their 40 address bits, it would take any entry that is not present for one.
L1TF = {"cpu": "Nehalem", "xen_args": "pv-l1tf=dom0=true,domu=true"}
# A report of lockdep, which names the lock some lines below its headline.
LOCKDEP = re.compile(r"(WARNING: possible circular locking dependency detected)((?:\r?\n.*){1,5}?\s(at: \S+))")
# Time stamps, addresses and other numbers differ from boot to boot.
NUMBER = re.compile(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b")


class Lost(Exception):
    """A boot that came to nothing by the emulator's fault."""


def boot(what):
    """Boot, with the console in the test's log as it comes, so that a hang leaves its tail.

    Emulated CPUs of a busy machine stand still for longer than RCU would like; a hang is the test's to cut.
    """
    patient = replace(what, append=f"{what.append} {PATIENCE}".strip())
    for _attempt in range(ATTEMPTS - 1):
        try:
            return machine.run(patient, on_line=partial(watch, []))
        except Lost as fault:
            print(f"{AGAIN}the emulator, not the kernel: {fault}")
    return machine.run(patient, on_line=print)


def watch(lines, line):
    """Print the next line, and leave the boot if the log of these lines shows that the emulator has lost the guest."""
    print(line)
    lines.append(line)
    faults = emulation("\n".join(lines)) if WHOLE.search(line) else []
    if faults:
        raise Lost(", ".join(faults))


def emulation(log):
    """What in a log is the emulator's fault, not the kernel's."""
    return [name for name, pattern in EMULATION.items() if pattern.search(log)]


def known():
    """The lines of trouble that stock C prints on the same hypervisor, recorded."""
    return {line for line in (ROOT / BASELINE).read_text().splitlines() if line and not line.startswith("#")}


def trouble(log, faults):
    """The lines that tell of trouble, faults of programs included or not."""
    return [line.strip() for line in LOCKDEP.sub(r"\1 \3\2", log).splitlines()
            if TROUBLE.search(line) or (faults and FAULT.search(line))]


def normal(line):
    """A line without what differs from boot to boot: time, numbers, and on which CPU in which task it happened."""
    return NUMBER.sub("N", re.sub(r"^\[[ \d.]+\] |, CPU#.*$", "", line))


def health(result, faults=True, provoked=None):
    """What holds after every boot: it ended by itself, its payload passed, and no trouble on the console.

    Some kernel selftests fault on purpose: after these, faults is False. provoked is a pattern of other trouble that a
    test makes on purpose.
    """
    yield "ends by itself", not result.timed_out, f"cut after {result.seconds:.0f} s"
    if not result.timed_out:
        yield "payload passes", result.status == 0, f"exit status {result.status}"
    excused = known()
    found = [line for line in trouble(result.log, faults)
             if normal(line) not in excused and not (provoked and re.search(provoked, line))]
    yield "no trouble on the console", not found, "\n".join(found[:20])


def facts(log, word):
    """The lines 'WORD key value' that a payload printed, as a dictionary."""
    rows = re.findall(rf"^{word} (\S+) ?(.*?)\s*$", log, re.MULTILINE)
    return dict(rows)
