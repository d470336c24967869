# SPDX-License-Identifier: GPL-2.0
"""The command line of scripts/test."""

from importlib import import_module

from rig import options
from rig.tests import registry, runner

# In the order in which a run takes them: what needs no kernel first, what needs the longest builds last.
MODULES = ("lint", "overlay", "host", "badinput", "build", "boots", "sleep", "efi", "domu", "selftests", "kunit", "long",
           "hvm", "configs")


def main(argv):
    """Run the tests that the command line names; the result is the exit status."""
    parser = options.Parser(prog="test", description="Run the project's tests.")
    parser.add_argument("--list", action="store_true", help="print the tests and what each is about")
    parser.add_argument("--quick", action="store_true", help="skip what needs a second kernel build")
    parser.add_argument("--long", action="store_true", help="run the tests that take minutes each instead")
    parser.add_argument("--configs", action="store_true", help="build for other configurations instead (long)")
    parser.add_argument("name", nargs="*", help="run only these: a name, a glob, or a group such as 'boot'")
    arguments = parser.parse_args(argv)
    for module in MODULES:
        import_module(f"rig.tests.{module}")
    groups = [group for group in registry.EXTRA if getattr(arguments, group)]
    if arguments.list and not (arguments.name or groups):
        tests = registry.TESTS.values()
    else:
        tests = registry.select(arguments.name, groups)
    if arguments.list:
        for test in tests:
            print(f"{test.name:24}{test.about}")
        return 0
    return runner.run(tests, arguments.quick)
