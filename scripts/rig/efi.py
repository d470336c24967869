# SPDX-License-Identifier: GPL-2.0
"""A machine with EFI firmware: Debian's OVMF, and a disk from which it starts Xen's EFI program."""

import os
import shutil

from rig import cache, packages, rootfs

PACKAGE = "ovmf"
LINUX, INITRD = "linux", "initrd"


def firmware():
    """The directory with OVMF's code and the variables that it begins with."""
    debs = packages.fetch([PACKAGE], closure=False)
    unpacked = cache.entry(PACKAGE, cache.digest(*(deb.name for deb in debs)),
                           lambda directory: packages.unpack(debs, directory))
    return unpacked / "usr/share/OVMF"


def options(place, xen_args, kernel, linux_args, initrd):
    """QEMU's options for such a machine; its disk and its variables are made in a directory that the caller removes."""
    disk, variables = place / "disk", place / "variables"
    programs = disk / "EFI/BOOT"
    programs.mkdir(parents=True)
    shutil.copy(next((rootfs.parts() / "boot").glob("xen-*.efi")), programs / "BOOTX64.EFI")
    (programs / "BOOTX64.cfg").write_text(f"[global]\ndefault=dom0\n[dom0]\noptions={xen_args}\n"
                                          f"kernel={LINUX} {linux_args}\nramdisk={INITRD}\n", encoding="utf-8")
    os.symlink(kernel, programs / LINUX)
    os.symlink(initrd, programs / INITRD)
    shutil.copy(firmware() / "OVMF_VARS_4M.fd", variables)
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={firmware() / 'OVMF_CODE_4M.fd'}",
            "-drive", f"if=pflash,format=raw,file={variables}",
            "-drive", f"format=raw,file=fat:rw:{disk}"]
