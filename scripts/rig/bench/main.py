# SPDX-License-Identifier: GPL-2.0
"""scripts/bench: measure three kernels in the same way and print them side by side."""

import json
from pathlib import Path

from rig import kernel, options
from rig.bench import measure, programs, table
from rig.errors import UserError

VARIANTS = ("ours", "stock", "fixed")


def writable(text):
    """A file that can be written, found out before the long run and not after it."""
    path = Path(text)
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}): name another file after --json") from error
    return path


def main(argv):
    """Build, measure, tell."""
    parser = options.Parser(prog="bench", description="Count the instructions (QEMU's -icount) and the hypercalls "
                            "(Xen's trace buffer) of single operations in a PV dom0, for this tree, for stock C, "
                            "and for stock C with its lazy-MMU accounting balanced.")
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write every figure to FILE")
    choice = parser.parse_args(argv)
    files = programs.files()
    kernels = [kernel.build(variant) for variant in VARIANTS]
    results = {built.variant: measure.everything(built, files) for built in kernels}
    print("\n" + table.text(results, kernels[0].release))
    if choice.json:
        choice.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
