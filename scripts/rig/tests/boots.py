# SPDX-License-Identifier: GPL-2.0
"""Boots of the four guests, and of a PV dom0 with odd amounts of memory."""

import re
from functools import partial

from rig import kernel
from rig.machine import Boot
from rig.tests.console import L1TF, boot, facts, health
from rig.tests.registry import test
from rig.tests.tree import ROOT

STATE = ROOT / "selftests/guest/state.sh"
# Guest: what /sys/hypervisor/guest_type says, and what the kernel calls the platform in its banner.
MODES = {"pv-dom0": ("PV", "Xen"), "pvh-dom0": ("PVH", "Xen PVH"),
         "pv-domu": ("PV", "Xen"), "pvh-domu": ("PVH", "Xen PVH")}
# Of what a CPU can do, that which a PV guest handles in ways of its own.
FEATURES = {"fsgsbase", "xsave"}
CYCLE = "for state in 0 1; do echo $state >/sys/devices/system/cpu/cpu1/online; done\n"


def boots(guest, vcpus=2, memory=2048, expected_mb=None, features=None, payload="", **options):
    """It boots in the mode that is asked for, with all its CPUs and memory and a clean console."""
    result = boot(Boot(kernel.build("ours"), guest=guest, vcpus=vcpus, memory=memory, files={"/rig/state.sh": STATE},
                       payload=f"{payload}. /rig/state.sh\n", timeout=400, **options))
    state = facts(result.log, "RIG-FACT") | facts(result.log, "STATE")
    mode, platform = MODES[guest]
    yield f"guest_type is {mode}", state.get("mode") == mode, state
    banner = re.search(rf"^DMESG Booting kernel on {platform}$", result.log, re.MULTILINE)
    version = re.search(r"^DMESG Xen version:? (\d+\.\d+)", result.log, re.MULTILINE)
    yield "banner", bool(banner and version and state.get("xen", "").startswith(version[1])), state
    yield f"{vcpus} CPUs", state.get("vcpus") == str(vcpus), state
    if expected_mb:
        megabytes = int(state.get("memory_kb", 0)) // 1024
        yield f"about {expected_mb} MB", 0.9 * expected_mb - 100 < megabytes <= expected_mb, f"{megabytes} MB"
    if features is not None:
        seen = FEATURES & set(state.get("flags", "").split())
        yield f"has {' and '.join(sorted(features)) or 'neither'}", seen == features, seen
    counting = "vpmu=on" in options.get("xen_args", "")
    yield f"{'each CPU' if counting else 'no CPU'} has counters", state.get("counters") == str(vcpus * counting), state
    yield from health(result)


def register(name, body, timeout=450, needs="build/ours"):
    """One boot as a test."""
    test(f"boot/{name}", needs=[needs], timeout=timeout, exclusive=name.startswith("pvh"))(body)


for mode in MODES:
    for count in (1, 2, 4):
        register(f"{mode}-{count}", partial(boots, mode, count))
# Xen 4.17 hangs in QEMU when it finds XSAVE without XSAVEOPT; and with SMAP, QEMU 7.2 refuses IRET to a guest.
for name, cpu in (("fsgsbase", "qemu64,+svm,+npt,+fsgsbase,+xsave,+xsaveopt,+avx"), ("max", "max,-smap")):
    register(f"pv-dom0-{name}", partial(boots, "pv-dom0", cpu=cpu, features={"fsgsbase", "xsave"}))
register("pv-dom0-l1tf", partial(boots, "pv-dom0", **L1TF))
# Xen lends counters of an AMD family that it knows. QEMU has none, so perf does not take them, but all else is real: pages
# shared with Xen and the interrupt, given back and taken anew with a CPU.
register("pv-dom0-vpmu", partial(boots, "pv-dom0", cpu="phenom,+svm,+npt", xen_args="vpmu=on", payload=CYCLE))
# Memory that Xen keeps for itself, that Linux is to leave alone, and that lies around a hole of the machine.
for name, memory, expected, options in (
        ("300M", 1024, 300, {"xen_args": "dom0_mem=300M,max:300M"}),
        ("900M", 2048, 900, {"xen_args": "dom0_mem=900M,max:900M"}),
        ("3500M", 5120, 3500, {"xen_args": "dom0_mem=3500M,max:3500M"}),
        ("mem-limit", 2048, 600, {"append": "mem=600M"}),
        ("hole", 3072, 2900, {"machine_args": "max-ram-below-4g=1G"})):
    register(f"pv-dom0-{name}", partial(boots, "pv-dom0", memory=memory, expected_mb=expected, **options))
