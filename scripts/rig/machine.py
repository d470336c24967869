# SPDX-License-Identifier: GPL-2.0
"""One boot of Xen and a guest in QEMU, from power-on to power-off."""

import re
import shlex
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from rig import accelerator, console, hypervisor, qemu, rootfs
from rig.errors import UserError
from rig.kernel import Kernel

GUESTS = ("pv-dom0", "pvh-dom0", "pv-domu", "pvh-domu")
DOMU = "guest"


@dataclass
class Boot:
    """What to boot: `files` maps guest paths to host paths or bytes; `payload` is sh text run by the guest's init.

    A domU guest is created by a PV dom0 and runs the payload itself; `vcpus`, `memory` (MB), `append` and `files` are
    then the domU's. `monitor` is where QEMU puts a socket for its monitor. `efi` starts
    Debian's Xen from EFI firmware. `interactive` connects the terminal once the guest prints RIG-SHELL.
    """

    kernel: Kernel
    guest: str = "pv-dom0"
    vcpus: int = 2
    memory: int = 2048
    payload: str = ""
    files: dict = field(default_factory=dict)
    xen: str | None = None
    xen_args: str = ""
    append: str = ""
    timeout: float = 180
    icount: bool = False
    cpu: str | None = None
    machine_args: str = ""
    monitor: Path | None = None
    efi: bool = False
    interactive: bool = False


@dataclass
class Result:
    """How it ended: `log` is Xen's and the guest's console together, `status` the payload's, None without one."""

    log: str
    status: int | None
    timed_out: bool
    seconds: float


def run(boot, on_line=None):
    """Boot, pass each console line to on_line as it comes, and leave no process behind."""
    xen, kvm = check(boot.guest, boot.xen, boot.icount)
    with tempfile.TemporaryDirectory(prefix="xen-boot-") as place:
        initrd = Path(place) / "initrd"
        initrd.write_bytes(initramfs(boot))
        begin = time.monotonic()
        log, timed_out, complaint = console.follow(qemu.command(boot, xen, initrd, kvm), boot.timeout, on_line,
                                                   boot.interactive)
    if not log.strip() and complaint:
        raise UserError(f"QEMU does not start ({complaint}): check the options given to it")
    exits = re.findall(r"^RIG-EXIT (\d+)$", log, re.MULTILINE)
    status = int(exits[-1]) if exits and not timed_out else None
    return Result(log, status, timed_out, time.monotonic() - begin)


def check(guest, xen=None, icount=False):
    """Refuse early what cannot boot; returns the Xen image, and whether KVM runs it."""
    if guest not in GUESTS:
        raise UserError(f"there is no guest {guest}: the guests are {', '.join(GUESTS)}")
    image = hypervisor.image(xen)
    kvm = not icount and accelerator.kvm(image)
    qemu.check(guest, hypervisor.version(xen), kvm)
    return image, kvm


def initramfs(boot):
    """The dom0's initramfs: the cached part, the boot's files, its kernel and domU, and its payload."""
    files, payload = {"boot/bzImage": boot.kernel.bzimage}, boot.payload + "\n"
    if boot.guest.endswith("domu"):
        files["boot/domu.cpio"] = rootfs.domu().read_bytes() + rootfs.addition(boot.files)
        files["rig/domu-payload"] = payload.encode()
        action = "domu_shell" if boot.interactive else "domu_run"
        payload = (f"DOMU_APPEND={shlex.quote(boot.append)}\n"
                   f"{action} {DOMU} {boot.guest.split('-')[0]} {boot.vcpus} {boot.memory} /rig/domu-payload\n")
    else:
        files = boot.files | files | {"boot/domu.cpio": rootfs.domu()}
    return rootfs.dom0().read_bytes() + rootfs.addition(files | {"rig/payload": payload.encode()})
