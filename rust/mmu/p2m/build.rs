// SPDX-License-Identifier: GPL-2.0

//! From the list that the domain builder made to one that shares what says nothing.
//!
//! The builder's list has a word for each page that the domain starts with, in memory of its own.
//! Boot code has turned those of its words into holes whose pages are no RAM, and wants room for
//! pages that may come later. What is beyond the builder's list is the machine.
//!
//! C ancestor: `xen_rebuild_p2m_list()` in `p2m.c`.

use crate::abi::{
    frame::Pfn,
    p2m::{
        place::Leaf,
        place::Region,
        Hole,
        P2mEntry, //
    },
};

/// How a part of the list is mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// A whole region is a hole, and is mapped by the table of such holes.
    Region(Region, Hole),
    /// A leaf is a hole, and is mapped by the page of such holes.
    Shared(Leaf, Hole),
    /// A leaf has words of its own, which are those of the builder.
    Own(Leaf),
}

/// The parts of a list, in order.
pub struct Parts {
    /// The leaf that comes next, unless there are no pages for it.
    next: Option<Leaf>,
    /// The number of words in the builder's list.
    known: u64,
    /// The number of pages that the list has words for.
    end: u64,
}

impl Parts {
    /// Cuts up a list of `end` words, which is a whole number of regions, of which the builder's
    /// list has `known`.
    pub fn new(known: u64, end: u64) -> Self {
        Self {
            next: Some(Leaf::of(Pfn::MIN)),
            known,
            end,
        }
    }

    /// Returns the next part, where `entry` tells what the builder's list has for a page.
    #[inline(always)]
    pub fn next(&mut self, entry: impl Fn(Pfn) -> P2mEntry) -> Option<Part> {
        let leaf = self.next?;
        let region = leaf.region();

        if leaf.start().get() >= self.end {
            return None;
        }
        if leaf == region.start() {
            if let Some(hole) = self.hole(region.pages(), &entry) {
                self.next = region.next().map(Region::start);
                return Some(Part::Region(region, hole));
            }
        }
        self.next = leaf.next();
        Some(match self.hole(leaf.pages(), &entry) {
            Some(hole) => Part::Shared(leaf, hole),
            None => Part::Own(leaf),
        })
    }

    /// Returns the kind of hole that all of `pages`, which are in order, are in, if they are in one.
    #[inline(always)]
    fn hole(
        &self,
        mut pages: impl Iterator<Item = Pfn>,
        entry: impl Fn(Pfn) -> P2mEntry,
    ) -> Option<Hole> {
        let entry = |page: Pfn| {
            if page.get() < self.known {
                entry(page)
            } else {
                P2mEntry::beyond(page)
            }
        };
        let first = pages.next()?;

        if first.get() >= self.known {
            return Some(Hole::Identity);
        }
        let hole = Hole::of(first, entry(first))?;

        pages
            .all(|page| entry(page) == hole.entry(page))
            .then_some(hole)
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_p2m_build))]
mod tests {
    use super::*;
    use crate::abi::{
        frame::Mfn,
        p2m::place::REGION_PAGES, //
    };

    /// A frame of the domain's own.
    const FRAME: P2mEntry = P2mEntry::Mapped(Mfn::MAX);

    /// Returns the leaf that holds the word of page number `page`.
    fn leaf(page: u64) -> Leaf {
        Leaf::of(Pfn::from_raw(page))
    }

    /// Takes a list apart, and counts its regions, shared leaves and own leaves.
    fn count(end: u64, entry: impl Fn(Pfn) -> P2mEntry + Copy) -> [u64; 3] {
        count_known(end, end, entry)
    }

    /// The same for a list of which the builder knows a part.
    fn count_known(known: u64, end: u64, entry: impl Fn(Pfn) -> P2mEntry + Copy) -> [u64; 3] {
        let mut parts = Parts::new(known, end);
        let mut counts = [0; 3];

        while let Some(part) = parts.next(entry) {
            let [regions, shared, own] = &mut counts;

            *match part {
                Part::Region(..) => regions,
                Part::Shared(..) => shared,
                Part::Own(..) => own,
            } += 1;
        }
        counts
    }

    #[test]
    fn memory_has_words_of_its_own() {
        assert_eq!(count(REGION_PAGES, |_| FRAME), [0, 0, 512]);
    }

    #[test]
    fn a_region_that_is_a_hole_has_one_table() {
        assert_eq!(count(2 * REGION_PAGES, P2mEntry::beyond), [2, 0, 0]);
        assert_eq!(count(REGION_PAGES, |_| P2mEntry::Missing), [1, 0, 0]);
        assert_eq!(count(0, |_| FRAME), [0, 0, 0]);
    }

    #[test]
    fn beyond_what_is_known_is_the_machine() {
        assert_eq!(count_known(0x400, 3 * REGION_PAGES, |_| FRAME), [2, 510, 2]);
        assert_eq!(
            count_known(0x400, REGION_PAGES, |_| P2mEntry::Missing),
            [0, 512, 0]
        );
        assert_eq!(
            count_known(0x400, REGION_PAGES, P2mEntry::beyond),
            [1, 0, 0]
        );
    }

    #[test]
    fn one_page_takes_a_leaf_and_its_region_a_table() {
        let entry = |page: Pfn| match page.get() {
            0x3ff => FRAME,
            _ => P2mEntry::Missing,
        };

        assert_eq!(count(2 * REGION_PAGES, entry), [1, 511, 1]);
    }

    #[test]
    fn holes_of_two_kinds_are_no_hole() {
        let entry = |page: Pfn| {
            if page.get() < 0x280 {
                P2mEntry::Missing
            } else {
                P2mEntry::beyond(page)
            }
        };
        let mut parts = Parts::new(REGION_PAGES, REGION_PAGES);

        assert_eq!(
            parts.next(entry),
            Some(Part::Shared(leaf(0), Hole::Missing))
        );
        assert_eq!(parts.next(entry), Some(Part::Own(leaf(0x200))));
        assert_eq!(
            parts.next(entry),
            Some(Part::Shared(leaf(0x400), Hole::Identity))
        );
    }

    #[test]
    fn identity_with_another_number_is_kept() {
        let entry = |_| P2mEntry::Identity(Mfn::MAX);

        assert_eq!(count(REGION_PAGES, entry), [0, 0, 512]);
    }
}
