# SPDX-License-Identifier: GPL-2.0
"""Our tree in place of a kernel's arch/x86/xen, and the way back.

The untouched stock directory is copied to .stock by one rename before anything else changes, so from any later moment
--remove restores it. The .overlay file says "applying" until the work is complete, then lists what we placed. Files
whose content is right already are not written again, which keeps make incremental.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rig.errors import UserError

OURS = Path(__file__).resolve().parents[2]
SUPPORTED = "7.3"
PRODUCT = re.compile(r"^\..*\.(cmd|d)$|\.(o|a|ko|mod|mod\.c|s|i|ll|lst|order|gcno|dwo|rmeta)$")


def version(tree):
    """The VERSION.PATCHLEVEL.SUBLEVEL of a kernel tree."""
    try:
        text = (tree / "Makefile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    numbers = [re.search(rf"^{name} *= *(\d+)$", text, re.MULTILINE) for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    if not all(numbers) or not (tree / "arch/x86/xen").is_dir():
        raise UserError(f"{tree} is not a Linux kernel tree: name the directory that holds its top Makefile")
    return ".".join(number[1] for number in numbers)


def check_version(tree):
    """Refuse any kernel but the one this tree was written for."""
    found = version(tree)
    if not found.startswith(SUPPORTED + "."):
        raise UserError(f"{tree} is Linux {found}, but this tree replaces arch/x86/xen of Linux {SUPPORTED} only: "
                        f"take a {SUPPORTED}.x tree")
    return found


def files(source=OURS):
    """Our files, relative to the checkout: what git tracks or would track, less what serves the repository only."""
    listing = subprocess.run(["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        names = [Path(name) for name in listing.stdout.split("\0") if name]
    else:
        names = [path.relative_to(source) for path in source.rglob("*") if "__pycache__" not in path.parts]
    return sorted(name for name in set(names) if (source / name).is_file()
                  and name.parts[0] not in (".git", ".ci") and name.name != ".gitignore")


@dataclass(frozen=True)
class Overlay:
    """A kernel tree's arch/x86/xen as an overlay sees it."""

    place: Path

    @property
    def stock(self):
        """The complete copy of the stock directory; it exists exactly while something of it may be changed."""
        return self.place / ".stock"

    @property
    def mark(self):
        """The file that tells the state."""
        return self.place / ".overlay"

    def state(self):
        """stock, applied or half."""
        if not self.mark.exists() and not self.stock.exists():
            return "stock" if (self.place / "Makefile").is_file() else "half"
        placed = self.mark.read_text(encoding="utf-8") if self.mark.exists() else ""
        return "applied" if placed.startswith("applied\n") and self.stock.is_dir() else "half"

    def placed(self):
        """What a complete application placed, as names relative to the directory."""
        return {Path(name) for name in self.mark.read_text(encoding="utf-8").splitlines()[1:]}

    def write_mark(self, word, names=()):
        """Replace the state file in one step that survives a crash."""
        draft = self.place / ".overlay.draft"
        with open(draft, "w", encoding="utf-8") as handle:
            handle.write("\n".join([word, *map(str, sorted(names)), ""]))
            handle.flush()
            os.fsync(handle.fileno())
        draft.rename(self.mark)


def apply(tree, source=OURS):
    """Put our files in place of arch/x86/xen; true if anything changed."""
    check_version(tree)
    over = Overlay(tree / "arch/x86/xen")
    state = over.state()
    if state == "half":
        raise UserError(f"{over.place} is half-applied or not the kernel's own: run scripts/overlay --remove {tree}, "
                        "or restore that directory, and try again")
    before = over.placed() if state == "applied" else set()
    if state == "stock":
        over.write_mark("applying")
        save_stock(over)
    wanted = {name: source / name for name in files(source)}
    stale = (before | {path.relative_to(over.stock) for path in sources(over.stock)}) - set(wanted)
    late = [name for name in stale if (over.place / name).exists()]
    fresh = [name for name, path in wanted.items() if differs(path, over.place / name)]
    if state == "applied" and before == set(wanted) and not fresh and not late:
        return False
    over.write_mark("applying", before)
    for name in late:
        (over.place / name).unlink()
    for name in fresh:
        place(wanted[name], over.place / name, over.stock)
    drop_empty(over.place, {parent for name in stale for parent in name.parents})
    over.write_mark("applied", wanted)
    return True


def remove(tree):
    """Restore the stock directory, contents and times, and take out everything that is ours; true if anything was."""
    check_version(tree)
    over = Overlay(tree / "arch/x86/xen")
    for draft in (over.place / ".stock.draft", over.place / ".overlay.draft"):
        shutil.rmtree(draft) if draft.is_dir() else draft.unlink(missing_ok=True)
    if not over.stock.is_dir():
        if over.mark.exists() and over.mark.read_text(encoding="utf-8").startswith("applied"):
            raise UserError(f"{over.stock} is gone, so the stock files cannot be put back: unpack the kernel tree anew")
        found = over.mark.exists()
        over.mark.unlink(missing_ok=True)
        return found
    over.write_mark("applying")
    names = {path.relative_to(over.stock) for path in sources(over.stock)}
    stems = {name.stem for name in names if name.suffix in (".c", ".S")} | {"built-in", "modules"}
    for path in sorted(over.place.iterdir()):
        if path in (over.stock, over.mark) or path.relative_to(over.place) in names:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        elif not (PRODUCT.search(path.name) and path.name.lstrip(".").split(".")[0] in stems):
            path.unlink()
    for name in names:
        place(over.stock / name, over.place / name, over.stock)
    over.stock.rename(over.place / ".stock.draft")
    over.mark.unlink()
    shutil.rmtree(over.place / ".stock.draft")
    return True


def sources(directory):
    """The files of a directory that no build made."""
    return [path for path in directory.rglob("*") if path.is_file() and not PRODUCT.search(path.name)
            and not path.relative_to(directory).parts[0].startswith((".stock", ".overlay"))]


def save_stock(over):
    """Copy the stock directory into .stock; the rename at the end is what makes it count."""
    draft = over.place / ".stock.draft"
    originals = sources(over.place)
    shutil.rmtree(draft, ignore_errors=True)
    for path in originals:
        copy = draft / path.relative_to(over.place)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    os.sync()
    draft.rename(over.stock)


def differs(wanted, present):
    """Whether a file has to be written: absent, of other content, or of other permissions."""
    if not present.is_file() or present.is_symlink():
        return True
    ours, theirs = wanted.stat(), present.stat()
    return (ours.st_size != theirs.st_size or ours.st_mode & 0o111 != theirs.st_mode & 0o111
            or wanted.read_bytes() != present.read_bytes())


def place(wanted, target, stock):
    """Write one file so that a crash leaves the old or the new one; stock files keep their time."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".overlay-{target.name}")
    (shutil.copy2 if wanted.is_relative_to(stock) else shutil.copy)(wanted, draft)
    draft.rename(target)


def drop_empty(top, directories):
    """Remove directories that held only what is gone."""
    for directory in sorted(directories, key=lambda path: len(path.parts), reverse=True):
        path = top / directory
        if path != top and path.is_dir() and not any(path.iterdir()):
            path.rmdir()
