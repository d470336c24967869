# SPDX-License-Identifier: GPL-2.0
"""The guest's side: the programs of selftests/bench, and what dom0 does with them."""

from pathlib import Path

from rig import cache, packages, process
from rig.errors import UserError

SOURCE = Path(__file__).resolve().parents[3] / "selftests/bench"
NAMES = ("xenbench", "tracecount")

# As first process xenbench notes when user space began, and then starts the real one.
FIRST_PROCESS = "rdinit=/bench/xenbench"
TRACE_EVENTS = "0x0020f000"
TRACING_FROM_BOOT = f"tbuf_size=2048 tevt_mask={TRACE_EVENTS}"

TIME = """
cat /bench/boot
/bench/xenbench time
"""

# xentrace sleeps until it is told to end, so that its own hypercalls stay out of what is counted.
TRACE = """
record() {{
	file=$1
	shift
	xentrace -e {events} -s 1000000 "$@" "$file" &
	sleep 1
}}
finish() {{
	kill -INT $!
	wait $!
}}
record /run/boot.trace
finish
/bench/tracecount /run/boot.trace | head -n 1 | sed s/^TRACE/BOOT-TRACE/
rm /run/boot.trace
record /run/run.trace -D
/bench/xenbench {mode} || exit
finish
/bench/tracecount /run/run.trace
"""


def trace(mode):
    """The payload that counts hypercalls; mode is xenbench's: "trace" or "ipi"."""
    return TRACE.format(events=TRACE_EVENTS, mode=mode)


def files():
    """The programs, built, as files for the guest."""
    packages.ensure(["gcc", "make", "libc6-dev"])
    sources = sorted(path for path in SOURCE.iterdir() if path.suffix in (".c", ".h") or path.name == "Makefile")
    directory = cache.entry("bench", cache.digest(*sources), compile_into)
    return {f"/bench/{name}": directory / name for name in NAMES}


def compile_into(directory):
    """Build them into a directory of the cache."""
    done = process.output(["make", "-C", SOURCE, f"OUTPUT={directory}"])
    if done.returncode:
        raise UserError(f"selftests/bench does not compile: {done.stderr.strip().splitlines()[-1]}")
