# SPDX-License-Identifier: GPL-2.0
"""The KUnit suites, in the debug kernel, as PV dom0 and as PVH domU."""

import re
from functools import partial

from rig import kernel
from rig.machine import Boot
from rig.tests.console import boot, health
from rig.tests.registry import test
from rig.tests.tree import ROOT, files

SUITE = re.compile(r"kunit_tests\((\w+)\)")
BASELINE = "selftests/baseline/kunit"
# From the guest's own log: in a domU's boot the console has dom0's results too.
PAYLOAD = """dmesg -n 1
dmesg | sed 's/^\\[[ 0-9.]*\\] //' | grep -E '^ *(ok|not ok|#) ' | sed 's/^/KUNIT /'
dmesg -n 5
"""
RESULT = re.compile(r"^KUNIT (?P<indent> *)(?P<verdict>ok|not ok) \d+ (?P<name>[\w.-]+)", re.MULTILINE)


def expected():
    """The suites that have to run: each that our Rust defines, and the kernel's own of lazy MMU mode."""
    ours = (suite for path in files() if path.startswith("rust/") and path.endswith(".rs")
            for suite in SUITE.findall((ROOT / path).read_text()))
    return [*sorted(ours), "lazy_mmu_mode"]


def results(log):
    """The verdict of each suite, and what is said of the cases that failed."""
    verdicts, failed = {}, []
    for match in RESULT.finditer(log):
        if not match["indent"]:
            verdicts[match["name"]] = match["verdict"] == "ok"
        elif match["verdict"] == "not ok":
            failed.append(match["name"])
    said = re.findall(r"^KUNIT +(# .*(?:FAILED|EXPECTATION|ASSERTION).*)$", log, re.MULTILINE)
    return verdicts, [*failed, *said]


def known_failures(guest):
    """The suites that fail on stock C in this guest, recorded with the reason."""
    rows = (line.split() for line in (ROOT / BASELINE).read_text().splitlines() if not line.startswith("#"))
    return {row[1] for row in rows if row and row[0] == guest}


def suites(guest):
    """Every suite ran, and none fails that passes on stock C."""
    result = boot(Boot(kernel.build("ours", config="debug"), guest=guest, payload=PAYLOAD, timeout=900))
    verdicts, failed = results(result.log)
    known = known_failures(guest)
    for suite in expected():
        if suite in verdicts and suite in known and not verdicts[suite]:
            yield suite, None, f"fails on stock C too ({BASELINE})"
        else:
            yield suite, verdicts.get(suite, False), "\n".join(failed) if suite in verdicts else "did not run"
    yield from health(result)


for each in ("pv-dom0", "pvh-domu"):
    test(f"kunit/{each}", needs=["build/debug"], timeout=950, exclusive=each == "pvh-domu")(partial(suites, each))
