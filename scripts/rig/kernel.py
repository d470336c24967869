# SPDX-License-Identifier: GPL-2.0
"""Kernels of three variants from one source and configuration: ours, stock, and stock with the lazy-MMU fix.

Each variant has a tree of its own in the cache, built in place. A new one starts as a copy of a built tree of the same
source and configuration, so that only arch/x86/xen is compiled again.
"""

from dataclasses import dataclass
from pathlib import Path

from rig import cache, kconfig, kernel_make, kernel_source, overlay, process, toolchain
from rig import share as shares
from rig.errors import UserError

VARIANTS = ("ours", "stock", "fixed")
FIX = Path(__file__).with_name("lazy-mmu-fix.patch")
UNBUILT = ("scripts", "selftests", "Documentation", "README.rst")
TREE_SIZE = 5_000_000_000


@dataclass(frozen=True)
class Kernel:
    """A built kernel in the cache."""

    variant: str
    config: str
    tree: Path
    bzimage: Path
    vmlinux: Path
    release: str


def build(variant, config="small", fragments=(), source=None, say=print):
    """Build one variant, doing only what a change of its inputs asks for; `source` is a directory of the user's."""
    if variant not in VARIANTS:
        raise UserError(f"there is no kernel variant {variant}: the variants are {', '.join(VARIANTS)}")
    paths = kconfig.fragments(config, fragments)
    origin = kernel_source.choose(Path(source) if source else None, say)
    tools = toolchain.env(say)
    group = f"{origin.release}-{config}{origin.key}"
    path = cache.root() / "kernel" / f"{group}{'-custom' if fragments else ''}-{variant}"
    stamp, make = path / ".rig-stamp", kernel_make.Make(path, tools)
    with cache.lock(path.name):
        if path.is_dir() and origin.refresh(path):
            stamp.unlink(missing_ok=True)
        cache.fill(path, lambda draft: create(draft, path, group, origin, say))
        dress(path, variant)
        key = cache.digest(variant, *paths, *toolchain.versions(tools), *inputs(variant))
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != key:
            stamp.unlink(missing_ok=True)
            kconfig.configure(path, paths, make.target, foreign(variant, path))
            dress(path, variant)
            make.kernel(f"Linux {origin.release}, {variant}, {config} configuration", say)
            stamp.write_text(key, encoding="ascii")
    release = (path / "include/config/kernel.release").read_text(encoding="ascii").strip()
    return Kernel(variant, config, path, path / "arch/x86/boot/bzImage", path / "vmlinux", release)


def share(kernel):
    """The percentage of Rust in the text of the kernel's arch/x86/xen."""
    return shares.percent(kernel.tree)


def inputs(variant):
    """What a variant's arch/x86/xen depends on, beyond the kernel's source."""
    if variant == "ours":
        return [part for name in overlay.files() if name.parts[0] not in UNBUILT
                for part in (str(name), overlay.OURS / name)]
    return [FIX] if variant == "fixed" else []


def foreign(variant, path):
    """The symbols of a fragment that a variant cannot have."""
    if variant == "ours":
        return set()
    return kconfig.own_symbols(overlay.OURS / "Kconfig", path / "arch/x86/xen/Kconfig")


def create(draft, path, group, origin, say):
    """Make a variant's tree: a copy of a sibling that is built, or else the sources."""
    cache.need(TREE_SIZE, "a kernel build")
    siblings = [stamp.parent for stamp in path.parent.glob(f"{group}-*/.rig-stamp")
                if not stamp.parent.name.endswith("-fixed")]
    if not siblings:
        origin.fill(draft, say)
        return
    with cache.lock(siblings[0].name):
        copy_built(siblings[0], draft, path, say)


def copy_built(sibling, draft, path, say):
    """Copy a built tree; the saved commands that name its place get the new one, or make would do it all again."""
    say(f"copying the built tree {sibling.name}")
    done = process.output(["cp", "-a", "--reflink=auto", f"{sibling}/.", draft])
    if done.returncode:
        raise UserError(f"copying {sibling} failed: {process.last_line(done)}")
    (draft / ".rig-stamp").unlink(missing_ok=True)
    for command in draft.rglob(".*.cmd"):
        text = command.read_bytes()
        if bytes(sibling) in text:
            command.write_bytes(text.replace(bytes(sibling), bytes(path)))


def dress(path, variant):
    """Give a tree the arch/x86/xen of its variant."""
    if variant == "ours":
        overlay.apply(path)
        return
    overlay.remove(path)
    patch = ["patch", "-p1", "--silent", "--force", "--reject-file=-", "-d", path, "-i", FIX]
    if variant == "fixed" and process.output([*patch, "--reverse", "--dry-run"]).returncode:
        done = process.output(patch)
        if done.returncode:
            raise UserError(f"{FIX.name} does not apply to this kernel ({process.last_line(done)}): "
                            "mend the patch in scripts/rig")
