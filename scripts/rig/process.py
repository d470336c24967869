# SPDX-License-Identifier: GPL-2.0
"""Child processes in groups of their own, so that whatever happens here, none of them outlives us."""

import contextlib
import ctypes
import os
import signal
import subprocess

from rig.errors import UserError

PATIENCE = 5
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def end_with_parent():
    """Have the kernel end this process should the one that started it be killed outright."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def group(command, **options):
    """Start a command as leader of its own session; on leaving, end every process of its group.

    They are asked first, because a make that is killed outright leaves half-written objects behind.
    """
    try:
        # No thread is ever started here, which is what makes preexec_fn safe.
        child = subprocess.Popen(command, start_new_session=True,
                                 preexec_fn=end_with_parent, **options)  # noqa: PLW1509
    except FileNotFoundError as error:
        raise UserError(f"{command[0]} is not in PATH, or what runs it is missing: add its directory to PATH, or "
                        "install its package anew") from error
    try:
        yield child
    finally:
        try:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
                child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def output(command, **options):
    """The finished command: .returncode, .stdout and .stderr as text; its group does not outlive the call."""
    with group([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
               stdin=subprocess.DEVNULL, text=True, errors="replace", **options) as child:
        out, err = child.communicate()
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def last_line(done):
    """The last line of a command's output that says something."""
    return ([line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()] or ["no message"])[-1]
