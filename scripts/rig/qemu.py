# SPDX-License-Identifier: GPL-2.0
"""QEMU's command line for one boot of Xen, and what is known of QEMU's own limits."""

import os
import re
import shutil
from functools import cache as once

from rig import efi, packages, process
from rig.errors import UserError

PROGRAM = "qemu-system-x86_64"
XEN_ARGS = "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all bootscrub=0"
# Xen's default scheduler can leave a vCPU in its queue for good: see "Limits of the rig" in Documentation/testing.rst.
PVH_XEN_ARGS = "sched=credit"
DOM0_OF_DOMU = 768
# Guest time is instructions executed; the clock that keeps the date, and QEMU's random numbers, come from there too.
COUNTED = ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm",
           "-seed", "1"]


def needed():
    """The packages that running QEMU takes; none if there is one, whoever installed it."""
    return [] if shutil.which(PROGRAM) else ["qemu-system-x86"]


@once
def version():
    """The (major, minor) of the installed QEMU, installing one if there is none."""
    packages.ensure(needed())
    if not shutil.which(PROGRAM):
        raise UserError(f"{PROGRAM} is not in PATH although the package qemu-system-x86 is installed: "
                        "add /usr/bin to PATH")
    done = process.output([PROGRAM, "--version"])
    match = re.search(r"version (\d+)\.(\d+)", done.stdout)
    if not match:
        raise UserError(f"{PROGRAM} does not run ({process.last_line(done)}): install qemu-system-x86 anew")
    return int(match[1]), int(match[2])


def check(guest, xen, kvm):
    """Refuse what this QEMU is known to be unable to run."""
    found = version()
    if guest.startswith("pvh") and not kvm and (9, 1) <= found <= (10, 0) and xen and xen <= (4, 17):
        raise UserError(f"QEMU {found[0]}.{found[1]} cannot run a PVH guest on Xen {xen[0]}.{xen[1]} (9.1 to 10.0 "
                        "mis-intercept CR2 and CR3 reads): use QEMU 7.2, or Xen 4.20 with --xen")


def machine(boot, kvm):
    """The machine and accelerator options; a PVH dom0 needs an IOMMU, or Xen leaves the ACPI tables unmapped."""
    pvh_dom0 = boot.guest == "pvh-dom0"
    options = ["-machine", ",".join(filter(None, ["q35" if pvh_dom0 else "pc", boot.machine_args]))]
    if pvh_dom0:
        options += ["-device", "amd-iommu,intremap=on"]
    if boot.icount:
        return [*options, *COUNTED]
    return [*options, "-accel", "kvm" if kvm else "tcg"]


def command(boot, xen, initrd, kvm):
    """The whole command line: Xen as the multiboot kernel, Linux and its initramfs as modules, or all from EFI."""
    hosted = boot.guest.endswith("domu")
    vcpus, memory = (min(boot.vcpus, 2), boot.memory + DOM0_OF_DOMU + 256) if hosted else (boot.vcpus, boot.memory)
    xen_args = [XEN_ARGS, PVH_XEN_ARGS if boot.guest.startswith("pvh") else "", boot.xen_args]
    if hosted:
        xen_args.append(f"dom0_mem={DOM0_OF_DOMU}M,max:{DOM0_OF_DOMU}M")
    if boot.guest == "pvh-dom0":
        xen_args.append("dom0=pvh")
    linux_args = " ".join(["console=hvc0", "" if hosted else boot.append]).strip()
    xen_args = " ".join(filter(None, xen_args))
    if boot.efi:
        load = efi.options(initrd.parent, xen_args, boot.kernel.bzimage, linux_args, initrd)
    else:
        module = f"{boot.kernel.bzimage} {linux_args}".replace(",", ",,")
        load = ["-kernel", os.fspath(xen), "-append", xen_args, "-initrd", f"{module},{initrd}"]
    monitor = ["-monitor", f"unix:{boot.monitor},server=on,wait=off"] if boot.monitor else []
    return [PROGRAM, *machine(boot, kvm), *monitor,
            "-cpu", boot.cpu or ("host" if kvm else "qemu64,+svm,+npt"), "-smp", str(vcpus), "-m", str(memory),
            "-display", "none", "-vga", "none", "-nic", "none", "-no-reboot", "-serial", "mon:stdio", *load]


def native(kernel, initrd, append):
    """The command line of a boot without Xen: the ELF kernel, so that nobody has to unpack it; instructions counted."""
    return [PROGRAM, "-machine", "pc", *COUNTED, "-cpu", "qemu64", "-smp", "1", "-m", "512",
            "-display", "none", "-vga", "none", "-nic", "none", "-no-reboot",
            "-serial", "mon:stdio", "-kernel", os.fspath(kernel.vmlinux), "-initrd", os.fspath(initrd),
            "-append", f"console=ttyS0 {append}"]
