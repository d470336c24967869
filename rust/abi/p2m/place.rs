// SPDX-License-Identifier: GPL-2.0

//! Where the word of a page is in the p2m.
//!
//! A page of memory holds 512 words of any kind, and everything is cut by that number:
//!
//! * a *leaf* is 512 words of the list: 2 MB of the guest's memory;
//! * a *region* is 512 leaves: 1 GB. One page-table page maps it in the kernel, one *mid* page
//!   names its frames to tools;
//! * the *top* page names 512 mid pages, so tools that read this tree see 512 GB at most. The list
//!   itself has no such limit.
//!
//! C ancestor: `P2M_PER_PAGE`, `P2M_MID_PER_PAGE`, `P2M_TOP_PER_PAGE`, `p2m_top_index()` and
//! `p2m_mid_index()` in `p2m.c`.

use crate::abi::frame::Pfn;

/// Bits that count the words of a page.
const SLOT_BITS: u32 = 9;
/// Words in a page.
pub const WORDS: u64 = 1 << SLOT_BITS;
/// Pages of the guest's memory in a region.
pub const REGION_PAGES: u64 = WORDS * WORDS;

/// A word's place in its page.
///
/// # Invariants
///
/// It is below [`WORDS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(u16);

/// A page of words of the list.
///
/// # Invariants
///
/// It holds the words of pages that have a [`Pfn`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Leaf(u64);

/// As much of the list as one page-table page maps.
///
/// # Invariants
///
/// As for [`Leaf`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Region(u64);

impl Slot {
    /// Takes the place of `number` in a page, if numbers are counted from a page's start.
    #[inline]
    const fn of(number: u64) -> Self {
        // CAST: Masked to 9 bits.
        // INVARIANT: By the mask.
        Self((number & (WORDS - 1)) as u16)
    }

    /// Returns all places of a page, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..WORDS).map(Self::of)
    }

    /// Returns the number of words before it.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Leaf {
    /// Returns the leaf that holds the word of `page`.
    #[inline]
    pub const fn of(page: Pfn) -> Self {
        // INVARIANT: It holds that of `page`.
        Self(page.get() >> SLOT_BITS)
    }

    /// Returns the region that it is in.
    #[inline]
    pub const fn region(self) -> Region {
        // INVARIANT: As for this leaf.
        Region(self.0 >> SLOT_BITS)
    }

    /// Returns its place in the region's pages.
    #[inline]
    pub const fn slot(self) -> Slot {
        Slot::of(self.0)
    }

    /// Returns its first page.
    #[inline]
    pub const fn start(self) -> Pfn {
        // INVARIANT: By the type invariant.
        Pfn::from_raw(self.0 << SLOT_BITS)
    }

    /// Returns the page whose word is at `slot`.
    #[inline]
    pub fn page(self, slot: Slot) -> Pfn {
        // INVARIANT: A leaf's words are those of pages, all of them.
        Pfn::from_raw(self.start().get() | u64::from(slot.0))
    }

    /// Returns its pages, in order.
    pub fn pages(self) -> impl Iterator<Item = Pfn> {
        // INVARIANT: A leaf's words are those of pages, all of them.
        (self.start().get()..self.end()).map(Pfn::from_raw)
    }

    /// Returns the first page behind it: a bound, which may be no page any more.
    #[inline]
    pub const fn end(self) -> u64 {
        (self.0 + 1) << SLOT_BITS
    }

    /// Returns the leaf after it, if there are pages for it.
    pub fn next(self) -> Option<Self> {
        Pfn::new(self.end()).map(Self::of)
    }
}

impl Region {
    /// Returns the region number `index`, if there are pages for it.
    pub fn new(index: u64) -> Option<Self> {
        let start = index.checked_mul(REGION_PAGES)?;

        Some(Leaf::of(Pfn::new(start)?).region())
    }

    /// Returns the number of regions before it.
    #[inline]
    pub const fn index(self) -> u64 {
        self.0
    }

    /// Returns the leaf at `slot` of its pages.
    #[inline]
    pub fn leaf(self, slot: Slot) -> Leaf {
        // INVARIANT: A region's leaves are those of pages, all of them.
        Leaf(self.0 << SLOT_BITS | u64::from(slot.0))
    }

    /// Returns its first leaf.
    #[inline]
    pub const fn start(self) -> Leaf {
        // INVARIANT: As for `leaf`.
        Leaf(self.0 << SLOT_BITS)
    }

    /// Returns its pages, in order.
    pub fn pages(self) -> impl Iterator<Item = Pfn> {
        let start = self.start().start().get();

        // INVARIANT: A region's leaves are those of pages, all of them.
        (start..start + REGION_PAGES).map(Pfn::from_raw)
    }

    /// Returns the region after it, if there are pages for it.
    pub fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }

    /// Returns its place in the tools' top page, if that has one for it.
    #[inline]
    pub const fn top_slot(self) -> Option<Slot> {
        if self.0 < WORDS {
            Some(Slot::of(self.0))
        } else {
            None
        }
    }

    /// Returns the regions that tools can see, in order.
    pub fn in_tree() -> impl Iterator<Item = (Self, Slot)> {
        (0..WORDS).filter_map(|index| {
            let region = Self::new(index)?;

            Some((region, region.top_slot()?))
        })
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_p2m_place))]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_word_a_leaf_and_a_region() {
        let page = Pfn::from_raw(0x12_3456);
        let leaf = Leaf::of(page);

        assert_eq!(leaf.start(), Pfn::from_raw(0x12_3400));
        assert_eq!(leaf.end(), 0x12_3600);
        assert_eq!(leaf.region().start().start(), Pfn::from_raw(0x10_0000));
        assert_eq!(leaf.slot().index(), (0x12_3456 >> 9) % 512);
        assert_eq!(leaf.region().index(), 0x12_3456 >> 18);
        assert_eq!(leaf.region().leaf(leaf.slot()), leaf);
    }

    #[test]
    fn the_pages_of_a_leaf_are_in_order() {
        let leaf = Leaf::of(Pfn::from_raw(0x1000));

        assert!(leaf.pages().map(Pfn::get).eq(0x1000..0x1200));
        assert!(leaf.pages().all(|page| Leaf::of(page) == leaf));
    }

    #[test]
    fn a_region_has_a_gigabyte() {
        let region = Leaf::of(Pfn::from_raw(0x4_0000)).region();

        assert_eq!(region.index(), 1);
        assert_eq!(region.start().start(), Pfn::from_raw(0x4_0000));
        assert_eq!(region.pages().count(), 0x4_0000);
        assert_eq!(region.next().map(Region::index), Some(2));
    }

    #[test]
    fn nothing_follows_the_last_page() {
        let last = Leaf::of(Pfn::MAX);

        assert_eq!(last.end(), Pfn::MAX.get() + 1);
        assert_eq!(last.next(), None);
        assert_eq!(last.region().next(), None);
        assert_eq!(Region::new(last.region().index() + 1), None);
        assert_eq!(Region::new(u64::MAX), None);
    }

    #[test]
    fn tools_see_half_a_terabyte() {
        let last = Pfn::from_raw((512 << 18) - 1);
        let beyond = Pfn::from_raw(512 << 18);

        assert_eq!(
            Leaf::of(last).region().top_slot().map(Slot::index),
            Some(511)
        );
        assert_eq!(Leaf::of(beyond).region().top_slot(), None);
        assert_eq!(Region::in_tree().count(), 512);
    }
}
