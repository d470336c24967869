# SPDX-License-Identifier: GPL-2.0
"""Initramfs archives written without root: the kernel's newc format, the same bytes for the same content."""

import stat
from pathlib import Path, PurePosixPath


class Archive:
    """A newc archive in the making; parent directories appear by themselves, and later names replace earlier ones."""

    def __init__(self):
        self.members = {}

    def directory(self, name):
        """Add a directory and its parents."""
        for path in [PurePosixPath(name), *PurePosixPath(name).parents]:
            key = str(path).strip("/")
            if key not in ("", "."):
                self.members.setdefault(key, (stat.S_IFDIR | 0o755, b"", 0))

    def file(self, name, content, mode=None):
        """Add a file from bytes or from a path on the host, whose permissions it keeps unless told otherwise."""
        data = content if isinstance(content, bytes) else Path(content).read_bytes()
        if mode is None:
            mode = 0o755 if isinstance(content, bytes) else stat.S_IMODE(Path(content).stat().st_mode)
        self.add(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        """Add a symbolic link."""
        self.add(name, stat.S_IFLNK | 0o777, str(target).encode())

    def device(self, name, major, minor):
        """Add a character device."""
        self.add(name, stat.S_IFCHR | 0o600, b"", major << 8 | minor)

    def add(self, name, mode, data, device=0):
        """Add any member below directories that exist."""
        self.directory(PurePosixPath(name).parent)
        self.members[str(name).strip("/")] = (mode, data, device)

    def pack(self):
        """The archive's bytes, parents before children."""
        depth = sorted(self.members.items(), key=lambda member: (member[0].count("/"), member[0]))
        parts = [header(number, name, *member) for number, (name, member) in enumerate(depth, 1)]
        return b"".join([*parts, header(0, "TRAILER!!!", 0, b"", 0)])


def header(number, name, mode, data, device):
    """One member: its header, name and content, each padded to four bytes."""
    words = (number, mode, 0, 0, 1, 0, len(data), 0, 0, device >> 8, device & 0xff, len(name.encode()) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % word for word in words) + name.encode() + b"\0"
    return padded(head) + padded(data)


def padded(data):
    """Data up to a multiple of four bytes."""
    return data + b"\0" * (-len(data) % 4)
