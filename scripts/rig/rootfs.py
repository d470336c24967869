# SPDX-License-Identifier: GPL-2.0
"""The guests' user space: busybox, Xen's tools in dom0, and the libraries that they and added programs need.

Everything comes from packages of the machine's own Debian release, unpacked in the cache, so programs built natively
find the C library they were linked with.
"""

from functools import cache as once
from pathlib import Path

from rig import cache, elf, packages, process
from rig.cpio import Archive
from rig.errors import UserError

PARTS = ("xen-system-amd64", "busybox-static", "libgcc-s1")
GUEST = Path(__file__).with_name("guest")
TOOLS = ("xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "libxl-save-helper", "xentrace",
         "xentrace_setsize")
XENSTORE = ("chmod", "exists", "list", "ls", "read", "rm", "watch", "write")
LIBRARIES = "lib/x86_64-linux-gnu"
LOADER = "ld-linux-x86-64.so.2"


@once
def parts(say=print):
    """The unpacked packages."""
    debs = packages.fetch(PARTS, say=say)
    return cache.entry("userspace", cache.digest(*(deb.name for deb in debs)),
                       lambda directory: packages.unpack(debs, directory))


def dom0():
    """The initramfs of a dom0: the common base and Xen's tools."""
    return image("dom0")


def domu():
    """The initramfs of a domU: the common base."""
    return image("domu")


def image(kind):
    """A complete archive in the cache, uncompressed: inflating it costs an emulated machine more than copying it."""

    def make(directory):
        archive = base()
        if kind == "dom0":
            add_tools(archive)
        add_libraries(archive)
        (directory / "cpio").write_bytes(archive.pack())

    key = cache.digest(parts().name, Path(__file__), *sorted(GUEST.iterdir()))
    return cache.entry(f"rootfs/{kind}", key, make) / "cpio"


def addition(files):
    """An archive to go behind one of these: `files`, guest path to host path or bytes, and the libraries they need."""
    archive = Archive()
    for name, content in files.items():
        archive.file(name, content)
    add_libraries(archive)
    return archive.pack()


def base():
    """What every guest has: busybox under all its names, our init, and the C library for programs that are added."""
    archive = Archive()
    for name in ("dev", "proc", "sys", "run", "tmp", "etc", "root", "mnt", "sbin", "usr/bin", "var/lock", "var/log",
                 "lib64"):
        archive.directory(name)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3)
    busybox = next(path for path in (parts() / "usr/bin/busybox", parts() / "bin/busybox") if path.is_file())
    for applet in process.output([busybox, "--list"]).stdout.split():
        archive.link(f"bin/{applet}", "busybox")
    archive.file("bin/busybox", busybox)
    for name in ("poweroff", "reboot", "halt"):
        archive.file(f"sbin/{name}", f"#!/bin/sh\nexec /bin/busybox {name} -f\n".encode())
    archive.file("init", GUEST / "init", 0o755)
    archive.file("rig/lib.sh", GUEST / "lib.sh", 0o644)
    archive.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644)
    archive.file("etc/group", b"root:x:0:\n", 0o644)
    archive.link("var/run", "/run")
    for library in ("libc.so.6", "libgcc_s.so.1", LOADER):
        archive.file(f"{LIBRARIES}/{library}", find(library))
    archive.link(f"lib64/{LOADER}", f"/{LIBRARIES}/{LOADER}")
    return archive


def add_tools(archive):
    """Xen's tools at the places where they look for each other."""
    binaries = next(parts().glob("usr/lib/xen-*/bin/xl")).parent
    for tool in TOOLS:
        archive.file(str((binaries / tool).relative_to(parts())), binaries / tool)
        archive.link(f"usr/sbin/{tool}", f"/{(binaries / tool).relative_to(parts())}")
    archive.file("usr/bin/xenstore", parts() / "usr/bin/xenstore")
    for action in XENSTORE:
        archive.link(f"usr/bin/xenstore-{action}", "xenstore")
    archive.file("etc/xen/xl.conf", b"", 0o644)


def add_libraries(archive):
    """Whatever the archive's programs and libraries say they need, and what that needs in turn."""
    examined = set()
    while fresh := [name for name in archive.members if name not in examined]:
        examined.update(fresh)
        for library in sorted({word for name in fresh for word in elf.needed(archive.members[name][1])}):
            place = f"{LIBRARIES}/{library}"
            if place not in archive.members:
                archive.file(place, find(library))


def find(library):
    """A library in the unpacked packages or, for programs built on this machine, on the machine itself."""
    for top in (parts(), Path("/")):
        for place in (*top.glob("usr/lib/xen-*/lib/x86_64-linux-gnu"), top / "lib/x86_64-linux-gnu",
                      top / "usr/lib/x86_64-linux-gnu"):
            if (place / library).exists():
                return (place / library).resolve()
    raise UserError(f"a program for the guest needs {library}, which neither Xen's packages nor this machine has: "
                    "install the package that holds it")
