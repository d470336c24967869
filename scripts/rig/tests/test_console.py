# SPDX-License-Identifier: GPL-2.0
"""What a boot's log is excused for: python3 -m unittest rig.tests.test_console, in scripts/."""

import unittest

from rig.tests.console import emulation

BREAKPOINT = """Oops: int3: 0000 [#1] SMP
CPU: 3 UID: 0 PID: 84 Comm: sh Not tainted 7.3.4 #1 PREEMPT
RIP: e030:__hrtimer_start_range_ns+0x6a/0x3f0
Code: 48 3b 78 20 74 64 {} <90> 4d 39 e6 74 0f
"""
OTHER = """Oops: 0002 [#1] SMP
RIP: e030:memcpy+0x6a/0x3f0
Code: 48 3b 78 20 74 64 66 <90> 4d 39 e6 74 0f
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


if __name__ == "__main__":
    unittest.main()
