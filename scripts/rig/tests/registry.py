# SPDX-License-Identifier: GPL-2.0
"""What a test is: a function that yields checks, registered under a name.

A check is a tuple (name, ok, detail): ok is True, False, or None for one that
could not be made here, and detail says why in the last two cases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch

from rig.errors import UserError

TESTS = {}
# Groups that take so long that a run without names leaves them out.
EXTRA = ("configs", "long")


@dataclass(frozen=True)
class Test:
    """One entry of the list that scripts/test --list prints."""

    name: str
    body: Callable
    about: str
    needs: tuple
    timeout: int
    exclusive: bool


def test(name, needs=(), timeout=60, exclusive=False):
    """Register a function that yields checks.

    needs names the tests that must have passed before, exclusive asks for both
    processors (a build; a PVH domU, because nested virtualisation fails on busy
    ones), and timeout, in seconds, is when a hang is cut.
    """
    def register(body):
        about = getattr(body, "func", body).__doc__.strip().splitlines()[0]
        TESTS[name] = Test(name, body, about, tuple(needs), timeout, exclusive)
        return body
    return register


def requirements(name):
    """The names that a test needs, directly or not, in the order to run them."""
    found = []
    for need in TESTS[name].needs:
        found += [each for each in requirements(need) + [need] if each not in found]
    return found


def select(patterns, groups=()):
    """The tests that the patterns (globs, or the group before a slash) name, with what they need.

    Without patterns these are the tests of the given groups, or all but the extra ones.
    """
    for pattern in patterns:
        if not any(matches(name, pattern) for name in TESTS):
            raise UserError(f"no test is called '{pattern}': scripts/test --list prints their names")
    chosen = [name for name in TESTS if any(matches(name, each) for each in patterns or groups)
              or not (patterns or groups or name.startswith(tuple(f"{each}/" for each in EXTRA)))]
    ordered = dict.fromkeys(each for name in chosen for each in [*requirements(name), name])
    return [TESTS[name] for name in ordered]


def matches(name, pattern):
    """Whether a pattern names this test: 'boot', 'boot/*' and 'boot/pv-dom0-1' all name the last."""
    return fnmatch(name, pattern) or name.startswith(pattern + "/")
