// SPDX-License-Identifier: GPL-2.0

//! Frame numbers and addresses, one type for each address space.
//!
//! A PV guest lives in two of them at once: the machine's, which Xen deals
//! out, and its own contiguous pseudo-physical one. Both are counted in the
//! same integers, and a number used in the wrong space corrupts memory that
//! may belong to somebody else. Converting between a [`Pfn`] and an [`Mfn`]
//! is therefore the business of the p2m alone; this file has no such function.
//!
//! x86-64 has 52 physical address bits at most, so a frame number has 40.
//! Words with other bits (p2m flags, `~0` for "none") are not frame numbers
//! and `new` refuses them.
//!
//! C ancestors: `xmaddr_t`, `xpaddr_t` (`asm/xen/page.h`), `xen_pfn_t`.

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

/// Address bits within a page.
pub const PAGE_SHIFT: u32 = 12;
/// Bytes in a page.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;
/// Bits of the widest physical address the architecture knows.
pub const ADDRESS_BITS: u32 = 52;
/// Bits of the widest frame number.
pub const FRAME_BITS: u32 = ADDRESS_BITS - PAGE_SHIFT;

/// Defines a newtype for a number of limited width, and its arithmetic.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $bits:expr, $unit:literal) => {
        $(#[$doc])*
        ///
        /// # Invariants
        ///
        #[doc = concat!("The number is at most [`", stringify!($name), "::MAX`].")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, IntoBytes, Immutable)]
        #[repr(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The highest number of this kind.
            // INVARIANT: It is `MAX`.
            pub const MAX: Self = Self((1 << $bits) - 1);

            /// The lowest number of this kind.
            #[allow(dead_code, reason = "not every kind is counted from zero")]
            // INVARIANT: It is below `MAX`.
            pub const MIN: Self = Self(0);

            /// Returns `raw` as a number of this kind, if it is one.
            #[inline]
            pub const fn new(raw: u64) -> Option<Self> {
                if raw > Self::MAX.0 {
                    return None;
                }
                // INVARIANT: Just compared.
                Some(Self(raw))
            }

            /// Takes a number that its source already bounds, such as a field
            /// masked to its width.
            #[allow(dead_code, reason = "not every kind arrives bounded")]
            #[inline]
            pub(crate) const fn from_raw(raw: u64) -> Self {
                // INVARIANT: The caller has bounded it.
                Self(raw)
            }

            /// Returns the number.
            #[inline]
            pub const fn get(self) -> u64 {
                self.0
            }

            #[doc = concat!("Returns what is ", $unit, " further up, if that still exists.")]
            #[inline]
            pub const fn checked_add(self, count: u64) -> Option<Self> {
                match self.0.checked_add(count) {
                    Some(raw) => Self::new(raw),
                    None => None,
                }
            }

            #[doc = concat!("Returns what is ", $unit, " further down, unless that is below zero.")]
            #[inline]
            pub const fn checked_sub(self, count: u64) -> Option<Self> {
                match self.0.checked_sub(count) {
                    // INVARIANT: Smaller than a number within bounds.
                    Some(raw) => Some(Self(raw)),
                    None => None,
                }
            }

            /// Returns how far this lies above `origin`, or `None` if it lies
            /// below.
            #[inline]
            pub const fn checked_offset_from(self, origin: Self) -> Option<u64> {
                self.0.checked_sub(origin.0)
            }
        }
    };
}

bounded!(
    /// A frame of the guest's own, contiguous, pseudo-physical memory.
    Pfn,
    FRAME_BITS,
    "`count` frames"
);

bounded!(
    /// A frame of the machine's memory, as page tables and Xen count them.
    Mfn,
    FRAME_BITS,
    "`count` frames"
);

bounded!(
    /// A frame as Xen names it to this guest: an [`Mfn`] in a PV guest, a
    /// [`Pfn`] where Xen translates for it (PVH, HVM).
    Gfn,
    FRAME_BITS,
    "`count` frames"
);

bounded!(
    /// A byte address in the machine's memory.
    Maddr,
    ADDRESS_BITS,
    "`count` bytes"
);

bounded!(
    /// A byte address in the guest's pseudo-physical memory.
    Paddr,
    ADDRESS_BITS,
    "`count` bytes"
);

/// Ties a kind of frame to the kind of address it contains.
macro_rules! frame_of {
    ($frame:ident, $address:ident) => {
        impl $frame {
            /// Returns the address of the frame's first byte.
            #[inline]
            pub const fn base(self) -> $address {
                // INVARIANT: A frame number has `PAGE_SHIFT` bits less.
                $address(self.0 << PAGE_SHIFT)
            }
        }

        impl $address {
            /// Returns the frame that contains the address.
            #[inline]
            pub const fn frame(self) -> $frame {
                // INVARIANT: An address has `PAGE_SHIFT` bits more.
                $frame(self.0 >> PAGE_SHIFT)
            }

            /// Returns how many bytes into its frame the address lies.
            #[inline]
            pub const fn page_offset(self) -> u64 {
                self.0 & (PAGE_SIZE - 1)
            }
        }
    };
}

frame_of!(Pfn, Paddr);
frame_of!(Mfn, Maddr);

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_frame))]
mod tests {
    use super::*;

    #[test]
    fn new_accepts_exactly_the_width() {
        assert_eq!(Pfn::new(0).map(Pfn::get), Some(0));
        assert_eq!(Pfn::new(0xff_ffff_ffff), Some(Pfn::MAX));
        assert_eq!(Pfn::new(0x100_0000_0000), None);
        assert_eq!(Mfn::new(u64::MAX), None);
        assert_eq!(Gfn::new(1 << 63), None);
        assert_eq!(Maddr::new(0xf_ffff_ffff_ffff), Some(Maddr::MAX));
        assert_eq!(Maddr::new(0x10_0000_0000_0000), None);
        assert_eq!(Paddr::new(u64::MAX), None);
    }

    #[test]
    fn a_p2m_word_with_flags_is_no_frame() {
        const INVALID_P2M_ENTRY: u64 = !0;
        const FOREIGN_FRAME_BIT: u64 = 1 << 63;
        const IDENTITY_FRAME_BIT: u64 = 1 << 62;

        assert_eq!(Mfn::new(INVALID_P2M_ENTRY), None);
        assert_eq!(Mfn::new(FOREIGN_FRAME_BIT | 5), None);
        assert_eq!(Pfn::new(IDENTITY_FRAME_BIT | 5), None);
    }

    #[test]
    fn addition_stops_at_the_width() {
        assert_eq!(Pfn::MAX.checked_add(0), Some(Pfn::MAX));
        assert_eq!(Pfn::MAX.checked_add(1), None);
        assert_eq!(Pfn::MAX.checked_add(u64::MAX), None);
        assert_eq!(Pfn::from_raw(1).checked_add(2), Some(Pfn::from_raw(3)));
    }

    #[test]
    fn subtraction_stops_at_zero() {
        assert_eq!(Mfn::from_raw(3).checked_sub(3), Some(Mfn::from_raw(0)));
        assert_eq!(Mfn::from_raw(3).checked_sub(4), None);
        assert_eq!(Mfn::from_raw(0).checked_sub(u64::MAX), None);
    }

    #[test]
    fn offset_is_not_signed() {
        let (low, high) = (Gfn::from_raw(7), Gfn::from_raw(9));

        assert_eq!(high.checked_offset_from(low), Some(2));
        assert_eq!(low.checked_offset_from(low), Some(0));
        assert_eq!(low.checked_offset_from(high), None);
    }

    #[test]
    fn frames_and_addresses_convert() {
        let address = Maddr::from_raw(0x1234_5678);

        assert_eq!(address.frame(), Mfn::from_raw(0x1_2345));
        assert_eq!(address.page_offset(), 0x678);
        assert_eq!(address.frame().base(), Maddr::from_raw(0x1234_5000));
    }

    #[test]
    fn the_last_frame_holds_the_last_address() {
        assert_eq!(Paddr::MAX.frame(), Pfn::MAX);
        assert_eq!(Pfn::MAX.base().checked_add(PAGE_SIZE - 1), Some(Paddr::MAX));
        assert_eq!(Pfn::MAX.base().checked_add(PAGE_SIZE), None);
    }
}
