# SPDX-License-Identifier: GPL-2.0
"""The life of a domU as xl sees it, from create to destroy."""

import contextlib
import re
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from rig import cache, kernel, packages
from rig.machine import Boot
from rig.tests.console import PATIENCE, boot, health
from rig.tests.registry import test
from rig.tests.tree import ROOT

GUEST = ROOT / "selftests/guest"
CHECK = re.compile(r"^CHECK (ok|failed) ([^:\r\n]*)(?:: (.*))?$", re.MULTILINE)
FINISHED = "finished"


def unpacked(*names, closure=False):
    """The content of some Debian packages, which are not installed."""
    debs = packages.fetch(names, closure=closure)
    return cache.entry(f"unpacked/{names[0]}", cache.digest(*(deb.name for deb in debs)),
                       partial(packages.unpack, debs))


@contextlib.contextmanager
def compiled(*names):
    """Programs of selftests/guest as files for a guest, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as directory:
        for name in names:
            subprocess.run(["cc", "-O2", "-static", "-o", Path(directory, name), GUEST / f"{name}.c"], check=True)
        yield {f"/rig/{name}": Path(directory, name) for name in names}


def led(call, timeout, files=None, built=None, programs=("ticker",), dom0="pv-dom0", dom0_mb=768, xen_args=""):
    """What a script of selftests/guest, called with its arguments, finds out that leads a domU from dom0."""
    with compiled(*programs) as binaries:
        scripts = {f"/rig/{name}": GUEST / name for name in ("domu.sh", call.split()[0])}
        result = boot(Boot(built or kernel.build("ours"), guest=dom0, timeout=timeout,
                           payload=f"DOMU_APPEND={PATIENCE} sh /rig/{call}\n",
                           xen_args=f"dom0_mem={dom0_mb}M,max:{dom0_mb}M {xen_args}".strip(),
                           files=binaries | scripts | (files or {})))
    yield from steps(result)
    yield from health(result)


def steps(result):
    """The checks that such a script made."""
    made = CHECK.findall(result.log)
    for verdict, name, detail in made:
        if name != FINISHED:
            yield name, verdict == "ok", detail
    yield "every step was taken", FINISHED in (name for _verdict, name, _detail in made), f"{len(made)} were"


def life(kind):
    """create, pause, vcpu-set, mem-set, save, restore, shutdown, destroy: alive after each, no clock steps back."""
    yield from led(f"domu-life.sh {kind}", timeout=900)


for each in ("pv", "pvh"):
    test(f"domu/{each}", needs=["build/ours"], timeout=1850, exclusive=each == "pvh")(partial(life, each))
