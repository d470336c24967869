# SPDX-License-Identifier: GPL-2.0
"""How a script ends: one clear sentence for the user, a fitting exit status, and nothing left running."""

import errno
import os
import signal
import sys


class UserError(Exception):
    """What went wrong and what mends it, in one sentence: shown without a traceback."""


def _interrupt(_signum, _frame):
    """Treat termination like Ctrl-C, so that every `finally` still runs and ends its children."""
    raise KeyboardInterrupt


def run(main):
    """Call main(argv) and exit with its status; a UserError becomes a sentence, Ctrl-C becomes 130."""
    name = os.path.basename(sys.argv[0])
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _interrupt)
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except UserError as error:
        sys.stdout.flush()
        print(f"{name}: error: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted", file=sys.stderr)
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"{name}: error: the disk is full: free some space, or set XEN_RUST_CACHE to a roomier place",
              file=sys.stderr)
        status = 1
    sys.exit(status or 0)
