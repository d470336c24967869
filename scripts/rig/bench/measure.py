# SPDX-License-Identifier: GPL-2.0
"""Boot, run, read the figures off the console.

Under -icount guest time is instructions executed, the hypervisor's included, and QEMU's date and random numbers begin
with the same each time: two boots of one kernel print the same figures to the last digit. Where things happen to lie in
memory, and what the kernel does once in a while, would still be chance between two kernels: address randomisation is
off, and the least counts of three rounds in each of three boots, which have another dummy word on the command line each.
"""

import tempfile
from collections import Counter
from pathlib import Path

from rig import console as terminal
from rig import machine, qemu, rootfs
from rig.bench import programs
from rig.errors import UserError

BOOTS = 3
TIMEOUT = 1200
QUIET = f"norandmaps quiet {programs.FIRST_PROCESS}"

MARKER = "28"
MMU_UPDATE = "1"


def everything(kernel, files, say=print):
    """All figures of a kernel: {operation: {measure: figure per operation}}."""
    figures = {}
    for number in range(BOOTS):
        say(f"{kernel.variant}: instructions, boot {number + 1} of {BOOTS}")
        append = f"{QUIET} dummy={number}"
        log = console(kernel, files, programs.TIME, append=append) + native(kernel, files, append)
        for name, cost in instructions(log).items():
            known = figures.setdefault(name, {})
            known["instructions"] = min(cost, known.get("instructions", cost))
    for mode, vcpus in (("trace", 1), ("ipi", 2)):
        say(f"{kernel.variant}: hypercalls, {vcpus} vCPU")
        log = console(kernel, files, programs.trace(mode), append=QUIET, vcpus=vcpus,
                      xen_args=programs.TRACING_FROM_BOOT)
        for name, calls in hypercalls(log, boot=vcpus == 1).items():
            figures.setdefault(name, {}).update(calls)
    return figures


def native(kernel, files, append):
    """The console's text of a boot without Xen, which ends with the first process."""
    with tempfile.TemporaryDirectory(prefix="xen-boot-") as place:
        initrd = Path(place) / "initrd"
        initrd.write_bytes(rootfs.addition(files))
        log, _timed_out, _complaint = terminal.follow(qemu.native(kernel, initrd, f"{append} -- native"), TIMEOUT, None,
                                                      interactive=False)
    if not lines(log, "BENCH"):
        raise UserError(f"the {kernel.variant} kernel did not boot without Xen, its console ended with:\n"
                        + "\n".join(log.splitlines()[-20:]))
    return log


def console(kernel, files, payload, vcpus=1, **options):
    """The console's text of one boot that ended well."""
    result = machine.run(machine.Boot(kernel=kernel, payload=payload, files=files, vcpus=vcpus, icount=True,
                                      timeout=TIMEOUT, **options))
    if result.timed_out or result.status != 0:
        raise UserError(f"the {kernel.variant} kernel did not finish the benchmark "
                        f"({'no end in time' if result.timed_out else f'exit status {result.status}'}), "
                        "its console ended with:\n" + "\n".join(result.log.splitlines()[-20:]))
    return result.log


def lines(log, word):
    """The rest of each line that starts with a word, as words."""
    split = (line.split() for line in log.splitlines())
    return [rest for first, *rest in filter(None, split) if first == word]


def instructions(log):
    """Instructions per operation, the least of those on the lines "BENCH name iterations ns"."""
    costs = {}
    for name, iterations, time in lines(log, "BENCH"):
        costs.setdefault(name, []).append(int(time) / int(iterations))
    if not costs:
        raise UserError("the benchmark printed no result: run its payload by hand in scripts/boot --shell")
    return {name: min(rounds) for name, rounds in costs.items()}


def hypercalls(log, boot):
    """Hypercalls per operation, from "TRACED name iterations" and what tracecount found between the markers.

    Each operation lies between two markers, so every second stretch is one, in the order of the names. The first two
    are not operations: an empty stretch is what a marker itself costs, a busy one what ticks cost in a given time.
    """
    stretches = [stretch(*words) for words in lines(log, "TRACE")]
    names = lines(log, "TRACED")
    if not names or len(stretches) != 2 * len(names) + 1:
        raise UserError(f"Xen's trace has {len(stretches)} stretches for {len(names)} operations: use a hypervisor "
                        "with a trace buffer in the format of Xen 4.17")
    empty, busy, *measured = [stretches[2 * i + 1] for i in range(len(names))]
    result = {name: per_operation(calls, int(iterations), empty, busy)
              for (name, iterations), calls in zip(names[2:], measured)}
    if boot:
        _ticks, calls = stretch(*lines(log, "BOOT-TRACE")[0])
        result["boot"] = summary(calls, 1)
    return result


def stretch(_number, ticks, *counters):
    """(ticks, Counter) of the words of a line of tracecount's."""
    calls = Counter({name: int(count) for name, count in (word.split("=") for word in counters)})
    if calls.pop("lost", 0):
        raise UserError("Xen's trace buffer overflowed, which makes the counts too low: raise tbuf_size in "
                        "scripts/rig/bench/programs.py or lower the iterations in selftests/bench/operations.c")
    return int(ticks), calls


def per_operation(measured, iterations, empty, busy):
    """The figures of one operation, less what the markers and the passing of time cost."""
    ticks, calls = measured
    share = max(0, ticks - empty[0]) / (busy[0] - empty[0])
    net = {name: calls[name] - empty[1][name] - share * (busy[1][name] - empty[1][name]) for name in calls}
    return summary(net, iterations)


def summary(calls, iterations):
    """What the table shows, and every hypercall by its number ("m": as part of a multicall)."""
    calls = {name: round(count / iterations, 3) for name, count in calls.items() if name != MARKER}
    return {
        "hypercalls": round(sum(count for name, count in calls.items() if name.isdecimal()), 3),
        "mmu_update": calls.get(MMU_UPDATE, 0) + calls.get("m" + MMU_UPDATE, 0),
        "trapped PTE writes": calls.get("ptwr", 0),
        "by number": calls,
    }
