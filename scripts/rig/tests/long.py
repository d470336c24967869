# SPDX-License-Identifier: GPL-2.0
"""What takes minutes: suspend and CPU hotplug over and over, torture tests, kexec, other guests' kselftests."""

import re
from functools import partial

from rig import elf, kconfig, kernel, kselftest, rootfs
from rig.machine import Boot
from rig.tests.console import L1TF, boot, health
from rig.tests.domu import GUEST, compiled, led, steps, unpacked
from rig.tests.registry import test

TURNS = 10
# 4 vCPUs on one processor: who waits for a lock waits for a vCPU that does not run.
CROWDED = {"vcpus": 4, "xen_args": "maxcpus=1"}
# The emulator's nested virtualisation loses guests where processors are busy; with one it was not seen to.
PROCESSORS = {"pv": "", "pvh": "maxcpus=1"}
# One processor: where code is patched all the time, the emulator's fault with more of them comes each time.
ALONE = "maxcpus=1 dom0_max_vcpus=2"
TORTURE = re.compile(r"^TORTURE (\S+ \S+): (.*)$", re.MULTILINE)
MODULES = {"torture.ko": "kernel", "locktorture.ko": "kernel/locking", "rcutorture.ko": "kernel/rcu"}
STRESS_MODULES = {"test_static_key_base.ko": "lib", "test_static_keys.ko": "lib", "test_vmalloc.ko": "lib",
                  "test_bpf.ko": "lib", "test_kprobes.ko": "lib/tests", "kfence_test.ko": "mm/kfence"}
SWITCH = re.compile(r"^SWITCH (\S+) (\S+) of (\S+)$", re.MULTILINE)


def suspend(kind):
    """Save and restore ten times, save in vain, pause for a minute, migrate (PVH): alive, and no clock steps back."""
    yield from led(f"domu-suspend.sh {kind} {TURNS}", timeout=2600, xen_args=PROCESSORS[kind])


def hotplug(kind):
    """CPUs of a domU go and come under hackbench, through sysfs and through xl vcpu-set."""
    yield from led(f"domu-hotplug.sh {kind}", timeout=1700, xen_args=PROCESSORS[kind],
                   files={"/rig/hackbench": unpacked("rt-tests") / "usr/bin/hackbench"})


def memory(kind):
    """A domU and dom0 get more memory than they started with, some of it hotplugged: it holds what is put there."""
    yield from led(f"domu-memory.sh {kind}", timeout=1700, built=kernel.build("ours", "debug"), dom0_mb=1000)


def storm(kind):
    """Five domUs at once, whose grants a dom0 of 300 MB maps by the thousand while domains come, go and are saved."""
    built = kernel.build("ours")
    yield from led(f"domu-storm.sh {kind}", timeout=2600, built=built, dom0_mb=300, xen_args=PROCESSORS[kind],
                   files={"/rig/grant_storm": kselftest.install(built.tree) / "xen/grant_storm"})


def end(kind):
    """DomUs power off, reboot, halt and panic: what Xen and xl are told."""
    yield from led(f"domu-end.sh {kind}", timeout=1700, xen_args=PROCESSORS[kind])


def clocksource(guest):
    """The clocksource changes between xen and tsc, and no clock steps back."""
    with compiled("ticker") as programs:
        result = boot(Boot(kernel.build("ours"), guest=guest, payload="sh /rig/clocksource.sh\n", timeout=700,
                           files=programs | {"/rig/clocksource.sh": GUEST / "clocksource.sh"}))
    switches = {source: (taken, tried) for source, taken, tried in SWITCH.findall(result.log)}
    for source in ("xen", "tsc"):
        taken, tried = switches.get(source, ("0", "0"))
        if source in switches and tried == "0":
            yield source, None, "this guest is not offered it"
        else:
            yield f"{source} is taken each time", int(taken) == int(tried) > 0, f"{taken} of {tried}"
    yield "the ticker ticks", len(re.findall("^TICK", result.log, re.MULTILINE)) > 10, "it does not"
    yield from health(result)


def with_options():
    """Our kernel with what only these tests need: a build of its own."""
    return kernel.build("ours", fragments=[kconfig.FRAGMENTS / "long.config"])


def modules(built, places):
    """Modules of a kernel as files for a guest."""
    return {f"/rig/{name}": built.tree / place / name for name, place in places.items()}


def torture(guest):
    """locktorture and rcutorture with CPU hotplug, four vCPUs on one processor: SUCCESS at the end of each."""
    built = with_options()
    result = boot(Boot(built, guest=guest, payload="sh /rig/torture.sh\n", timeout=1100,
                       files=modules(built, MODULES) | {"/rig/torture.sh": GUEST / "torture.sh"}, **CROWDED))
    ends = TORTURE.findall(result.log)
    for run, verdict in ends:
        yield run, "End of test: SUCCESS" in verdict, verdict
    planned = len(re.findall(r"^run ", (GUEST / "torture.sh").read_text(), re.MULTILINE))
    yield "every run ended", len(ends) == planned, f"{len(ends)} of {planned}"
    yield from health(result)


def stress_ng():
    """Debian's stress-ng as files for a guest, with those of its libraries that no other program there has."""
    top = unpacked("stress-ng", closure=True)
    libraries = {path.name: path for path in top.glob("**/x86_64-linux-gnu/*.so*")}
    files, fresh = {}, {"/usr/bin/stress-ng": top / "usr/bin/stress-ng"}
    while fresh:
        files |= fresh
        names = {name for path in fresh.values() for name in elf.needed(path.read_bytes())}
        fresh = {f"/{rootfs.LIBRARIES}/{name}": libraries[name] for name in names & libraries.keys()}
        fresh = {place: path for place, path in fresh.items() if place not in files}
    return files


def stress(guest):
    """Modules, tracers, probes, BPF, KFENCE, swap, stress-ng: all that remaps pages of the kernel and of programs."""
    built = with_options()
    result = boot(Boot(built, guest=guest, memory=768, payload="sh /rig/stress.sh\n", timeout=4500, cpu=L1TF["cpu"],
                       vcpus=2, xen_args=f"{ALONE} {L1TF['xen_args']}",
                       files=modules(built, STRESS_MODULES) | stress_ng() | {"/rig/stress.sh": GUEST / "stress.sh"}))
    yield from steps(result)
    yield from health(result, faults=False)


@test("long/no-pv", timeout=4000, exclusive=True)
def without_pv():
    """A kernel without XEN_PV as PVH dom0 leads a PVH domU, the same kernel, from create to destroy."""
    built = kernel.build("ours", fragments=[kconfig.FRAGMENTS / "no-pv.config"])
    yield from led("domu-life.sh pvh", timeout=1700, built=built, dom0="pvh-dom0", xen_args=PROCESSORS["pvh"])


def kexec(why):
    """A PVH domU starts its kernel anew by kexec, to reboot or after a panic: the new one boots, with all CPUs or one."""
    yield from led(f"domu-kexec.sh {why}", timeout=1700, xen_args=PROCESSORS["pvh"], built=with_options(),
                   programs=("ticker", "kexec", "soft_reset"))


test("long/pv-memory", needs=["build/debug"], timeout=3500, exclusive=True)(partial(memory, "pv"))
test("long/pv-storm", needs=["build/ours"], timeout=5300, exclusive=True)(partial(storm, "pv"))
for each in ("pv-dom0", "pv-domu"):
    test(f"long/{each}-stress", timeout=5000, exclusive=True)(partial(stress, each))
for each in ("reboot", "panic"):
    test(f"long/kexec-{each}", timeout=5300, exclusive=True)(partial(kexec, each))
for each in ("pv", "pvh"):
    test(f"long/{each}-suspend", needs=["build/ours"], timeout=5300, exclusive=True)(partial(suspend, each))
    test(f"long/{each}-hotplug", needs=["build/ours"], timeout=3500, exclusive=True)(partial(hotplug, each))
    test(f"long/{each}-end", needs=["build/ours"], timeout=3500, exclusive=True)(partial(end, each))
    test(f"long/{each}-clocksource", needs=["build/ours"], timeout=1450, exclusive=True)(partial(clocksource, f"{each}-domu"))
    test(f"long/{each}-torture", timeout=4000, exclusive=True)(partial(torture, f"{each}-domu"))
