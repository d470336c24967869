# SPDX-License-Identifier: GPL-2.0
"""Kernel selftests in guests: ours by what they say themselves, the kernel's own against stock C."""

import json
import re
from dataclasses import replace
from functools import partial

from rig import cache, hypervisor, kernel, kselftest, qemu
from rig.tests.console import L1TF, boot, health
from rig.tests.registry import test

# foreign_map and grant, which follows it, want a domU that has booted; balloon, before it, wants dom0's memory whole.
NEIGHBOUR = "domu_create neighbour pv 1 128\ndomu_wait neighbour '^RIG-INIT' 60\n"

# Of ours, those that want a kernel that can have allocations fail, and the warnings that they provoke: a CPU that cannot
# be prepared, and entries in /proc/irq that could not be made and so not be removed.
FAULTS = ("cpu_faults", "faults")
PROVOKED = r"WARNING: .* at (\S*hotplug4tell|remove_proc_entry)\+"


def ours(guest):
    """selftests/xen passes, each program by its own judgement."""
    plan = kselftest.boot(kernel.build("ours"), kselftest.SETS["xen"], guest)
    if guest.startswith("pv-"):
        plan = replace(plan, **L1TF)
    if guest == "pv-dom0":
        plan = replace(plan, payload=re.sub("^(?=ksft .*foreign_map)", NEIGHBOUR, plan.payload, flags=re.MULTILINE))
    yield from judged(plan, kselftest.tests(kselftest.install(plan.kernel.tree), kselftest.SETS["xen"]))


def faults():
    """Allocations fail, one after the other, in CPU bring-up and what maps frames, in a kernel that can have them fail."""
    yield from judged(in_debug(FAULTS), [f"xen:{name}" for name in FAULTS], PROVOKED)


def compat():
    """System calls of 32-bit code work, and with ia32_emulation=off none does, in the kernel that has them."""
    for setting in ("on", "off"):
        plan = in_debug(["compat"], append=f"ia32_emulation={setting}")
        plan = replace(plan, payload=plan.payload.replace("xen compat", f"xen compat {setting}"))
        for name, ok, detail in judged(plan, ["xen:compat"]):
            yield f"{name}, {setting}", ok, detail


def in_debug(names, append=""):
    """A boot of the debug kernel that runs these of our tests."""
    plan = kselftest.boot(kernel.build("ours", config="debug"), kselftest.SETS["xen"])
    payload = re.sub(rf"^ksft (?!.* (?:{'|'.join(names)})$).*\n", "", plan.payload, flags=re.MULTILINE)
    return replace(plan, payload=payload, append=f"kunit.enable=0 {append}".strip())


def judged(plan, names, provoked=None):
    """What some tests of a boot say themselves, and whether there was other trouble than they provoke."""
    result = boot(plan)
    verdicts = kselftest.parse(result.log)
    for name in names:
        verdict = verdicts.get(name, "no result")
        said = re.findall(rf"^# {name.partition(':')[2]}: (.*)$", result.log, re.MULTILINE)
        if verdict == "skip":
            yield name, None, said[-1].strip("# ") if said else "it says no reason"
        else:
            yield name, verdict == "pass", "\n".join([verdict, *said])
    yield from health(result, provoked=provoked)


def own_of_the_kernel(group, guest="pv-dom0", xen_args=""):
    """What passes of the kernel's own selftests on stock C, here and when it was recorded, passes on ours."""
    stock = dict.fromkeys(passed(verdicts_on_stock(group, guest, xen_args)) & passed(kselftest.recorded()), "pass")
    plan = replace(kselftest.boot(kernel.build("ours"), kselftest.SETS[group], guest), xen_args=xen_args)
    result = boot(plan)
    yield from health(result, faults=False)
    lacking = kselftest.regressions(stock, kselftest.parse(result.log))
    if lacking:
        print("once more, as these did not pass:", *lacking, sep="\n")
        again = kselftest.regressions(stock, kselftest.parse(boot(plan).log))
        lacking = [name for name in lacking if name in again]
    yield "some pass on stock C", bool(stock), "none does"
    yield f"the {len(stock)} that pass on stock C pass", not lacking, "\n".join(lacking)


def passed(verdicts):
    """The names of the tests that passed."""
    return {name for name, verdict in verdicts.items() if verdict == "pass"}


def verdicts_on_stock(group, guest, xen_args):
    """The verdicts on stock C, which are kept for as long as kernel, tests, Xen and QEMU stay the same."""
    built = kernel.build("stock")
    plan = replace(kselftest.boot(built, kselftest.SETS[group], guest), xen_args=xen_args)

    def make(directory):
        (directory / "verdicts").write_text(json.dumps(kselftest.parse(boot(plan).log)))

    key = cache.digest(built.bzimage, guest, xen_args, plan.payload, hypervisor.version(), qemu.version())
    return json.loads((cache.entry(f"kselftest-stock-{group}", key, make) / "verdicts").read_text())


for each in ("pv-dom0", "pv-domu", "pvh-domu"):
    test(f"selftests/xen-{each}", needs=["build/ours"], timeout=1600, exclusive=each == "pvh-domu")(partial(ours, each))
test("selftests/faults", needs=["build/debug"], timeout=1600)(faults)
test("selftests/compat", needs=["build/debug"], timeout=900)(compat)
for each in kselftest.SETS:
    if each != "xen":
        test(f"selftests/{each}", needs=["build/ours", "build/stock"], timeout=4600)(partial(own_of_the_kernel, each))
# The sets that go through what a PVH guest does in its own way. Where processors are busy, the emulator loses such
# guests; with one it was not seen to.
for each in ("cpu", "time"):
    test(f"long/{each}-pvh-domu", needs=["build/ours", "build/stock"],
         timeout=4600)(partial(own_of_the_kernel, each, "pvh-domu", "maxcpus=1"))
