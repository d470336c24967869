# SPDX-License-Identifier: GPL-2.0
"""Configurations as fragments over tinyconfig; every line of a fragment must reach .config, or the build stops."""

import re
from pathlib import Path

from rig.errors import UserError

FRAGMENTS = Path(__file__).with_name("configs")
LINE = re.compile(r"^(?:CONFIG_(\w+)=(.*)|# CONFIG_(\w+) is not set)$", re.MULTILINE)


def fragments(config, extra):
    """The files that make up a configuration: debug builds on small, and the user's own come last."""
    chain = {"small": ["small"], "debug": ["small", "debug"]}.get(config)
    if chain is None:
        raise UserError(f"there is no configuration {config}: the configurations are small and debug")
    paths = [FRAGMENTS / f"{name}.config" for name in chain] + [Path(path) for path in extra]
    for path in paths:
        if not path.is_file():
            raise UserError(f"there is no configuration fragment {path}: name a file of CONFIG_...= lines")
    return paths


def values(text):
    """Symbol to value, n for one that is not set; a later line wins."""
    return {match[1] or match[3]: match[2] if match[1] else "n" for match in LINE.finditer(text)}


def own_symbols(ours, stock):
    """The symbols that our Kconfig defines and the stock one does not: a stock kernel cannot have them."""
    defined = [set(re.findall(r"^config (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
               for path in (ours, stock)]
    return defined[0] - defined[1]


def configure(tree, paths, make, unknown):
    """Write the tree's .config from fragments, leaving an equal one (and so its time) alone.

    `make` runs make in the tree with the given words; `unknown` holds the symbols that this tree cannot have.
    """
    wanted = {}
    for path in paths:
        wanted |= {name: (value, path) for name, value in values(path.read_text(encoding="utf-8")).items()
                   if name not in unknown}
    draft, final = tree / ".config.draft", tree / ".config"
    make("tinyconfig", KCONFIG_CONFIG=draft.name)
    base = [line for line in draft.read_text(encoding="utf-8").splitlines()
            if not (match := LINE.match(line)) or (match[1] or match[3]) not in wanted]
    lines = [f"# CONFIG_{name} is not set" if value == "n" else f"CONFIG_{name}={value}"
             for name, (value, _) in wanted.items()]
    draft.write_text("\n".join([*base, *lines, ""]), encoding="utf-8")
    make("olddefconfig", KCONFIG_CONFIG=draft.name)
    text = draft.read_text(encoding="utf-8")
    got = values(text)
    lost = [f"{name}={value} of {path.name}" for name, (value, path) in wanted.items() if got.get(name, "n") != value]
    if lost:
        raise UserError(f"the configuration lost {', '.join(lost)}: mend the fragment, or add what Kconfig says "
                        "those symbols depend on")
    if not final.is_file() or final.read_text(encoding="utf-8") != text:
        draft.replace(final)
    for path in (draft, tree / ".config.draft.old"):
        path.unlink(missing_ok=True)
