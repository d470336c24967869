# SPDX-License-Identifier: GPL-2.0
"""What a boot's log is excused for: python3 -m unittest rig.tests.test_console, in scripts/."""

import contextlib
import io
import unittest

from rig.tests.console import Lost, emulation, watch

BREAKPOINT = """Oops: int3: 0000 [#1] SMP
CPU: 3 UID: 0 PID: 84 Comm: sh Not tainted 7.3.4 #1 PREEMPT
RIP: e030:__hrtimer_start_range_ns+0x6a/0x3f0
Code: 48 3b 78 20 74 64 {} <90> 4d 39 e6 74 0f
"""
OTHER = """Oops: 0002 [#1] SMP
RIP: e030:memcpy+0x6a/0x3f0
Code: 48 3b 78 20 74 64 66 <90> 4d 39 e6 74 0f
"""
TRIPLE = """(XEN) d1v1 Triple fault - invoking HVM shutdown action 1
(XEN) *** Dumping Dom1 vcpu#1 state: ***
(XEN) RIP:    e008:[<ffff82d0402044a5>]
(XEN) ds: 0000   es: 0000   fs: 0000   gs: 0000   ss: 0000   cs: e008
CHECK failed ticks after the checkpoint
"""


class Emulation(unittest.TestCase):
    def test_a_breakpoint_that_is_not_in_memory(self):
        self.assertEqual(emulation(BREAKPOINT.format("66")), ["a breakpoint that is not in memory"])

    def test_a_breakpoint_that_is(self):
        self.assertEqual(emulation(BREAKPOINT.format("cc")), [])

    def test_an_oops_of_another_kind(self):
        self.assertEqual(emulation(OTHER), [])
        self.assertEqual(emulation(BREAKPOINT.format("cc") + OTHER), [])

    def test_a_triple_fault(self):
        self.assertEqual(emulation("(XEN) d1v0 Triple fault - invoking HVM shutdown action 1"),
                         ["a triple fault of a PVH guest"])

    def test_a_guest_that_is_lost_ends_its_boot_once_the_registers_are_there(self):
        self.assertEqual(self.seen_until_lost(TRIPLE), TRIPLE.splitlines()[:4])
        fault = BREAKPOINT.format("66")
        self.assertEqual(self.seen_until_lost(fault + OTHER), fault.splitlines())

    def test_others_go_on(self):
        log = TRIPLE.replace("Triple", "Double") + OTHER + BREAKPOINT.format("cc")
        self.assertEqual(self.seen_until_lost(log), log.splitlines())

    def seen_until_lost(self, log):
        """The lines that are watched before the boot is left."""
        lines = []
        with contextlib.suppress(Lost), contextlib.redirect_stdout(io.StringIO()):
            for line in log.splitlines():
                watch(lines, line)
        return lines


if __name__ == "__main__":
    unittest.main()
