# SPDX-License-Identifier: GPL-2.0
"""Who wrote what is linked: the text bytes of every object of arch/x86/xen, counted in the built objects themselves."""

import re
from dataclasses import dataclass
from pathlib import Path

from rig import elf, overlay, process
from rig.errors import UserError

PLACE = Path("arch/x86/xen")
TEXT = re.compile(r"(^|\.)text(\.|$)")
STOCK_C, OUR_C, ASSEMBLY, RUST = "stock C", "our C", "assembly", "Rust"
KINDS = (STOCK_C, OUR_C, ASSEMBLY, RUST)


@dataclass(frozen=True)
class Object:
    """One linked object: its name below arch/x86/xen, who wrote it, and how much code it holds."""

    name: str
    kind: str
    text: int


def objects(tree):
    """The linked objects of a built tree."""
    listing = process.output(["ar", "t", PLACE / "built-in.a"], cwd=tree)
    if listing.returncode:
        raise UserError(f"{tree / PLACE} is not built: run scripts/build first")
    kept = stock_sources(tree)
    found = []
    for name in listing.stdout.split():
        source = source_of(tree, Path(name))
        found.append(Object(str(Path(name).relative_to(PLACE)), kind(source, kept), text_size(tree / name)))
    return [*found, Object("xen-head.S (in head_64.o)", ASSEMBLY, head_size(tree))]


def percent(tree):
    """The share of Rust in the text of arch/x86/xen."""
    found = objects(tree)
    return 100 * sum(part.text for part in found if part.kind == RUST) / sum(part.text for part in found)


def stock_sources(tree):
    """The C sources that are the stock kernel's: all of them, or those that an overlay keeps."""
    place = tree / PLACE
    stock = place / ".stock" if overlay.Overlay(place).state() == "applied" else place
    return {path.name: path for path in stock.glob("*.c")}


def source_of(tree, name):
    """The source that an object was compiled from, as Kbuild recorded it."""
    record = (tree / name).with_name(f".{name.name}.cmd").read_text(encoding="utf-8", errors="replace")
    match = re.search(rf"^source_{re.escape(str(name))} := (\S+)$", record, re.MULTILINE)
    if not match:
        raise UserError(f"Kbuild recorded no source for {name}: build the tree again")
    return tree / match[1]


def kind(source, kept):
    """Who wrote a source: a C file counts as stock when it is the stock kernel's, byte for byte."""
    if source.suffix in (".rs", ".S"):
        return {".rs": RUST, ".S": ASSEMBLY}[source.suffix]
    original = kept.get(source.name)
    return STOCK_C if original and original.read_bytes() == source.read_bytes() else OUR_C


def text_size(path):
    """The bytes of an object's text sections, .init.text and .noinstr.text among them."""
    data = path.read_bytes()
    return sum(section.size for section in elf.sections(data)
               if section.flags & elf.EXECUTABLE and TEXT.search(section.name))


def head_size(tree):
    """The bytes of xen-head.S, which head_64.S includes: the sizes of the symbols that it defines."""
    text = (tree / PLACE / "xen-head.S").read_text(encoding="utf-8")
    names = set(re.findall(r"^SYM_(?:CODE|FUNC)_START\w*\((\w+)\)", text, re.MULTILINE))
    listing = process.output(["nm", "-S", "arch/x86/kernel/head_64.o"], cwd=tree).stdout
    return sum(int(words[1], 16) for words in map(str.split, listing.splitlines())
               if len(words) == 4 and words[3] in names)


def table(tree):
    """The lines of scripts/build --share."""
    found = objects(tree)
    total = sum(part.text for part in found)
    width = max(len(part.name) for part in found)
    order = sorted(found, key=lambda part: (KINDS.index(part.kind), -part.text))
    lines = [f"{part.name:{width}}  {part.kind:8}  {part.text:7}" for part in order]
    rule = "-" * (width + 19)
    for name in KINDS:
        parts = [part.text for part in found if part.kind == name]
        lines_of = f"{name}, {len(parts)} objects"
        lines.append(f"{lines_of:{width + 10}}  {sum(parts):7}  {100 * sum(parts) / total:5.1f} %")
    lines.insert(len(found), rule)
    return [f"{'object':{width}}  {'written':8}  text bytes", *lines, rule, f"{'all':{width + 10}}  {total:7}"]
