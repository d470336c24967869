# SPDX-License-Identifier: GPL-2.0
"""Just enough reading of Rust to judge where it says unsafe, and what C is promised."""

import re

# A comment, a string (raw or not), or a character literal.
OPAQUE = re.compile(r"""//[^\n]* | /\*.*?\*/ | \bb?r(\#*)".*?"\1 | \bb?"(?:\\.|[^"\\])*" | "(?:\\.|[^"\\])*"
                      | b?'(?:\\[^\n]{1,9}?|[^\\'\n])'""", re.VERBOSE | re.DOTALL)
EXPORTED = re.compile(r"#\[no_mangle\]\s*(?:#\[[^\]]*\]\s*)*[^{;]*?\bfn\s+(\w+)")
CONTRACT = re.compile(r"\bcontract!\s*\((.*?)\)\s*;", re.DOTALL)
UNSAFE = re.compile(r"\bunsafe\b(?P<explain>\s*(?:\{|impl\b))?")


def blank(match):
    """Spaces for a match, its newlines kept, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", match.group())


def unsafe_uses(text):
    """Each use of unsafe: its line number, and whether it is explained, if it is a block or an impl."""
    code = OPAQUE.sub(blank, text).splitlines()
    lines = text.splitlines()
    for number, line in enumerate(code):
        for match in UNSAFE.finditer(line):
            yield number + 1, not match["explain"] or "SAFETY:" in comment_above(lines, code, number)


def comment_above(lines, code, number):
    """The comments before a line, back to where the statement before it ends."""
    found = [lines[number]]
    for above in range(number - 1, -1, -1):
        stripped = code[above].strip()
        if stripped.endswith((";", "{", "}", ",")) and not stripped.startswith("#["):
            break
        if not lines[above].strip():
            break
        found.append(lines[above])
    return "\n".join(found)


def without_contract(text):
    """The functions that C can call but that no contract!() compares with their prototypes."""
    code = OPAQUE.sub(blank, text)
    listed = {name for names in CONTRACT.findall(code) for name in re.findall(r"(\w+)\(", names)}
    return [name for name in EXPORTED.findall(code) if name not in listed]
