// SPDX-License-Identifier: GPL-2.0

//! Room for what Xen has put where the map has no RAM: the p2m list and the initrd.
//!
//! C ancestor: `setup.c:601`, `setup.c:740`.

use super::Pages;
use crate::abi::{
    e820::{
        E820Entry,
        RAM, //
    },
    frame::PAGE_SIZE,
};

/// What is reserved by now.
pub trait Reserved {
    /// Returns whether anybody has reserved the page at an address.
    fn contains(&self, address: u64) -> bool;
}

/// Finds `size` bytes of RAM from a page's beginning on that nobody has reserved.
///
/// All of it has frames: it lies below the `built` pages that the domain was built with, and where
/// the map has no RAM nothing stays where it is.
#[inline(always)]
pub fn find<R: Reserved>(
    entries: &[E820Entry],
    built: u64,
    reserved: &R,
    size: u64,
) -> Option<u64> {
    let needed = size.div_ceil(PAGE_SIZE);

    for entry in entries {
        if entry.kind != RAM {
            continue;
        }
        let mut free = Pages::whole(entry.addr, entry.end()).below(built);
        let mut page = free.start;

        while free.count() >= needed {
            if page >= free.start.saturating_add(needed) {
                return Some(free.address());
            }
            if reserved.contains(page.saturating_mul(PAGE_SIZE)) {
                free.start = page + 1;
            }
            page += 1;
        }
    }
    None
}

/// One stretch of a copy from one physical address to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Where to.
    pub to: u64,
    /// Where from.
    pub from: u64,
    /// How many bytes.
    pub size: u64,
}

/// What is left of a copy, of which a window of whole pages can be mapped at a time.
pub struct Transfer {
    /// What is left.
    left: Stretch,
    /// Bytes of the window.
    window: u64,
}

impl Transfer {
    /// Plans a copy through windows of `window` bytes, a number of pages.
    pub const fn new(to: u64, from: u64, size: u64, window: u64) -> Self {
        Self {
            left: Stretch { to, from, size },
            window,
        }
    }
}

impl Iterator for Transfer {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let Stretch { to, from, size } = self.left;
        let offset = (to % PAGE_SIZE).max(from % PAGE_SIZE);
        let size = size.min(self.window.saturating_sub(offset));

        if size == 0 {
            return None;
        }
        self.left = Stretch {
            to: to.saturating_add(size),
            from: from.saturating_add(size),
            size: self.left.size - size,
        };
        Some(Stretch { to, from, size })
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_area))]
mod tests {
    use super::*;
    use crate::abi::e820::RESERVED;

    const fn entry(addr: u64, end: u64, kind: u32) -> E820Entry {
        let size = end - addr;

        E820Entry { addr, size, kind }
    }

    /// Pages that are reserved, a bit each.
    struct Bits(u64);

    impl Reserved for Bits {
        fn contains(&self, address: u64) -> bool {
            self.0 >> (address / PAGE_SIZE) & 1 != 0
        }
    }

    /// RAM in pages 1 to 3 and 8 to 15.
    const MAP: [E820Entry; 3] = [
        entry(0x1000, 0x4000, RAM),
        entry(0x4000, 0x7000, RESERVED),
        entry(0x7800, 0x10000, RAM),
    ];

    fn find_in_map(reserved: u64, built: u64, size: u64) -> Option<u64> {
        find(&MAP, built, &Bits(reserved), size)
    }

    #[test]
    fn the_lowest_area_is_taken() {
        assert_eq!(find_in_map(0, 64, 0x3000), Some(0x1000));
        assert_eq!(find_in_map(0, 64, 0x2001), Some(0x1000));
        assert_eq!(find_in_map(0, 64, 0x3001), Some(0x8000));
    }

    #[test]
    fn what_is_reserved_is_left_alone() {
        assert_eq!(find_in_map(0b10, 64, 0x2000), Some(0x2000));
        assert_eq!(find_in_map(0b100, 64, 0x2000), Some(0x8000));
        assert_eq!(find_in_map(0b100 | 1 << 9, 64, 0x2000), Some(0xa000));
        assert_eq!(find_in_map(!0, 64, 0x1000), None);
    }

    #[test]
    fn an_area_ends_with_its_entry_and_with_the_frames() {
        assert_eq!(find_in_map(0, 64, 0x8000), Some(0x8000));
        assert_eq!(find_in_map(0, 64, 0x8001), None);
        assert_eq!(find_in_map(0, 15, 0x8000), None);
        assert_eq!(find_in_map(0, 15, 0x7000), Some(0x8000));
        assert_eq!(find_in_map(1 << 9, 15, 0x6000), None);
    }

    #[test]
    fn a_copy_goes_through_windows() {
        let mut copy = Transfer::new(0x1000, 0x10800, 0x3000, 0x2000);
        let stretch = |to, from, size| Some(Stretch { to, from, size });

        assert_eq!(copy.next(), stretch(0x1000, 0x10800, 0x1800));
        assert_eq!(copy.next(), stretch(0x2800, 0x12000, 0x1800));
        assert_eq!(copy.next(), None);
    }

    #[test]
    fn no_bytes_are_no_copy() {
        assert_eq!(Transfer::new(0x1000, 0x2000, 0, 0x1000).next(), None);
    }
}
