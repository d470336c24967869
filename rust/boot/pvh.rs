// SPDX-License-Identifier: GPL-2.0

//! Extra memory of a PVH guest: addresses at which frames of others can be mapped.
//!
//! A PVH dom0 has the machine's memory map. What of the machine's RAM is not
//! its own appears as unusable there. Nothing else is at these addresses, no
//! device either, so grants and foreign frames can be mapped there without
//! taking RAM away. As much as [`EXTRA_MEM_RATIO`] times the domain's own RAM
//! becomes RAM in the map, for the kernel to have a `struct page` for each of
//! its pages, and is reserved, for nobody to use them as memory.
//!
//! Holes of the map would do as well if they were known to be holes: a device
//! may be there.
//!
//! Runs on the boot CPU, before the kernel reads the map.
//!
//! C ancestor: `enlighten_pvh.c:56`.

use super::EXTRA_MEM_RATIO;
use crate::abi::{
    e820::{
        E820Entry,
        RAM,
        UNUSABLE, //
    },
    frame::{
        Pfn,
        PAGE_SHIFT, //
    },
};

/// Pages one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pages {
    /// The first.
    pub first: Pfn,
    /// How many.
    pub count: u64,
}

impl Pages {
    /// Returns the whole pages of an entry, if it has any.
    fn of(entry: &E820Entry) -> Option<Self> {
        let (first, end) = entry.whole_pages()?;

        // An end that is no page's number belongs to no memory either.
        Pfn::new(end)?;
        Some(Self {
            first: Pfn::new(first)?,
            count: end.checked_sub(first)?,
        })
    }
}

/// A memory map with room for more entries.
pub struct Map<'a> {
    /// The entries, and behind them the room.
    entries: &'a mut [E820Entry],
    /// How many entries there are.
    used: usize,
}

impl<'a> Map<'a> {
    /// Takes the first `used` of `entries` for a map.
    pub fn new(entries: &'a mut [E820Entry], used: usize) -> Self {
        let used = used.min(entries.len());

        Self { entries, used }
    }

    /// Returns how many entries there are.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Turns unusable memory into RAM, one stretch per call of the iterator, which names it.
    ///
    /// What is left of the last stretch stays unusable, in an entry of its own. Where there is no
    /// room for that, the stretch stays as it is, and a smaller one may follow.
    pub fn extra_memory(&mut self) -> ExtraMemory<'_, 'a> {
        ExtraMemory {
            quota: self.ram_pages().saturating_mul(EXTRA_MEM_RATIO),
            next: 0,
            map: self,
        }
    }

    /// Returns the entries.
    fn entries(&self) -> &[E820Entry] {
        self.entries.get(..self.used).unwrap_or_default()
    }

    /// Counts the pages of RAM.
    fn ram_pages(&self) -> u64 {
        self.entries()
            .iter()
            .filter(|entry| entry.kind == RAM)
            .filter_map(Pages::of)
            .fold(0, |sum, pages| sum.saturating_add(pages.count))
    }

    /// Cuts the entry with number `index` in two at the address `at`, if there is room.
    ///
    /// `at` must lie within the entry.
    fn split(&mut self, index: usize, at: u64) -> Option<()> {
        // The free place behind the map goes before the entry.
        let moved = self.entries.get_mut(index..=self.used)?;
        moved.rotate_right(1);

        if let [head, tail, ..] = moved {
            *head = *tail;
            head.size = at.wrapping_sub(head.addr);
            tail.addr = at;
            tail.size = tail.size.wrapping_sub(head.size);
            self.used = self.used.saturating_add(1);
        }
        Some(())
    }
}

/// Unusable memory that becomes RAM.
pub struct ExtraMemory<'map, 'a> {
    /// Where it is.
    map: &'map mut Map<'a>,
    /// The entry to look at next.
    next: usize,
    /// How many pages may still become RAM.
    quota: u64,
}

impl ExtraMemory<'_, '_> {
    /// Turns as much as there is left to take of an entry into RAM.
    fn take(&mut self, index: usize) -> Option<Pages> {
        let entry = self.map.entries.get(index)?;
        let mut pages = Pages::of(entry).filter(|_| entry.kind == UNUSABLE)?;

        if pages.count > self.quota {
            pages.count = self.quota;
            let end = pages.first.checked_add(pages.count)?;
            self.map.split(index, end.get() << PAGE_SHIFT)?;
        }
        self.map.entries.get_mut(index)?.kind = RAM;
        self.quota = self.quota.saturating_sub(pages.count);
        Some(pages)
    }
}

impl Iterator for ExtraMemory<'_, '_> {
    type Item = Pages;

    fn next(&mut self) -> Option<Pages> {
        while self.quota > 0 && self.next < self.map.used {
            let taken = self.take(self.next);

            self.next = self.next.saturating_add(1);
            if taken.is_some() {
                return taken;
            }
        }
        None
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_pvh))]
mod tests {
    use super::*;

    /// `E820_TYPE_RESERVED`.
    const RESERVED: u32 = 2;

    const fn entry(addr: u64, size: u64, kind: u32) -> E820Entry {
        E820Entry { addr, size, kind }
    }

    /// What is behind a map.
    const FREE: E820Entry = entry(0, 0, 0);

    /// Returns the number of entries after all extra memory was taken, and how much that was.
    fn convert(entries: &mut [E820Entry], used: usize) -> (usize, u64) {
        let mut map = Map::new(entries, used);
        let taken = map.extra_memory().map(|pages| pages.count).sum();

        (map.used(), taken)
    }

    #[test]
    fn what_fits_becomes_ram_as_a_whole() {
        let mut entries = [
            entry(0, 0x4000, RAM),
            entry(0x10_0000, 0x2000, UNUSABLE),
            entry(0x20_0000, 0x9000, RESERVED),
            entry(0x30_0000, 0x3000, UNUSABLE),
        ];
        let mut map = Map::new(&mut entries, 4);
        let mut extra = map.extra_memory();
        let first = |page, count| {
            Some(Pages {
                first: Pfn::from_raw(page),
                count,
            })
        };

        assert_eq!(extra.next(), first(0x100, 2));
        assert_eq!(extra.next(), first(0x300, 3));
        assert_eq!(extra.next(), None);
        assert_eq!(map.used(), 4);
        assert_eq!(entries[1], entry(0x10_0000, 0x2000, RAM));
        assert_eq!(entries[2], entry(0x20_0000, 0x9000, RESERVED));
        assert_eq!(entries[3], entry(0x30_0000, 0x3000, RAM));
    }

    #[test]
    fn what_is_more_than_the_ratio_is_cut_off() {
        let mut entries = [
            entry(0, 0x1000, RAM),
            entry(0x10_0800, 0xf_0000, UNUSABLE),
            entry(0x80_0000, 0x1000, UNUSABLE),
            FREE,
        ];

        assert_eq!(convert(&mut entries, 3), (4, 10));
        assert_eq!(entries[0], entry(0, 0x1000, RAM));
        // Up to the end of the tenth whole page.
        assert_eq!(entries[1], entry(0x10_0800, 0xa800, RAM));
        assert_eq!(entries[2], entry(0x10_b000, 0xe_5800, UNUSABLE));
        assert_eq!(entries[3], entry(0x80_0000, 0x1000, UNUSABLE));
    }

    #[test]
    fn without_room_to_cut_only_whole_entries_are_taken() {
        let mut entries = [
            entry(0, 0x1000, RAM),
            entry(0x10_0000, 0xb000, UNUSABLE),
            entry(0x20_0000, 0x4000, UNUSABLE),
        ];

        assert_eq!(convert(&mut entries, 3), (3, 4));
        assert_eq!(entries[1], entry(0x10_0000, 0xb000, UNUSABLE));
        assert_eq!(entries[2], entry(0x20_0000, 0x4000, RAM));
    }

    #[test]
    fn less_than_a_page_is_left_alone() {
        let mut entries = [
            entry(0x1000, 0x1000, RAM),
            entry(0x4800, 0x700, UNUSABLE),
            entry(0x5800, 0x1000, UNUSABLE),
            entry(u64::MAX - 0x800, 0x1000, UNUSABLE),
            entry(1 << 60, 0x8000, UNUSABLE),
            FREE,
        ];

        assert_eq!(convert(&mut entries, 5), (5, 0));
        assert!(entries.iter().skip(1).all(|entry| entry.kind != RAM));
    }

    #[test]
    fn parts_of_pages_are_no_ram_to_count() {
        // C counts the first of them as -1 pages.
        let mut entries = [
            entry(0x1800, 0x100, RAM),
            entry(0x2000, 0x800, RAM),
            entry(0x10_0000, 0x1000, UNUSABLE),
        ];

        assert_eq!(convert(&mut entries, 3), (3, 0));
    }

    #[test]
    fn terabytes_of_ram_do_not_wrap_the_ratio() {
        // In C the ratio of 2 TB, in pages, has 33 bits, of which 32 are left.
        let mut entries = [entry(0, 2 << 40, RAM), entry(4 << 40, 8 << 40, UNUSABLE)];

        assert_eq!(convert(&mut entries, 2), (2, 8 << 40 >> PAGE_SHIFT));
    }

    #[test]
    fn a_count_beyond_the_table_is_cut() {
        let mut entries = [entry(0, 0x1000, RAM)];

        assert_eq!(convert(&mut entries, 7), (1, 0));
    }
}
