# SPDX-License-Identifier: GPL-2.0
"""The cache outside the checkout: entries keyed by what they depend on, complete or absent, never raced for."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

from rig.errors import UserError


def root():
    """The cache directory, made on first use."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(os.environ.get("XEN_RUST_CACHE") or Path(base) / "xen-rust").absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the cache directory {path} ({error.strerror}): "
                        "set XEN_RUST_CACHE to a writable place") from error
    return path


def digest(*parts):
    """A short key for an entry, from everything that its content depends on (text, bytes or paths of files)."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part if isinstance(part, bytes) else str(part).encode()
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()[:16]


def need(size, what):
    """Refuse to begin what would fill the disk half way."""
    free = shutil.disk_usage(root()).free
    if free < size:
        raise UserError(f"{what} needs {size / 1e9:.1f} GB and {root()} has {free / 1e9:.1f} GB left: "
                        "free some space, or set XEN_RUST_CACHE to a roomier place")


@contextlib.contextmanager
def lock(name):
    """Hold one entry's lock, so that a second run waits and then finds the work done."""
    path = root() / "locks" / (name.replace("/", "_") + ".lock")
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another run, which is at work on {name}", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def entry(name, key, make):
    """The directory root()/NAME-KEY; make(directory) fills it when absent, and it appears only when complete."""
    path = root() / f"{name}-{key}"
    with lock(path.name):
        fill(path, make)
    return path


def fill(path, make):
    """Make a directory that is absent or complete, whose lock the caller holds."""
    if path.is_dir():
        return
    draft = path.with_name(f".draft-{path.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        make(draft)
        draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
