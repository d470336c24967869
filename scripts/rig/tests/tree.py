# SPDX-License-Identifier: GPL-2.0
"""The checkout that is tested."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def files():
    """The files of the checkout, as git sees them: tracked, or new and not ignored."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in sorted(set(listed.split("\0")))
            if path and (ROOT / path).is_file() and not (ROOT / path).is_symlink()]


def first_line(path):
    """The first line of a file, where a script names its interpreter."""
    with open(ROOT / path, errors="replace") as file:
        return file.readline()


def is_python(path):
    """Whether a file is Python, by name or by interpreter line."""
    return path.endswith(".py") or (first_line(path).startswith("#!") and "python" in first_line(path))


def is_shell(path):
    """Whether a file is shell, by name or by interpreter line."""
    return path.endswith(".sh") or first_line(path).rstrip().endswith(("/sh", "/bash", "shell=sh"))
