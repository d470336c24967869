# SPDX-License-Identifier: GPL-2.0
"""Prints what stock C makes of the kselftests here, in the form that selftests/baseline/stock.tsv keeps it."""

import sys

from rig import errors, hypervisor, kernel, kselftest, machine, qemu
from rig.errors import UserError

COMMAND = "PYTHONPATH=scripts python3 -m rig.kselftest_record > selftests/baseline/stock.tsv"


def main(_argv):
    """One boot for each set."""
    stock = kernel.build("stock", say=note)
    kselftest.install(stock.tree, note)
    lines = ["SPDX-License-Identifier: GPL-2.0",
             f"What stock C {stock.release} makes of the kernel selftests:",
             f"PV dom0 with 2 CPUs, QEMU {dotted(qemu.version())} (TCG), Xen {dotted(hypervisor.version())}.", COMMAND]
    print("".join(f"# {line}\n" for line in lines), end="")
    for name in kselftest.SETS:
        for test, result in results(stock, name).items():
            print(test, result, sep="\t", flush=True)
    return 0


def results(stock, name):
    """What one boot finds out."""
    note(f"running the set {name}")
    done = machine.run(kselftest.boot(stock, kselftest.SETS[name]))
    found = kselftest.parse(done.log)
    if done.status != 0:
        raise UserError(f"stock C did not get through the set {name}: name the test after {list(found)[-1:]} in "
                        "selftests/baseline/excluded")
    return found


def dotted(version):
    """A version as people write it."""
    return ".".join(map(str, version))


def note(text):
    """Progress, beside the table."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    errors.run(main)
