# SPDX-License-Identifier: GPL-2.0
"""The one table that a run ends with."""

TITLES = {
    "syscall": "null system call",
    "fork": "fork + exit",
    "fork_dirty": "fork + exit, 1024 dirty pages",
    "exec": "fork + exec + exit",
    "mmap": "mmap + munmap of 64 pages",
    "touch": "touch 64 new pages + munmap",
    "page_cache": "read 64 page-cache pages",
    "mprotect": "mprotect of 64 pages and back",
    "mremap": "mremap of 64 pages",
    "switch": "pipe round trip, 2 switches",
    "thread": "thread create + join",
    "signal": "signal to itself",
    "sleep": "sleep of 1 us",
    "idle": "sleep of 1 ms, CPU idle",
    "ipi": "IPI to the other of 2 vCPUs",
    "boot": "boot to user space",
    "native": "the same without Xen",
}
MEASURES = ("instructions", "hypercalls", "mmu_update", "trapped PTE writes")
HEADER = ("operation", "each costs", "ours", "stock C", "fixed C", "ours/stock", "ours/fixed")
ROW = "{:<31}{:<19}{:>15}{:>15}{:>15}{:>12}{:>12}"
ABOUT = ("Linux {}, PV dom0, one vCPU, Xen's own instructions included; fixed C is stock C with balanced lazy-MMU "
         "accounting.")
# Below this a call is the background's, not the operation's.
NOISE = 0.05


def text(results, release):
    """The table of {variant: {operation: {measure: figure}}}."""
    lines = [ABOUT.format(release), "", ROW.format(*HEADER)]
    for name, title in TITLES.items():
        for measure in MEASURES:
            figures = [results[variant].get(name, {}).get(measure) for variant in ("ours", "stock", "fixed")]
            if None in figures or max(figures) < NOISE:
                continue
            lines.append(ROW.format(title, measure, *(number(figure) for figure in figures),
                                    *(ratio(figures[0], other) for other in figures[1:])))
            title = ""
    return "\n".join(lines)


def number(figure):
    """A figure with the digits that mean something."""
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:,.1f}"


def ratio(ours, other):
    """Ours over theirs, where theirs is more than background."""
    return f"{ours / other:.3f}" if other >= NOISE else "-"
