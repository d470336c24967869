# SPDX-License-Identifier: GPL-2.0
"""The Xen image that QEMU's multiboot loader takes: Debian's, or a file of the user's, uncompressed and recognised."""

import gzip
import re
import struct
import zlib
from pathlib import Path

from rig import cache, rootfs
from rig.errors import UserError

MULTIBOOT = 0x1BADB002
HEADER_WITHIN = 8192


def image(path=None):
    """The uncompressed hypervisor, in the cache."""
    source = Path(path) if path else next((rootfs.parts() / "boot").glob("xen-*.gz"))
    try:
        data = source.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{source} cannot be read as a Xen image ({reason}): give xen-VERSION.gz or the uncompressed "
                        "xen of a Xen build") from error
    if not multiboot(data):
        raise UserError(f"{source} is not a Xen image, it has no multiboot header: give xen-VERSION.gz or the "
                        "uncompressed xen of a Xen build, not xen.efi or a kernel")
    return cache.entry("hypervisor", cache.digest(data), lambda place: (place / "xen").write_bytes(data)) / "xen"


def multiboot(data):
    """Whether an ELF image carries a valid multiboot header where loaders look for it."""
    words = [word for word, in struct.iter_unpack("<I", data[:HEADER_WITHIN][:len(data) // 4 * 4])]
    return data.startswith(b"\x7fELF") and any(
        words[at] == MULTIBOOT and not sum(words[at:at + 3]) & 0xffffffff for at in range(len(words) - 2))


def version(path=None):
    """The MAJOR.MINOR that a Xen image's name tells, or None."""
    name = Path(path).name if path else next((rootfs.parts() / "boot").glob("xen-*.gz")).name
    match = re.match(r"xen-(\d+)\.(\d+)", name)
    return (int(match[1]), int(match[2])) if match else None
