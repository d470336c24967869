# SPDX-License-Identifier: GPL-2.0
"""scripts/overlay on a tree of a few files, and on the kernel's own."""

import hashlib
import os
import resource
import subprocess
import tempfile
from pathlib import Path

from rig import cache, kernel_source
from rig.tests.registry import test
from rig.tests.tree import ROOT

MAKEFILE = "# SPDX-License-Identifier: GPL-2.0\nVERSION = {}\nPATCHLEVEL = {}\nSUBLEVEL = 4\nEXTRAVERSION =\n"
XEN = Path("arch/x86/xen")


def overlay(*arguments, **options):
    """Run scripts/overlay; its result is (exit status, standard error)."""
    done = subprocess.run([ROOT / "scripts/overlay", *arguments], check=False, capture_output=True, text=True,
                          **options)
    return done.returncode, done.stderr.strip()


def no_large_files():
    """Make the next program fail at the first file of more than 3000 bytes, as a full disk would."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))


def snapshot(tree):
    """Every path below a tree with what is to stay the same in it."""
    return {str(path.relative_to(tree)): fingerprint(path, XEN in path.relative_to(tree).parents)
            for path in tree.rglob("*")}


def fingerprint(path, ours):
    """A path's kind, mode and content; outside our directory the time stands for the content."""
    if path.is_symlink():
        return "link", os.readlink(path)
    status = path.stat()
    if not path.is_file():
        return (status.st_mode,)
    content = hashlib.sha256(path.read_bytes()).hexdigest() if ours else (status.st_size, status.st_mtime_ns)
    return status.st_mode, content


def differences(before, after):
    """The paths in which two snapshots differ, a few of them."""
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    return "\n".join(changed[:20])


def round_trip(tree):
    """Apply, apply again and remove, with what has to hold after each."""
    stock = snapshot(tree)
    status, error = overlay(tree)
    applied = snapshot(tree)
    left = [path.name for path in (tree / XEN).glob("*.c")]
    yield "applies", status == 0 and (tree / XEN / "Kbuild").exists() and not left, error + " ".join(left)
    outside = differences(*({path: value for path, value in each.items() if not path.startswith(str(XEN))}
                            for each in (stock, applied)))
    yield "touches nothing outside arch/x86/xen", not outside, outside
    status, error = overlay(tree)
    changed = differences(applied, snapshot(tree))
    yield "applies again without a change", status == 0 and not changed, error + changed
    status, error = overlay("--remove", tree)
    changed = differences(stock, snapshot(tree))
    yield "remove puts the stock back byte for byte", status == 0 and not changed, error + changed


def fake_tree(directory, version=7, patchlevel=3):
    """A kernel tree reduced to what the overlay looks at."""
    tree = Path(directory)
    (tree / XEN).mkdir(parents=True)
    (tree / "Makefile").write_text(MAKEFILE.format(version, patchlevel))
    for name in ("Makefile", "Kconfig", "xen-head.S", "xen-ops.h", "vga.c"):
        (tree / XEN / name).write_text(f"stock {name}\n")
    (tree / "arch/x86/Kbuild").write_text("obj-$(CONFIG_XEN) += xen/\n")
    return tree


@test("overlay/fake")
def on_a_fake_tree():
    """The overlay goes onto a small tree and off it again."""
    with tempfile.TemporaryDirectory() as directory:
        yield from round_trip(fake_tree(directory))


@test("overlay/real", timeout=300)
def on_the_real_tree():
    """The overlay goes onto the kernel's source and off it again."""
    with tempfile.TemporaryDirectory(dir=cache.root(), prefix=".draft-") as directory:
        kernel_source.choose(None, print).fill(Path(directory), print)
        yield from round_trip(Path(directory))


@test("overlay/refuses")
def refuses():
    """Other versions and what is no tree are refused in one sentence and stay as they were."""
    with tempfile.TemporaryDirectory() as directory:
        yield refused("6.12", fake_tree(Path(directory, "old"), 6, 12))
        yield refused("7.4", fake_tree(Path(directory, "new"), 7, 4))
        empty = Path(directory, "empty")
        empty.mkdir()
        yield refused("an empty directory", empty)
        yield refused("no directory", Path(directory, "absent"))


@test("overlay/half")
def half_applied():
    """A tree in which the overlay stopped half way is refused, and --remove mends it."""
    with tempfile.TemporaryDirectory() as directory:
        tree = fake_tree(directory)
        stock = snapshot(tree)
        status, _error = overlay(tree, preexec_fn=no_large_files)
        yield "stops at a full disk", status != 0 and bool(differences(stock, snapshot(tree))), f"status {status}"
        yield refused("applying again", tree)
        status, error = overlay("--remove", tree)
        changed = differences(stock, snapshot(tree))
        yield "remove mends it", status == 0 and not changed, error + changed


def refused(what, tree, *options):
    """One refusal: a status, one sentence, and the tree as it was."""
    before = snapshot(tree)
    status, error = overlay(*options, tree)
    changed = differences(before, snapshot(tree))
    return what, status != 0 and len(error.splitlines()) == 1 and not changed, f"status {status}\n{error}\n{changed}"
