// SPDX-License-Identifier: GPL-2.0

//! How much of the map's RAM the domain may use.
//!
//! Pages below the number that Xen built the domain with have frames. Above it RAM of the map is
//! *extra memory*, as many pages as the domain was promised, in the order of the map; what is left
//! then is not RAM to this kernel. `mem=` is not looked at here: the kernel cuts the map itself
//! when it parses its command line, and the balloon never gets what it cut off.
//!
//! C ancestor: `setup.c:503`, `setup.c:786`.

use super::Pages;
use crate::{
    abi::{
        e820::{
            E820Entry,
            RAM, //
        },
        frame::PAGE_SIZE,
    },
    boot::EXTRA_MEM_RATIO,
};

/// What there is to know about the domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Domain {
    /// Whether it is dom0, which is trusted to know what it can use.
    pub initial: bool,
    /// Whether it stays below 512 GB, `xen_512gb_limit`.
    ///
    /// The tree of the p2m list that tools read to save a domain has no more.
    pub limited: bool,
    /// What the kernel's address space is large enough for, in pages.
    pub maxmem: u64,
    /// Pages that Xen built it with.
    pub nr_pages: u64,
}

impl Domain {
    /// Pages of 512 GB.
    const PAGES_512GB: u64 = (512 << 30) / PAGE_SIZE;

    /// Returns the highest number of pages that it can have.
    pub const fn limit(self) -> u64 {
        if !self.initial && self.limited {
            Self::PAGES_512GB
        } else {
            self.maxmem
        }
    }

    /// Returns how many of its first pages are used, all of which have frames.
    pub fn built(self) -> u64 {
        self.limit().min(self.nr_pages)
    }

    /// Returns how many pages of extra memory it gets.
    ///
    /// `promised` is how many pages Xen will let it have, where Xen was asked and has said; the map
    /// of a domU covers no more than those anyway. `moved` pages need a number in RAM above the
    /// first ones, besides.
    pub fn extra(self, promised: Option<u64>, moved: u64) -> u64 {
        let limit = self.limit();
        let most = promised.unwrap_or(limit).min(limit).saturating_add(moved);
        let ratio = self
            .built()
            .min(self.maxmem)
            .saturating_mul(EXTRA_MEM_RATIO);

        most.saturating_sub(self.built()).min(ratio)
    }
}

/// A stretch that goes into the kernel's own map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The stretch; RAM in whole pages.
    pub entry: E820Entry,
    /// Whether it is extra memory.
    pub extra: bool,
}

/// The stretches of a map that go into the kernel's own.
pub struct Pieces<'a> {
    /// Entries that are still to come.
    entries: core::slice::Iter<'a, E820Entry>,
    /// What is left of the entry before them.
    rest: E820Entry,
    /// The first address without a frame.
    memory_end: u64,
    /// How many pages of extra memory are left to give.
    extra: u64,
}

/// Returns the stretches of an ordered map, for a domain that has been built with `built` pages.
pub fn pieces(entries: &[E820Entry], built: u64, extra: u64) -> Pieces<'_> {
    Pieces {
        entries: entries.iter(),
        rest: E820Entry::EMPTY,
        memory_end: built.saturating_mul(PAGE_SIZE),
        extra,
    }
}

impl Pieces<'_> {
    /// Takes the first `size` bytes of what is left of the entry.
    fn take(&mut self, size: u64) -> E820Entry {
        let taken = E820Entry { size, ..self.rest };

        self.rest.addr = taken.end();
        self.rest.size -= size;
        taken
    }

    /// Takes RAM, if there is a whole page in what may be had of it.
    fn take_ram(&mut self) -> Option<Piece> {
        let (addr, size) = (self.rest.addr, self.rest.size);
        let extra = addr >= self.memory_end;
        let end = if extra {
            let first = addr.div_ceil(PAGE_SIZE);

            first.saturating_add(self.extra).saturating_mul(PAGE_SIZE)
        } else {
            self.memory_end
        };

        if extra && self.extra == 0 {
            self.rest.size = 0;
            return None;
        }
        let taken = self.take(size.min(end - addr));
        let pages = Pages::whole(taken.addr, taken.end());

        if extra {
            self.extra = self.extra.saturating_sub(pages.count());
        }
        (!pages.is_empty()).then_some(Piece {
            entry: E820Entry {
                addr: pages.address(),
                size: pages.bytes(),
                kind: RAM,
            },
            extra,
        })
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            if self.rest.size == 0 {
                self.rest = *self.entries.next()?;
            } else if self.rest.kind != RAM {
                let entry = self.take(self.rest.size);

                return Some(Piece {
                    entry,
                    extra: false,
                });
            } else if let Some(piece) = self.take_ram() {
                return Some(piece);
            }
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_clamp))]
mod tests {
    use super::*;
    use crate::abi::e820::RESERVED;

    const fn entry(addr: u64, end: u64, kind: u32) -> E820Entry {
        let size = end - addr;

        E820Entry { addr, size, kind }
    }

    const fn piece(addr: u64, end: u64, kind: u32, extra: bool) -> Option<Piece> {
        let entry = entry(addr, end, kind);

        Some(Piece { entry, extra })
    }

    /// A domU of 1 GB.
    const GUEST: Domain = Domain {
        initial: false,
        limited: false,
        maxmem: 1 << 34,
        nr_pages: 1 << 18,
    };

    #[test]
    fn the_limit_is_for_other_domains_than_dom0() {
        let limited = Domain {
            limited: true,
            nr_pages: 1 << 30,
            ..GUEST
        };
        let initial = Domain {
            initial: true,
            ..limited
        };

        assert_eq!(limited.limit(), 1 << 27);
        assert_eq!(limited.built(), 1 << 27);
        assert_eq!(initial.limit(), 1 << 34);
        assert_eq!(initial.built(), 1 << 30);
        assert_eq!(GUEST.limit(), 1 << 34);
        assert_eq!(GUEST.built(), 1 << 18);
    }

    #[test]
    fn extra_memory_is_what_was_promised_and_what_moves() {
        assert_eq!(GUEST.extra(Some(1 << 19), 0), 1 << 18);
        assert_eq!(GUEST.extra(Some(1 << 19), 100), (1 << 18) + 100);
        assert_eq!(GUEST.extra(Some(1 << 18), 100), 100);
        assert_eq!(GUEST.extra(Some(0), 100), 0);
    }

    #[test]
    fn extra_memory_is_at_most_ten_times_the_first() {
        assert_eq!(GUEST.extra(None, 0), 10 << 18);
        assert_eq!(GUEST.extra(Some(u64::MAX), u64::MAX), 10 << 18);
    }

    #[test]
    fn memory_with_frames_and_without_is_told_apart() {
        let entries = [entry(0, 0x8000, RAM)];
        let mut pieces = pieces(&entries, 5, 2);

        assert_eq!(pieces.next(), piece(0, 0x5000, RAM, false));
        assert_eq!(pieces.next(), piece(0x5000, 0x7000, RAM, true));
        assert_eq!(pieces.next(), None);
    }

    #[test]
    fn other_types_are_kept_to_the_byte() {
        let entries = [
            entry(0, 0x1400, RAM),
            entry(0x1400, 0x2200, RESERVED),
            entry(0x2200, 0x4000, RAM),
        ];
        let mut pieces = pieces(&entries, 3, 0);

        assert_eq!(pieces.next(), piece(0, 0x1000, RAM, false));
        assert_eq!(pieces.next(), piece(0x1400, 0x2200, RESERVED, false));
        // The page at 0x2000 is no RAM, and the one at 0x3000 has no frame.
        assert_eq!(pieces.next(), None);
    }

    #[test]
    fn extra_memory_is_given_in_the_order_of_the_map() {
        let entries = [
            entry(0x1000, 0x3000, RAM),
            entry(0x3000, 0x4000, RESERVED),
            entry(0x4000, 0x9000, RAM),
        ];
        let mut pieces = pieces(&entries, 0, 3);

        assert_eq!(pieces.next(), piece(0x1000, 0x3000, RAM, true));
        assert_eq!(pieces.next(), piece(0x3000, 0x4000, RESERVED, false));
        assert_eq!(pieces.next(), piece(0x4000, 0x5000, RAM, true));
        assert_eq!(pieces.next(), None);
    }

    #[test]
    fn extra_memory_may_begin_within_a_page() {
        let entries = [entry(0x1800, 0x9000, RAM)];
        let mut pieces = pieces(&entries, 0, 3);

        assert_eq!(pieces.next(), piece(0x2000, 0x5000, RAM, true));
        assert_eq!(pieces.next(), None);
    }

    #[test]
    fn a_part_of_a_page_costs_no_extra_page() {
        let entries = [entry(0x1100, 0x1f00, RAM), entry(0x3000, 0x4000, RAM)];
        let mut pieces = pieces(&entries, 0, 1);

        assert_eq!(pieces.next(), piece(0x3000, 0x4000, RAM, true));
        assert_eq!(pieces.next(), None);
    }
}
