// SPDX-License-Identifier: GPL-2.0

//! The memory map of a PV guest: which pages are RAM, which are the machine's, which come later.
//!
//! Xen builds a PV domain with its memory in pages 0, 1, 2 and so on, without a hole. The map that
//! it hands out is dom0's machine, or what the tools wrote for a domU, with holes for devices. So
//! the pages that lie where the map has none are moved up, into RAM of the map that Xen left empty,
//! and where they lay the p2m list says "the machine's page of the same number" (identity). What
//! the domain was promised beyond is extra memory: RAM in the map without a frame behind it, for
//! the balloon.
//!
//! Each step is a function of the map alone, and nothing here allocates or calls out:
//!
//! 1. [`map`]: the map is sorted, without overlaps.
//! 2. [`conflict`]: what the kernel, the page tables and Xen's record occupy has to be RAM. ACPI
//!    non-volatile memory in the way is moved.
//! 3. [`clamp`]: how many pages the domain may have, and which of the map's RAM that is.
//! 4. [`area`]: the p2m list and the initrd go elsewhere if they are in the way.
//! 5. [`remap`]: the pages to move, and where to; [`record`] notes them in the pages themselves
//!    until there is an allocator, and moves them then.
//!
//! See Documentation/memory-map.rst. Callers: the boot CPU, interrupts off.
//!
//! C ancestor: `setup.c`.

pub mod area;
pub mod clamp;
pub mod conflict;
pub mod map;
pub mod parameter;
pub mod record;
pub mod remap;

use crate::abi::frame::{
    PAGE_SHIFT,
    PAGE_SIZE, //
};

/// A run of pages, by number; `end` is the first one after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pages {
    /// The first page.
    pub start: u64,
    /// The first page after it.
    pub end: u64,
}

impl Pages {
    /// Returns the pages that a stretch of addresses touches.
    pub const fn touched(start: u64, end: u64) -> Self {
        Self {
            start: start >> PAGE_SHIFT,
            end: end.div_ceil(PAGE_SIZE),
        }
    }

    /// Returns the pages that a stretch of addresses contains whole.
    pub const fn whole(start: u64, end: u64) -> Self {
        Self {
            start: start.div_ceil(PAGE_SIZE),
            end: end >> PAGE_SHIFT,
        }
    }

    /// Returns how many there are.
    pub const fn count(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Returns whether there are none.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Returns those below page `limit`.
    pub const fn below(self, limit: u64) -> Self {
        Self {
            start: self.start,
            end: if self.end < limit { self.end } else { limit },
        }
    }

    /// Returns those from page `limit` on.
    pub const fn from(self, limit: u64) -> Self {
        Self {
            start: if self.start > limit {
                self.start
            } else {
                limit
            },
            end: self.end,
        }
    }

    /// Returns the first `count` of them.
    pub const fn first(self, count: u64) -> Self {
        self.below(self.start.saturating_add(count))
    }

    /// Returns these and others as one run, if one begins where the other ends.
    pub fn join(self, other: Self) -> Option<Self> {
        if self.end == other.start {
            let end = other.end;

            Some(Self { end, ..self })
        } else if other.end == self.start {
            let start = other.start;

            Some(Self { start, ..self })
        } else {
            None
        }
    }

    /// Returns the address of the first byte.
    pub const fn address(self) -> u64 {
        self.start.saturating_mul(PAGE_SIZE)
    }

    /// Returns how many bytes there are.
    pub const fn bytes(self) -> u64 {
        self.count().saturating_mul(PAGE_SIZE)
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map))]
mod tests {
    use super::*;

    const fn pages(start: u64, end: u64) -> Pages {
        Pages { start, end }
    }

    #[test]
    fn touched_rounds_out_and_whole_rounds_in() {
        assert_eq!(Pages::touched(0x1800, 0x3001), pages(1, 4));
        assert_eq!(Pages::whole(0x1800, 0x3001), pages(2, 3));
        assert_eq!(Pages::touched(0x1000, 0x3000), pages(1, 3));
        assert_eq!(Pages::whole(0x1000, 0x3000), pages(1, 3));
        assert!(Pages::whole(0x1800, 0x1900).is_empty());
        assert_eq!(Pages::whole(0x1800, 0x1900).count(), 0);
        assert_eq!(Pages::touched(0, u64::MAX).end, 1 << 52);
    }

    #[test]
    fn a_run_is_cut_at_a_page() {
        let run = pages(10, 20);

        assert_eq!(run.below(15), pages(10, 15));
        assert_eq!(run.from(15), pages(15, 20));
        assert_eq!(run.below(25), run);
        assert_eq!(run.from(5), run);
        assert!(run.below(10).is_empty());
        assert!(run.from(20).is_empty());
        assert_eq!(run.first(3), pages(10, 13));
        assert_eq!(run.first(u64::MAX), run);
    }

    #[test]
    fn runs_that_touch_are_one() {
        assert_eq!(pages(1, 3).join(pages(3, 5)), Some(pages(1, 5)));
        assert_eq!(pages(3, 5).join(pages(1, 3)), Some(pages(1, 5)));
        assert_eq!(pages(1, 3).join(pages(4, 5)), None);
        assert_eq!(pages(1, 4).join(pages(3, 5)), None);
    }

    #[test]
    fn bytes_are_pages_of_4096() {
        assert_eq!(pages(2, 5).address(), 0x2000);
        assert_eq!(pages(2, 5).bytes(), 0x3000);
        assert_eq!(pages(5, 2).bytes(), 0);
    }
}
