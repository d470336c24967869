# SPDX-License-Identifier: GPL-2.0
"""The kernels that are built, and what is linked into ours."""

import re
import subprocess
from functools import partial

from rig import kernel, share
from rig.tests.registry import test
from rig.tests.tree import ROOT

OWED = "selftests/baseline/symbols"
WARNING = re.compile(r"warning: objtool:|error: objtool:|WARNING: modpost:|ERROR: modpost:")


def builds(variant, config):
    """The kernel builds, and neither objtool nor modpost has anything to say."""
    built = kernel.build(variant, config)
    log = built.tree.with_name(built.tree.name + ".log").read_text(errors="replace")
    warnings = [line for line in log.splitlines() if WARNING.search(line)]
    yield "builds", built.bzimage.is_file(), f"{built.bzimage} is missing"
    yield "no objtool or modpost warning", not warnings, "\n".join(warnings[:20])
    if variant == "ours":
        yield from owed_symbols(built)
        yield from linked_objects(built)


def output(*command):
    """What a command prints."""
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def owed(built, kind):
    """The rows of one kind that hold for the kernel's configuration."""
    options = set(re.findall(r"^CONFIG_(\w+)=[ym]", (built.tree / ".config").read_text(), re.MULTILINE))
    for line in (ROOT / OWED).read_text().splitlines():
        words = line.split()
        condition = words[-1] if words and words[-1].isupper() and not words[-1].startswith("EXPORT") else ""
        if words[:1] == [kind] and (not condition or (condition.lstrip("!") in options) != condition.startswith("!")):
            yield words[1:]


def owed_symbols(built):
    """What the rest of the kernel needs of arch/x86/xen is there, with the licence that it had."""
    defined = {line.split()[-1] for line in output("nm", "--defined-only", built.vmlinux).splitlines()}
    missing = [name for name, *_ in owed(built, "outside") if name not in defined]
    yield "symbols that others use are defined", not missing, " ".join(missing)
    ours = {words[-1]: words[-2] for words in map(str.split, output(
        "nm", "--defined-only", built.tree / "arch/x86/xen/built-in.a").splitlines()) if len(words) == 3}
    missing = [name for name, *_ in owed(built, "weak") if ours.get(name) != "T"]
    yield "weak symbols are overridden", not missing, " ".join(missing)
    table = (line.split("\t") for line in (built.tree / "Module.symvers").read_text().splitlines())
    exported = {row[1]: row[3] for row in table if row[2] == "vmlinux"}
    wrong = [f"{name} is {exported.get(name)}, was {licence}" for name, licence, *_ in owed(built, "export")
             if exported.get(name) != licence]
    yield "exports keep name and licence", not wrong, "\n".join(wrong)


def linked_objects(built):
    """Nothing of the stock directory is linked, and some of the text is Rust."""
    members = output("ar", "t", built.tree / "arch/x86/xen/built-in.a").split()
    stock = [member for member in members if not re.search(r"arch/x86/xen/(c-shims|rust)/", member)]
    yield "no stock file is linked", bool(members) and not stock, " ".join(stock)
    percent = share.percent(built.tree)
    yield "some of the text is Rust", percent > 0, f"{percent} %"


for name, variant, config, timeout in (("ours", "ours", "small", 2400), ("stock", "stock", "small", 1500),
                                       ("debug", "ours", "debug", 2700)):
    test(f"build/{name}", timeout=timeout, exclusive=True)(partial(builds, variant, config))
