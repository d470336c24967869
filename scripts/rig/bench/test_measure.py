# SPDX-License-Identifier: GPL-2.0
"""From raw records to figures: python3 -m unittest rig.bench.test_measure, in scripts/."""

import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from rig.bench import measure, programs
from rig.errors import UserError

HYPERCALL, SUBCALL, TRAPPED, LOST = 0x0020100D, 0x0020200E, 0x0020110B, 0x0001F001
NEW_CPU = struct.pack("<3I", 2 << 28 | 0x0001F003, 0, 0)


def record(event, tsc, *words):
    """One record as xentrace writes it."""
    return struct.pack(f"<IQ{len(words)}I", 1 << 31 | len(words) << 28 | event, tsc, *words)


def counted(*records):
    """What tracecount prints for a file of these records."""
    program = programs.files()["/bench/tracecount"]
    with tempfile.TemporaryDirectory() as place:
        trace = Path(place) / "trace"
        trace.write_bytes(b"".join(records))
        return subprocess.run([program, trace], check=True, text=True, capture_output=True).stdout.splitlines()


class TraceCount(unittest.TestCase):
    """The decoder that runs in the guest."""

    def test_time_decides_across_vcpus(self):
        """The second vCPU's records stand after the first's in the file, and belong to their time."""
        lines = counted(NEW_CPU, record(SUBCALL, 11, 0x40000E), record(HYPERCALL, 20, 28),
                        NEW_CPU, record(HYPERCALL, 5, 32), record(HYPERCALL, 10, 28), record(HYPERCALL, 15, 0x400001),
                        record(TRAPPED, 16))
        self.assertEqual(lines, ["TRACE 0 0 32=1 ptwr=0 lost=0",
                                 "TRACE 1 10 1=1 m14=1 28=1 ptwr=1 lost=0",
                                 "TRACE 2 0 28=1 ptwr=0 lost=0"])

    def test_a_loss_spoils_every_stretch_it_reaches(self):
        """From the first record lost to the one that tells of it."""
        lines = counted(*(record(HYPERCALL, tsc, 28) for tsc in (10, 20, 30)), record(LOST, 25, 7, 0, 15, 0))
        self.assertEqual([line[-1] for line in lines], ["0", "1", "1", "0"])


class Figures(unittest.TestCase):
    """What is made of the console's text."""

    LOG = ("TRACED empty 0\nTRACED compute 9\nTRACED switch 10\n"
           "TRACE 0 0 ptwr=9 lost=0\n"
           "TRACE 1 100 23=1 28=1 ptwr=0 lost=0\n"
           "TRACE 2 7 ptwr=9 lost=0\n"
           "TRACE 3 1100 23=11 28=1 ptwr=0 lost=0\n"
           "TRACE 4 7 ptwr=9 lost=0\n"
           "TRACE 5 600 1=10 m1=20 23=26 28=1 ptwr=30 lost=0\n"
           "TRACE 6 0 ptwr=9 lost=0\n")

    def test_background_is_subtracted(self):
        """26 iret less the marker's one and half of the ten that ticks cost in 1000 TSC ticks."""
        self.assertEqual(measure.hypercalls(self.LOG, boot=False),
                         {"switch": {"hypercalls": 3, "mmu_update": 3, "trapped PTE writes": 3,
                                     "by number": {"1": 1, "m1": 2, "23": 2, "ptwr": 3}}})

    def test_overflow_is_refused(self):
        """Counts from a buffer that ran over are not shown."""
        with self.assertRaisesRegex(UserError, "overflowed"):
            measure.hypercalls(self.LOG.replace("ptwr=30 lost=0", "ptwr=30 lost=3"), boot=False)

    def test_a_missing_stretch_is_refused(self):
        """Names and stretches must match, or every figure would be its neighbour's."""
        with self.assertRaisesRegex(UserError, "6 stretches for 3 operations"):
            measure.hypercalls(self.LOG.replace("TRACE 6 0 ptwr=9 lost=0\n", ""), boot=False)


if __name__ == "__main__":
    unittest.main()
