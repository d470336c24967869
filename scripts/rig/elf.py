# SPDX-License-Identifier: GPL-2.0
"""As much of 64-bit ELF as the rig reads: section names, flags and sizes, and the libraries a program needs."""

import struct
from dataclasses import dataclass

EXECUTABLE = 0x4
NEEDED = 1


@dataclass(frozen=True)
class Section:
    """One section header, its name resolved."""

    name: str
    flags: int
    offset: int
    size: int


def is_elf(data):
    """Whether these bytes are a 64-bit ELF file."""
    return data[:5] == b"\x7fELF\x02"


def string(data, offset):
    """The zero-terminated string at an offset."""
    return data[offset:data.index(b"\0", offset)].decode(errors="replace")


def sections(data):
    """The sections of an ELF file."""
    table, = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, table + index * size) for index in range(count)]
    strings = headers[names][4] if headers else 0
    return [Section(string(data, strings + name), flags, offset, length)
            for name, _, flags, _, offset, length in headers]


def needed(data):
    """The libraries that an ELF file names; none for anything else."""
    if not is_elf(data):
        return []
    found = {section.name: section for section in sections(data)}
    if not {".dynamic", ".dynstr"} <= found.keys():
        return []
    dynamic, strings = found[".dynamic"], found[".dynstr"].offset
    entries = struct.iter_unpack("<QQ", data[dynamic.offset:dynamic.offset + dynamic.size])
    return [string(data, strings + value) for tag, value in entries if tag == NEEDED]
