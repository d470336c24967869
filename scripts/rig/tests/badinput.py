# SPDX-License-Identifier: GPL-2.0
"""What scripts/boot says to bad input and on machines that lack something.

The lack is real where it can be: a small tmpfs, a network namespace with no network, a package database without the
package. What is asked for is always the same: a failure, one sentence that names the mend, no draft in the cache.
"""

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from rig import kernel, process
from rig.tests.overlay import fake_tree
from rig.tests.registry import test
from rig.tests.tree import ROOT, files
from rig.tests.worker import offspring

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")
DPKG_STATUS = Path("/var/lib/dpkg/status")


@contextmanager
def newcomer():
    """A directory with the checkout and an empty cache in it, open to every user."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for path in files():
            (place / "checkout" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, place / "checkout" / path)
        (place / "cache").mkdir(mode=0o777)
        for path in (place, place / "cache"):
            path.chmod(0o777)
        yield place


def refusal(name, mend, place, *arguments, before=(), script="boot", **environment):
    """Run a script that has to fail; the result is a check. before is what to run it under."""
    command = [*before, place / "checkout/scripts" / script, *arguments]
    done = process.output(command, env={**os.environ, "XEN_RUST_CACHE": str(place / "cache"),
                                        "HOME": str(place), "PYTHONDONTWRITEBYTECODE": "1", **environment})
    lines = done.stderr.strip().splitlines()
    drafts = [str(path) for path in (place / "cache").rglob(".draft-*")]
    ok = 0 < done.returncode < 128 and len(lines) == 1 and re.search(mend, lines[0]) and not drafts
    return name, bool(ok), "\n".join([f"status {done.returncode}, drafts {drafts}, stderr:", *lines[-20:]])


def needs_root(name):
    """The check to make instead of one that takes namespaces, for a user who has none."""
    return name, None, "takes root"


def under(*steps):
    """The command that takes these steps in a mount namespace of its own, then becomes the command after it."""
    return "unshare", "--mount", "sh", "-ec", "; ".join([*steps, 'exec "$@"']), "sh"


@test("badinput/arguments", timeout=300, exclusive=True)
def arguments():
    """Unknown options, an unknown guest, a kernel of another version and broken --xen files."""
    with newcomer() as place:
        for script in ("boot", "build", "overlay", "test", "bench"):
            yield refusal(f"unknown option of scripts/{script}", "--help", place, "--no-such-option", script=script)
        yield refusal("unknown guest", "pv-dom0.*pvh-domu", place, "--guest", "arm-dom0")
        yield refusal("a 6.12 tree", r"7\.3", place, "--kernel-src", fake_tree(place / "old", 6, 12))
        yield refusal("no kernel tree", "kernel tree", place, "--kernel-src", place / "cache")
        yield refusal("no --xen file", "absent", place, "--xen", place / "absent")
        for name, content in (("empty", b""), ("text", b"no hypervisor\n"), ("cut gzip", b"\x1f\x8b\x08\0\0"),
                              ("noise", os.urandom(1 << 20))):
            (place / "xen").write_bytes(content)
            yield refusal(f"broken --xen file: {name}", "give xen-VERSION", place, "--xen", place / "xen")


@test("badinput/disk", timeout=300)
def disk():
    """A disk with too little space."""
    if os.geteuid():
        yield needs_root("a cache of 64 MB")
        return
    with newcomer() as place:
        small = under(f"mount -t tmpfs -o size=64m,mode=777 none {place}/cache")
        yield refusal("a cache of 64 MB", "free some space", place, before=small)


@test("badinput/network", timeout=300)
def network():
    """A machine without a network."""
    if os.geteuid():
        yield needs_root("no network")
        return
    with newcomer() as place:
        yield refusal("no network", "network|--kernel-src", place, before=("unshare", "--net"))


@test("badinput/packages", timeout=300)
def missing_packages():
    """Packages to install, by a user who is not root and has no sudo; and QEMU gone astray."""
    with newcomer() as place:
        for package, program in (("qemu-system-x86", "qemu-system-x86_64"), ("flex", "flex")):
            name = f"not root, no sudo, {package} missing"
            if os.geteuid():
                yield needs_root(name)
                continue
            path = programs(place / package, "/usr/bin:/usr/sbin", without=("sudo", program))
            status = place / "status"
            status.write_text(without_package(DPKG_STATUS.read_text(), package))
            lacking = under(f"mount --bind {status} {DPKG_STATUS}")
            yield refusal(name, f"apt-get install .*{package}", place, before=(*lacking, *NOBODY), PATH=path)
        path = programs(place / "bin", os.environ["PATH"], without=("qemu-system-x86_64",))
        yield refusal("QEMU installed but not in PATH", "qemu-system-x86", place, PATH=path)


def without_package(status, package):
    """The package database less one package."""
    return "".join(entry for entry in re.split(r"(?<=\n)(?=Package: )", status)
                   if not entry.startswith(f"Package: {package}\n"))


def programs(directory, path, without):
    """A PATH of links to what is in another PATH, less some."""
    directory.mkdir()
    for source in path.split(":"):
        for program in Path(source).glob("*"):
            link = directory / program.name
            if program.name not in without and not link.is_symlink():
                link.symlink_to(program)
    return str(directory)


@test("badinput/interrupt", needs=["build/ours"], timeout=300)
def interrupt():
    """Ctrl-C during a boot ends it at once and leaves no process."""
    kernel.build("ours")
    with process.group([ROOT / "scripts/boot"], stdout=-1, stderr=-2, text=True, errors="replace") as boot:
        for line in boot.stdout:
            print(line, end="")
            if "Linux starts" in line:
                break
        boot.send_signal(2)
        boot.stdout.read()
        status = boot.wait(timeout=30)
        left = list(offspring(os.getpid()))
    yield "ends with status 130", status == 130, f"status {status}"
    yield "leaves no process", not left, f"still there: {left}"
