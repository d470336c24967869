# SPDX-License-Identifier: GPL-2.0
"""What can be seen in the files without building them."""

import re
import shutil
import subprocess
import sys

from rig.errors import UserError
from rig.packages import ensure
from rig.tests.registry import test
from rig.tests.rust_source import unsafe_uses, without_contract
from rig.tests.tree import ROOT, files, is_python, is_shell

# What has no place for a comment: lock files, recorded results, and the licence itself.
NO_LICENCE_LINE = (".lock", ".json", "COPYING", "LICENSE")
# Directories of one machine, and hosts that packages come from: both stay out of the repository.
PRIVATE = re.compile(r"(?<![\w.$}])/(?:root|home/\w+|work|tmp/w)/"
                     r"|\b(?:deb|security|ftp|snapshot)\.debian\.org|\b(?:static|index)\.crates\.io"
                     r"|\bstatic\.rust-lang\.org|\bpypi\.org|\bproxy\.golang\.org"
                     r"|://\d+\.\d+\.\d+\.\d+")
UNSAFE_STRATA = ("rust/raw", "rust/ffi")


def command(*words):
    """Run a linter over the tree; its result is (ok, output)."""
    done = subprocess.run(words, check=False, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def installed(program, package):
    """Whether a program is there, after an attempt to install it."""
    if not shutil.which(program):
        try:
            ensure([package])
        except UserError:
            return False
    return bool(shutil.which(program))


@test("lint/scripts", timeout=300, exclusive=True)
def scripts():
    """Python and shell are clean under their linters."""
    python = [path for path in files() if is_python(path)]
    shell = [path for path in files() if is_shell(path)]
    yield "python compiles", *command(sys.executable, "-c", COMPILE, *python)
    if installed("pyflakes3", "pyflakes3"):
        yield "pyflakes", *command("pyflakes3", *python)
    else:
        yield "pyflakes", None, "pyflakes3 is not installed"
    if installed("shellcheck", "shellcheck"):
        yield "shellcheck", *command("shellcheck", *shell)
    else:
        yield "shellcheck", None, "shellcheck is not installed"


COMPILE = "import sys\nfor name in sys.argv[1:]: compile(open(name).read(), name, 'exec')"


@test("lint/files")
def every_file():
    """Every file names its licence and nothing of the machine it was written on."""
    unlicensed, private = [], []
    for path in files():
        text = (ROOT / path).read_text(errors="replace")
        top = "\n".join(text.splitlines()[:3])
        if "SPDX-License-Identifier: " not in top and text and not path.endswith(NO_LICENCE_LINE):
            unlicensed.append(path)
        private += [f"{path}:{number}: {line.strip()[:100]}"
                    for number, line in enumerate(text.splitlines(), 1) if PRIVATE.search(line)]
    yield "SPDX line in the first three", not unlicensed, "\n".join(unlicensed)
    yield "no machine paths or package hosts", not private, "\n".join(private)


@test("lint/rust", timeout=300, exclusive=True)
def rust():
    """Rust is formatted, unsafe is where it may be and explained, and C's prototypes are compared."""
    sources = [path for path in files() if path.endswith(".rs")]
    if installed("rustfmt", "rustfmt-web") or installed("rustfmt", "rustfmt"):
        formatted, names = command("rustfmt", "--check", "-l", "--edition", "2021", *sources)
        yield "rustfmt", formatted, "\n".join(sorted(set(names.replace(f"{ROOT}/", "").splitlines())))
    else:
        yield "rustfmt", None, "rustfmt is not installed"
    misplaced, unexplained, unlisted = [], [], []
    for path in sources:
        unlisted += [f"{path}: {name}" for name in without_contract((ROOT / path).read_text())]
        for line, explained in unsafe_uses((ROOT / path).read_text()):
            if not path.startswith(UNSAFE_STRATA):
                misplaced.append(f"{path}:{line}")
            if not explained:
                unexplained.append(f"{path}:{line}")
    yield "unsafe in rust/raw and rust/ffi only", not misplaced, "\n".join(misplaced)
    yield "SAFETY comment at each unsafe", not unexplained, "\n".join(unexplained)
    yield "contract!() lists each function that C calls", not unlisted, "\n".join(unlisted)
