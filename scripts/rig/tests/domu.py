# SPDX-License-Identifier: GPL-2.0
"""The life of a domU as xl sees it, from create to destroy."""

import re
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from rig import kernel
from rig.machine import Boot
from rig.tests.console import boot, health
from rig.tests.registry import test
from rig.tests.tree import ROOT

GUEST = ROOT / "selftests/guest"
CHECK = re.compile(r"^CHECK (ok|failed) ([^:\r\n]*)(?:: (.*))?$", re.MULTILINE)


def life(kind):
    """create, pause, vcpu-set, mem-set, save, restore, shutdown, destroy: alive after each, no clock steps back."""
    with tempfile.TemporaryDirectory() as directory:
        ticker = Path(directory, "ticker")
        subprocess.run(["cc", "-O2", "-static", "-o", ticker, GUEST / "ticker.c"], check=True)
        result = boot(Boot(kernel.build("ours"), memory=2048, xen_args="dom0_mem=768M,max:768M", timeout=900,
                           payload=f"sh /rig/domu-life.sh {kind}\n",
                           files={"/rig/domu-life.sh": GUEST / "domu-life.sh", "/rig/ticker": ticker}))
    steps = CHECK.findall(result.log)
    for verdict, name, detail in steps:
        yield name, verdict == "ok", detail
    planned = len(re.findall(r"^\t?check ", (GUEST / "domu-life.sh").read_text(), re.MULTILINE))
    yield "every step was taken", len(steps) >= planned, f"{len(steps)} of at least {planned}"
    yield from health(result)


for each in ("pv", "pvh"):
    test(f"domu/{each}", needs=["build/ours"], timeout=950)(partial(life, each))
