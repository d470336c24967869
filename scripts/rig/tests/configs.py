# SPDX-License-Identifier: GPL-2.0
"""arch/x86/xen alone, built for other configurations and by other compilers.

Linux 7.3 offers x86 no PREEMPT_NONE any more (kernel/Kconfig.preempt wants ARCH_NO_PREEMPT for it): PREEMPT_LAZY is
what took its place.
"""

import tempfile
from functools import partial
from pathlib import Path

from rig import cache, kconfig, kernel, kernel_make, packages, process, toolchain
from rig.tests.registry import test

FRAGMENTS = {
    "no-pv": (kconfig.FRAGMENTS / "no-pv.config").read_text(),
    "no-smp": "# CONFIG_SMP is not set\n# CONFIG_HOTPLUG_CPU is not set\nCONFIG_NR_CPUS=1\n"
              "# CONFIG_PARAVIRT_SPINLOCKS is not set\n",
    "no-dom0": "# CONFIG_XEN_DOM0 is not set\n# CONFIG_XEN_BACKEND is not set\n",
    "no-pvh": "# CONFIG_XEN_PVH is not set\n",
    "no-acpi": "# CONFIG_ACPI is not set\n# CONFIG_XEN_PVH is not set\n# CONFIG_XEN_DOM0 is not set\n"
               "# CONFIG_XEN_BACKEND is not set\n",
    "no-printk": "CONFIG_EXPERT=y\n# CONFIG_PRINTK is not set\nCONFIG_BLOCK=y\nCONFIG_BUG=y\n",
    "preempt-lazy": "# CONFIG_PREEMPT is not set\nCONFIG_PREEMPT_LAZY=y\n",
    "preempt-full": "CONFIG_PREEMPT=y\n",
    "ibt": "CONFIG_X86_KERNEL_IBT=y\n",
}
CLANG = "clang-19"


def shared_tree():
    """The tree that these builds share, at first a copy of the one that the tests boot."""
    base = kernel.build("ours").tree
    tree = base.with_name(base.name + "-configs")
    if not tree.is_dir():
        with tempfile.TemporaryDirectory(dir=tree.parent, prefix=".draft-") as draft, cache.lock(base.name):
            copy = Path(draft, "tree")
            copy.mkdir()
            kernel.copy_built(base, copy, tree, print)
            copy.rename(tree)
    kernel.dress(tree, "ours")
    return tree


def compiles(fragment, **tools):
    """arch/x86/xen builds without a warning for this configuration and with these tools."""
    with tempfile.NamedTemporaryFile("w", suffix=".config") as extra, cache.lock("configs"):
        extra.write(fragment)
        extra.flush()
        tree = shared_tree()
        make = kernel_make.Make(tree, toolchain.env() | tools)
        kconfig.configure(tree, kconfig.fragments("small", [extra.name]), make.target, set())
        done = process.output([*make.words, "prepare", "arch/x86/xen/", "arch/x86/kernel/head_64.o"], cwd=tree,
                              env=make.env)
    print(done.stdout, done.stderr)
    yield "builds", done.returncode == 0, f"make ended with {done.returncode}"
    warnings = [line for line in (done.stdout + done.stderr).splitlines() if "warning:" in line.lower()]
    yield "no warning", not warnings, "\n".join(warnings[:20])


for name, text in FRAGMENTS.items():
    test(f"configs/{name}", needs=["build/ours"], timeout=1500, exclusive=True)(partial(compiles, text))


@test("configs/clang", needs=["build/ours"], timeout=1500, exclusive=True)
def clang():
    """arch/x86/xen builds with clang as the C compiler."""
    packages.ensure([CLANG])
    yield from compiles("", CC=CLANG)


@test("configs/rustc-1.85", needs=["build/ours"], timeout=1500, exclusive=True)
def oldest_rustc():
    """arch/x86/xen builds with the oldest rustc that the kernel takes, where that is installed with its source."""
    rustc = next(filter(is_oldest, candidates()), None)
    if rustc is None:
        yield "rustc 1.85", None, "not installed with its library source"
        return
    yield from compiles("", RUSTC=str(rustc))


def candidates():
    """The rustc programs of this machine: Debian's and rustup's."""
    yield Path("/usr/bin/rustc")
    yield from Path.home().glob(".rustup/toolchains/*/bin/rustc")


def is_oldest(rustc):
    """Whether this is rustc 1.85 and has the source of core, which the kernel builds."""
    if not rustc.exists() or not process.output([rustc, "--version"]).stdout.startswith("rustc 1.85."):
        return False
    sysroot = process.output([rustc, "--print", "sysroot"]).stdout.strip()
    return Path(sysroot, "lib/rustlib/src/rust/library/core").is_dir()
