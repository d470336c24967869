# SPDX-License-Identifier: GPL-2.0
"""A dom0 that sleeps, as a laptop does."""

import contextlib
import re
import socket
import tempfile
import threading
from pathlib import Path

from rig import kernel
from rig.machine import Boot
from rig.tests.console import boot, health
from rig.tests.domu import GUEST, compiled
from rig.tests.registry import test

TURNS = 2
EVERY = 2
SLEPT = re.compile(r"^SLEPT (\d+)$", re.MULTILINE)


@contextlib.contextmanager
def waker():
    """A socket for QEMU's monitor, through which the machine is woken whenever it sleeps."""
    ended = threading.Event()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "monitor")
        thread = threading.Thread(target=wake, args=(path, ended))
        thread.start()
        try:
            yield path
        finally:
            ended.set()
            thread.join()


def wake(path, ended):
    """Ask for it again and again; a machine that is awake does not mind."""
    while not ended.wait(EVERY):
        with socket.socket(socket.AF_UNIX) as monitor, contextlib.suppress(OSError):
            monitor.connect(str(path))
            monitor.sendall(b"system_wakeup\n")
            monitor.recv(1)


@test("boot/pv-dom0-sleep", needs=["build/ours"], timeout=450)
def sleep():
    """A PV dom0 sleeps in ACPI S3 and wakes, with all its CPUs, and no clock steps back."""
    with compiled("ticker") as programs, waker() as monitor:
        result = boot(Boot(kernel.build("ours"), payload=f"sh /rig/sleep.sh {TURNS}\n", timeout=400, monitor=monitor,
                           files=programs | {"/rig/sleep.sh": GUEST / "sleep.sh"}))
    slept = SLEPT.findall(result.log)
    yield "each sleep ends well, with 2 CPUs", slept == ["2"] * TURNS, slept
    woken = result.log.count("Finishing wakeup from ACPI S3 state")
    yield "Xen has seen each", woken == TURNS, f"{woken} of {TURNS}"
    yield "the ticker ticks", len(re.findall("^TICK", result.log, re.MULTILINE)) > TURNS, "it does not"
    yield from health(result)
