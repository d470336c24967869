# SPDX-License-Identifier: GPL-2.0
"""Kernel sources: Debian's linux-source package, or a directory of the user's that is read and never written."""

import shutil
import subprocess
from pathlib import Path

from rig import cache, overlay, packages, process
from rig.errors import UserError

PACKAGE = f"linux-source-{overlay.SUPPORTED}"
SUITE = "trixie-backports"


class Debian:
    """The linux-source package of one Debian suite."""

    def __init__(self, say):
        self.deb = packages.fetch([PACKAGE], suite=SUITE, closure=False, say=say)[0]
        self.release = self.deb.name.split("_")[1].split("-")[0].split("~")[0]
        self.key = ""

    def fill(self, tree, say):
        """Unpack the sources into an empty directory."""
        say(f"unpacking Linux {self.release}")
        member = f"./usr/src/{PACKAGE}.tar.xz"
        with process.group(["dpkg-deb", "--fsys-tarfile", self.deb], stdout=subprocess.PIPE) as deb, \
                process.group(["tar", "-xO", member], stdin=deb.stdout, stdout=subprocess.PIPE) as member_of, \
                process.group(["tar", "-xJ", "--strip-components=1", "-C", tree], stdin=member_of.stdout,
                              stderr=subprocess.PIPE, text=True) as unpacked:
            _, errors = unpacked.communicate()
        if unpacked.returncode:
            raise UserError(f"{self.deb} does not unpack ({errors.strip().splitlines()[-1]}): remove it and try again")

    def refresh(self, _tree):
        """A package does not change."""
        return False


class Directory:
    """A kernel tree of the user's, copied file by file so that his changes reach the next build."""

    def __init__(self, path):
        self.path = path.resolve()
        self.release = overlay.check_version(self.path)
        if overlay.Overlay(self.path / "arch/x86/xen").state() != "stock":
            raise UserError(f"{path} already carries an overlay: run scripts/overlay --remove {path} first")
        self.key = "-" + cache.digest(str(self.path))[:8]

    def names(self):
        """Its source files: what git knows, or everything in a tree that was never built."""
        if not (self.path / ".git").exists():
            if (self.path / "include/config").exists() or (self.path / ".config").exists():
                raise UserError(f"{self.path} was built in place and is no git checkout, so its sources cannot be told "
                                "from products: run `make mrproper` in it")
            return [path.relative_to(self.path) for path in self.path.rglob("*")]
        listing = process.output(["git", "-C", self.path, "ls-files", "-z", "--cached", "--others",
                                  "--exclude-standard"])
        if listing.returncode:
            raise UserError(f"git cannot list {self.path} ({process.last_line(listing)}): make it readable for git")
        return [Path(name) for name in sorted(set(listing.stdout.split("\0"))) if name]

    def fill(self, tree, say):
        """Copy the sources into an empty directory."""
        say(f"copying {self.path}")
        self.refresh(tree)

    def refresh(self, tree):
        """Bring the copy up to date, less arch/x86/xen once that is overlaid; true if anything was out of date."""
        overlaid, changed = (tree / "arch/x86/xen/.stock").is_dir(), False
        for name in self.names():
            origin, copy = self.path / name, tree / name
            if not (origin.is_file() or origin.is_symlink()) or same(origin, copy):
                continue
            if overlaid and name.is_relative_to("arch/x86/xen"):
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            shutil.copy2(origin, copy, follow_symlinks=False)
            changed = True
        return changed


def same(origin, copy):
    """Whether a copy is current, by size and time."""
    if not (copy.is_file() or copy.is_symlink()):
        return False
    ours, theirs = copy.lstat(), origin.lstat()
    return ours.st_size == theirs.st_size and ours.st_mtime_ns == theirs.st_mtime_ns


def choose(directory, say):
    """The sources to build from: the user's directory, or Debian's package."""
    return Directory(directory) if directory else Debian(say)
