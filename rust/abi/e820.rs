// SPDX-License-Identifier: GPL-2.0

//! The memory map as firmware, boot protocol and Xen all write it.
//!
//! C ancestors: `struct boot_e820_entry`, `enum e820_type`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::frame::PAGE_SIZE;

/// `E820_TYPE_RAM`: memory to use.
pub const RAM: u32 = 1;
/// `E820_TYPE_RESERVED`: not memory to use, often a device's.
pub const RESERVED: u32 = 2;
/// `E820_TYPE_NVS`: memory that firmware wants back after sleep.
pub const NVS: u32 = 4;
/// `E820_TYPE_UNUSABLE`: memory that is there in the machine, but not for this kernel.
pub const UNUSABLE: u32 = 5;
/// `E820_TYPE_PRAM`: memory that survives power loss, in its pre-standard form.
pub const PRAM: u32 = 12;
/// `E820_TYPE_SOFT_RESERVED`: memory for a special purpose.
pub const SOFT_RESERVED: u32 = 0xefff_ffff;

/// A stretch of the physical address space.
///
/// Entries lie packed, so its fields can be copied but not borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C, packed)]
pub struct E820Entry {
    /// Where it begins.
    pub addr: u64,
    /// How many bytes it has.
    pub size: u64,
    /// What it is: [`RAM`] and others.
    pub kind: u32,
}

impl E820Entry {
    /// An entry of nothing.
    pub const EMPTY: Self = Self {
        addr: 0,
        size: 0,
        kind: 0,
    };

    /// Returns the first address after it; the last one there is, for an entry that wraps around.
    pub const fn end(&self) -> u64 {
        let (addr, size) = (self.addr, self.size);

        addr.saturating_add(size)
    }

    /// Returns the numbers of the first whole page and of the one after the last, if it has any.
    ///
    /// A stretch may begin and end within a page, and may claim to wrap around.
    pub fn whole_pages(&self) -> Option<(u64, u64)> {
        let first = self.addr.div_ceil(PAGE_SIZE);
        let end = self.addr.checked_add(self.size)? / PAGE_SIZE;

        (first < end).then_some((first, end))
    }
}

const _: () = {
    assert!(size_of::<E820Entry>() == 20);
    assert!(offset_of!(E820Entry, addr) == 0);
    assert!(offset_of!(E820Entry, size) == 8);
    assert!(offset_of!(E820Entry, kind) == 16);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_e820))]
mod tests {
    use super::*;

    fn pages(addr: u64, size: u64) -> Option<(u64, u64)> {
        let kind = RAM;

        E820Entry { addr, size, kind }.whole_pages()
    }

    #[test]
    fn only_whole_pages_count() {
        assert_eq!(pages(0x1000, 0x3000), Some((1, 4)));
        assert_eq!(pages(0x1001, 0x3000), Some((2, 4)));
        assert_eq!(pages(0xfff, 0x2001), Some((1, 3)));
        assert_eq!(pages(0, 0x9fc00), Some((0, 0x9f)));
    }

    #[test]
    fn parts_of_pages_are_none() {
        assert_eq!(pages(0x1000, 0), None);
        assert_eq!(pages(0x1000, 0xfff), None);
        assert_eq!(pages(0x1800, 0x100), None);
        assert_eq!(pages(0x1800, 0x1000), None);
    }

    #[test]
    fn what_wraps_around_is_none() {
        assert_eq!(pages(u64::MAX - 0x1fff, 0x3000), None);
        assert_eq!(pages(0x1000, u64::MAX), None);
        assert_eq!(pages(u64::MAX, 0), None);
    }
}
