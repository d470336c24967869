# SPDX-License-Identifier: GPL-2.0
"""A PVHVM domU: firmware and emulated devices, with Debian's QEMU for Xen as their model in an emulated dom0."""

from rig import elf, rootfs
from rig.tests.domu import GUEST, led, unpacked
from rig.tests.registry import test

PACKAGES = ("qemu-system-xen", "genisoimage", "isolinux", "syslinux-common")
PROGRAMS = ("usr/libexec/xen-qemu-system-i386", "usr/bin/genisoimage")
FIRMWARE = ("usr/share/seabios/bios-256k.bin", "usr/share/qemu/keymaps/en-us", "usr/share/qemu/kvmvapic.bin")
BOOT_LOADER = ("usr/lib/ISOLINUX/isolinux.bin", "usr/lib/syslinux/modules/bios/ldlinux.c32")


def parts():
    """The files with which a dom0 can make a disc that boots, and run HVM guests."""
    place = unpacked(*PACKAGES, closure=True)
    hvmloader = next(rootfs.parts().glob("usr/lib/xen-*/boot/hvmloader"))
    return {**{f"/{name}": place / name for name in (*PROGRAMS, *FIRMWARE, *BOOT_LOADER)}, **libraries(place),
            f"/{hvmloader.relative_to(rootfs.parts())}": hvmloader}


def libraries(place):
    """What the programs are linked with, out of the packages that came with them."""
    found, names = {}, [name for program in PROGRAMS for name in elf.needed((place / program).read_bytes())]
    while names:
        name = names.pop()
        target = f"/{rootfs.LIBRARIES}/{name}"
        path = next((each for top in ("usr/lib", "lib") for each in place.glob(f"{top}/x86_64-linux-gnu/{name}")), None)
        if path and target not in found:
            found[target] = path.resolve()
            names += elf.needed(path.read_bytes())
    return found


def booted(script):
    """What a script finds out about an HVM domU. With more processors the emulator's nested virtualisation loses guests."""
    yield from led(script, timeout=1700, xen_args="maxcpus=1", dom0_mb=1200,
                   files=parts() | {f"/rig/{name}": GUEST / name for name in ("hvm.sh", "state.sh")})


@test("long/pvhvm-domu", needs=["build/ours"], timeout=3600, exclusive=True)
def pvhvm():
    """A PVHVM domU boots with all its CPUs, unplugs its emulated NIC, and does so again when it is restored."""
    yield from booted("domu-hvm.sh")


@test("long/hvm-nopv", needs=["build/ours"], timeout=3600, exclusive=True)
def nopv():
    """An HVM domU with "nopv" boots as on hardware, and keeps its emulated devices."""
    yield from booted("domu-nopv.sh")
