# SPDX-License-Identifier: GPL-2.0
"""The pure modules' unit and property tests, run on this machine."""

import os
import re
import shutil
import sys

from rig import cache, packages, process
from rig.tests.registry import test
from rig.tests.tree import ROOT


@test("host/cargo", timeout=600, exclusive=True)
def cargo():
    """cargo test of selftests/host passes."""
    if not shutil.which("cargo"):
        packages.ensure(["cargo-web"])
    place = {"cwd": ROOT / "selftests/host", "env": {**os.environ, "CARGO_TARGET_DIR": str(cache.root() / "host-tests")}}
    # What cargo built for another checkout passes for up to date: it looks at that one's files.
    process.output(["cargo", "clean", "--package", "xen-host-tests"], **place)
    done = process.output(["cargo", "test", "--locked"], **place)
    print(done.stdout, done.stderr)
    passed = sum(int(count) for count in re.findall(r"^test result: \w+\. (\d+) passed", done.stdout, re.MULTILINE))
    failed = re.findall(r"^test (.*) \.\.\. FAILED$", done.stdout, re.MULTILINE)
    yield "tests pass", done.returncode == 0, "\n".join(failed)
    yield "tests ran", passed > 0, "cargo reported no test that passed"


@test("host/python", timeout=60)
def python():
    """The unit tests of the scripts pass."""
    done = process.output([sys.executable, "-m", "unittest", "discover", "-s", "scripts", "-p", "test_*.py"], cwd=ROOT)
    print(done.stdout, done.stderr)
    ran = re.search(r"^Ran (\d+) tests?", done.stderr, re.MULTILINE)
    yield "tests pass", done.returncode == 0, done.stderr
    yield "tests ran", bool(ran and int(ran[1])), done.stderr
