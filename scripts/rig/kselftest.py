# SPDX-License-Identifier: GPL-2.0
"""The kernel's own kselftests and ours, built natively, run in a guest, and judged against stock C."""

import re
import shutil
from pathlib import Path

from rig import cache, machine, packages, process, rootfs
from rig.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "selftests/xen"
BASELINE = ROOT / "selftests/baseline"
GUEST_DIR = "/ksft"

# Each set is one boot.
SETS = {
    "xen": ("xen",),
    "cpu": ("x86", "breakpoints", "ptrace", "signal", "sched", "seccomp", "exec", "clone3", "cpu-hotplug"),
    "time": ("timers", "timens", "vDSO", "rseq", "membarrier", "futex"),
    "mm": ("mincore", "memfd", "mm"),
}
COLLECTIONS = [name for names in SETS.values() for name in names]

# What the tests link with, beyond what a kernel build needs.
PACKAGES = ("libc6-dev", "libcap-dev", "libnuma-dev", "gcc", "make")

# As much of a kernel tree as make headers and the selftests read.
TREE = ("Makefile", "Kbuild", "Kconfig", "scripts", "include", "usr/include/Makefile", "mm/gup_test.h",
        "samples/check-exec", "arch/x86/Makefile", "arch/x86/include", "arch/x86/entry", "tools/arch",
        "tools/build", "tools/include", "tools/lib", "tools/scripts", "tools/testing/selftests")
BUILT = shutil.ignore_patterns("*.o", "*.a", "*.cmd", "*.d")
SOURCES = {".c", ".h", ".S", ".o", ".d", ".mk", ".lds"}
ROOM = 1_000_000_000

# None takes half as long on an idle machine.
SECONDS = 120
# Shorter than what they do by themselves.
ARGUMENTS = {"timers:inconsistency-check": "-t 2", "timers:threadtest": "-t 5"}
RESULTS = ("pass", "fail", "skip", "timeout")


def install(tree, say=print):
    """Build the tests from a kernel tree, which stays as it is; a directory for each collection, and `tests`."""
    packages.ensure(PACKAGES, say)
    makefile = (tree / "Makefile").read_text(encoding="utf-8")
    version = re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)", makefile, re.MULTILINE)
    own = sorted(path for path in OURS.rglob("*") if path.is_file())
    key = cache.digest(*version, packages.release(), *COLLECTIONS, Path(__file__), *own)

    def make(directory):
        cache.need(ROOM, "building the kernel selftests")
        say("building the kernel selftests")
        copy = directory / "tree"
        copy_tree(tree, copy)
        build(copy)
        listed = [name for collection in COLLECTIONS for name in collect(copy, directory, collection)]
        (directory / "tests").write_text("\n".join(listed) + "\n", encoding="utf-8")
        shutil.copytree(copy / "tools/testing/selftests/kselftest", directory / "kselftest")
        shutil.rmtree(copy)

    return cache.entry("kselftest", key, make)


def copy_tree(tree, copy):
    """Take what the tests are built from, and none of what was built."""
    for name in TREE:
        source, target = tree / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=BUILT)
        else:
            shutil.copy2(source, target)
    shutil.rmtree(copy / "include/generated", ignore_errors=True)
    shutil.rmtree(copy / "include/config", ignore_errors=True)
    shutil.copytree(OURS, copy / "tools/testing/selftests/xen")


def build(copy):
    """Make all that can be made: whether something is missing is seen when the tests are collected."""
    done = process.output(["make", "-C", copy, "headers"])
    if done.returncode:
        raise UserError(f"the kernel's headers for the selftests do not build: {process.last_line(done)}")
    selftests = ["make", "-k", "-C", copy / "tools/testing/selftests", f"TARGETS={' '.join(COLLECTIONS)}",
                 f"KSRC={copy}"]
    process.output(selftests)
    # vdso_test_correctness takes a type for granted that Debian 12's C library does not define.
    process.output([*selftests, "USERCFLAGS=-include linux/types.h"])


def collect(copy, directory, collection):
    """Take a collection's programs out of the build; returns the names of its tests."""
    place = copy / "tools/testing/selftests" / collection
    listed = process.output(["make", "-s", "--no-print-directory", "-C", place, f"OUTPUT={place}", f"KSRC={copy}",
                             f"COLLECTION={collection}", "emit_tests"]).stdout
    names = re.findall(rf"^{collection}:\S+$", listed, re.MULTILINE)
    absent = [name for name in names if name not in excluded() and not (place / name.partition(":")[2]).is_file()]
    if absent or not names:
        raise UserError(f"kselftests do not build here: name {' '.join(absent) or collection} in "
                        "selftests/baseline/excluded, with the reason")
    for path in place.rglob("*"):
        target = directory / collection / path.relative_to(place)
        if path.is_dir():
            # execveat wants an empty one, and an archive of files has none.
            target.mkdir(parents=True, exist_ok=True)
            (target / ".keep").touch()
        elif path.suffix not in SOURCES:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    return names


def excluded():
    """The tests that are not run, each with the reason."""
    lines = (BASELINE / "excluded").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


def tests(installed, collections):
    """The names, collection:test, of the tests of some collections that are run."""
    names = (installed / "tests").read_text(encoding="utf-8").split()
    return [name for name in names if name.partition(":")[0] in collections and name not in excluded()]


def files(installed, collections):
    """What a guest needs to run them, for rig.machine.Boot; the shell tests want bash and env."""
    places = [path for name in (*collections, "kselftest") for path in (installed / name).rglob("*")]
    wanted = [path for path in places if path.is_file() and f"{path.parent.name}:{path.name}" not in excluded()]
    return {"/bin/bash": Path("/bin/bash").resolve(), "/usr/bin/env": b'#!/bin/sh\nexec "$@"\n',
            **{f"{rootfs.LIBRARIES}/{path.name}": path for path in wanted if path.suffix == ".so"},
            **{f"{GUEST_DIR}/{path.relative_to(installed)}": path for path in wanted}}


def payload(installed, collections):
    """The sh text that runs them: the tail of what each one that does not pass has to say, then its result."""
    runner = Path(__file__).with_suffix(".sh").read_text(encoding="utf-8")
    calls = [f"ksft {SECONDS} {name.replace(':', ' ')} {ARGUMENTS.get(name, '')}".strip()
             for name in tests(installed, collections)]
    return "\n".join([runner, *calls, ":", ""])


def boot(built, collections, guest="pv-dom0"):
    """The boot of a kernel that runs some collections; what it took on two cores, loaded, is well below the limit."""
    installed = install(built.tree)
    return machine.Boot(built, guest=guest, payload=payload(installed, collections),
                        files=files(installed, collections), timeout=1500)


def parse(log):
    """The results in a console log: of each test and, where it did not pass, of the parts it is made of (test/part)."""
    found = dict(re.findall(rf"^KSFT (\S+) ({'|'.join(RESULTS)})\b", log, re.MULTILINE))
    return {name: result for name, result in found.items() if name not in excluded()}


def recorded():
    """The results of stock C that the repository keeps."""
    lines = (BASELINE / "stock.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def regressions(stock, ours):
    """What passes on stock C and not on ours; without a result it did not pass, unless the whole of it did."""
    return [f"{name}: {ours.get(name, 'no result')}" for name, result in stock.items()
            if result == "pass" and "pass" not in (ours.get(name), ours.get(name.partition("/")[0]))]
