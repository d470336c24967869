# SPDX-License-Identifier: GPL-2.0
"""Whether KVM runs Xen here. A /dev/kvm that cannot exists, so it is tried, once per QEMU, Xen and host kernel."""

import os
import platform

from rig import cache, console, qemu

TIMEOUT = 30
NO_DOM0 = "Could not construct domain 0"
NESTED = "HVM: Hardware Assisted Paging (HAP) detected"


def kvm(xen):
    """Whether to boot under KVM: Xen came up in it, found nested paging for PVH, and looked for a dom0."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False

    def probe(directory):
        answer = "yes" if runs_xen(xen, directory) else "no"
        (directory / "answer").write_text(answer, encoding="ascii")

    key = cache.digest(*qemu.version(), str(xen), platform.release(), platform.processor())
    return (cache.entry("kvm-probe", key, probe) / "answer").read_text(encoding="ascii") == "yes"


def runs_xen(xen, directory):
    """Boot Xen with a module that is no kernel, and see how far it comes."""
    (directory / "module").write_bytes(bytes(4096))
    command = [qemu.PROGRAM, "-machine", "pc", "-accel", "kvm", "-cpu", "host", "-smp", "2", "-m", "512",
               "-display", "none", "-vga", "none", "-nic", "none", "-no-reboot", "-serial", "stdio",
               "-monitor", "none", "-kernel", os.fspath(xen), "-append", qemu.XEN_ARGS,
               "-initrd", os.fspath(directory / "module")]
    log, _, _ = console.follow(command, TIMEOUT, None, False)
    return NO_DOM0 in log and NESTED in log
