// SPDX-License-Identifier: GPL-2.0

//! Words of the p2m list, which holds for each of a PV guest's pages the frame behind it.
//!
//! Two bits above the frame number say what kind of frame it is. They are decoded in the one place
//! that loads the word and travel no further.
//!
//! C ancestor: `arch/x86/include/asm/xen/page.h`.

pub mod place;

use super::frame::{
    Mfn,
    Pfn, //
};

/// `FOREIGN_FRAME_BIT`: the frame is another domain's, mapped here through a grant.
const FOREIGN: u64 = 1 << 63;
/// `IDENTITY_FRAME_BIT`: no RAM of ours, frame and page have one number.
const IDENTITY: u64 = 1 << 62;
/// `INVALID_P2M_ENTRY`: nothing behind this page.
const INVALID: u64 = !0;

/// What is behind a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum P2mEntry {
    /// Nothing: ballooned out, or not yet populated.
    Missing,
    /// Memory of the machine that has the same number, such as a device's.
    Identity(Mfn),
    /// A frame of another domain.
    Foreign(Mfn),
    /// A frame of this domain.
    Mapped(Mfn),
}

/// A stretch of pages that are no RAM of this domain.
///
/// Where a whole leaf is one, a page of words is mapped for it that all holes of its kind share.
/// Tools know nothing of identity, so both shared pages hold words for missing ones, and which of
/// them is mapped makes the difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hole {
    /// Nothing is there.
    Missing,
    /// The machine is there, with the same numbers.
    Identity,
}

impl Hole {
    /// Returns the entry of a page in such a hole.
    #[inline]
    pub const fn entry(self, page: Pfn) -> P2mEntry {
        match self {
            Self::Missing => P2mEntry::Missing,
            Self::Identity => P2mEntry::beyond(page),
        }
    }

    /// Returns the kind of hole that `page` is if `entry` is behind it, unless it is none.
    #[inline]
    pub fn of(page: Pfn, entry: P2mEntry) -> Option<Self> {
        [Self::Missing, Self::Identity]
            .into_iter()
            .find(|hole| hole.entry(page) == entry)
    }
}

impl P2mEntry {
    /// Decodes a word of the list.
    ///
    /// A word whose frame number no machine has counts as missing.
    #[inline]
    pub const fn decode(word: u64) -> Self {
        if word == INVALID {
            return Self::Missing;
        }
        match Mfn::new(word & !(FOREIGN | IDENTITY)) {
            Some(mfn) if word & FOREIGN != 0 => Self::Foreign(mfn),
            Some(mfn) if word & IDENTITY != 0 => Self::Identity(mfn),
            Some(mfn) => Self::Mapped(mfn),
            None => Self::Missing,
        }
    }

    /// Encodes the word of the list.
    #[inline]
    pub const fn encode(self) -> u64 {
        match self {
            Self::Missing => INVALID,
            Self::Identity(mfn) => mfn.get() | IDENTITY,
            Self::Foreign(mfn) => mfn.get() | FOREIGN,
            Self::Mapped(mfn) => mfn.get(),
        }
    }

    /// Returns the entry of a page beyond the list, which is the machine's.
    #[inline]
    pub const fn beyond(pfn: Pfn) -> Self {
        // INVARIANT: A page number has the width of a frame number.
        Self::Identity(Mfn::from_raw(pfn.get()))
    }

    /// Returns the frame, of whatever kind.
    #[inline]
    pub const fn mfn(self) -> Option<Mfn> {
        match self {
            Self::Missing => None,
            Self::Identity(mfn) | Self::Foreign(mfn) | Self::Mapped(mfn) => Some(mfn),
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_p2m))]
mod tests {
    use super::*;

    /// A frame that needs all bits of its type.
    const LAST: Mfn = Mfn::MAX;

    #[test]
    fn each_kind_is_told_by_its_bits() {
        assert_eq!(P2mEntry::decode(INVALID), P2mEntry::Missing);
        assert_eq!(P2mEntry::decode(5), P2mEntry::Mapped(Mfn::from_raw(5)));
        assert_eq!(
            P2mEntry::decode(FOREIGN | 5),
            P2mEntry::Foreign(Mfn::from_raw(5))
        );
        assert_eq!(
            P2mEntry::decode(IDENTITY | 5),
            P2mEntry::Identity(Mfn::from_raw(5))
        );
    }

    #[test]
    fn frames_keep_their_width() {
        assert_eq!(P2mEntry::decode(LAST.get()), P2mEntry::Mapped(LAST));
        assert_eq!(P2mEntry::decode(LAST.get() + 1), P2mEntry::Missing);
        assert_eq!(P2mEntry::decode(INVALID & !FOREIGN), P2mEntry::Missing);
        assert_eq!(P2mEntry::decode(INVALID & !IDENTITY), P2mEntry::Missing);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for entry in [
            P2mEntry::Missing,
            P2mEntry::Identity(LAST),
            P2mEntry::Foreign(Mfn::from_raw(0)),
            P2mEntry::Mapped(LAST),
        ] {
            assert_eq!(P2mEntry::decode(entry.encode()), entry);
        }
        assert_eq!(P2mEntry::Foreign(Mfn::from_raw(5)).encode(), FOREIGN | 5);
        assert_eq!(P2mEntry::Missing.encode(), INVALID);
    }

    #[test]
    fn only_pages_with_their_own_number_are_identity_holes() {
        let page = Pfn::from_raw(7);

        assert_eq!(Hole::of(page, P2mEntry::Missing), Some(Hole::Missing));
        assert_eq!(Hole::of(page, P2mEntry::beyond(page)), Some(Hole::Identity));
        assert_eq!(Hole::of(page, P2mEntry::Identity(Mfn::from_raw(8))), None);
        assert_eq!(Hole::of(page, P2mEntry::Mapped(Mfn::from_raw(7))), None);
        assert_eq!(Hole::of(page, P2mEntry::Foreign(Mfn::from_raw(7))), None);
    }

    #[test]
    fn beyond_the_list_page_and_frame_have_one_number() {
        assert_eq!(P2mEntry::beyond(Pfn::MAX).mfn(), Some(LAST));
        assert_eq!(P2mEntry::Missing.mfn(), None);
    }
}
