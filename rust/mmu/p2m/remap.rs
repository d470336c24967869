// SPDX-License-Identifier: GPL-2.0

//! Memory that is not RAM, moved to other page numbers.
//!
//! Where the machine's memory map has something that is not RAM at a place where this kernel has
//! been loaded, boot code gives those frames pages elsewhere. ACPI knows tables there by their
//! machine address, so the kernel's ACPI mappings have to be redirected.
//!
//! C ancestor: `xen_add_remap_nonram()`, `xen_do_remap_nonram()` and `xen_acpi_os_ioremap()` in
//! `p2m.c`.

use crate::abi::frame::{
    Maddr,
    Mfn,
    Paddr,
    Pfn,
    PAGE_SIZE, //
};

/// How many ranges can be moved.
const ROOM: usize = 4;

/// A range that was moved.
///
/// # Invariants
///
/// - Both addresses have one offset in their page.
/// - The range ends at an address of either kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Remap {
    /// Where the machine has it.
    machine: Maddr,
    /// Where this guest has it.
    guest: Paddr,
    /// Bytes of it.
    size: u64,
}

/// Why a range cannot be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapError {
    /// There is no room for another.
    Full,
    /// The addresses differ in the offset in their page.
    Misaligned,
    /// The range ends where there are no addresses.
    TooLarge,
}

/// What of an address range was moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moved {
    /// Nothing.
    None,
    /// All of it, to an address.
    All(u64),
    /// A part: an address that is right for that part.
    Part(u64),
}

/// The ranges that were moved.
pub struct Remaps {
    /// The first of them are used.
    ranges: [Option<Remap>; ROOM],
}

impl Remaps {
    /// Begins with none.
    pub const fn new() -> Self {
        Self {
            ranges: [None; ROOM],
        }
    }

    /// Adds a range.
    ///
    /// # Errors
    ///
    /// All of [`RemapError`].
    pub fn add(&mut self, machine: Maddr, guest: Paddr, size: u64) -> Result<(), RemapError> {
        if machine.page_offset() != guest.page_offset() {
            return Err(RemapError::Misaligned);
        }
        if machine.checked_add(size).is_none() || guest.checked_add(size).is_none() {
            return Err(RemapError::TooLarge);
        }
        let room = self
            .ranges
            .iter_mut()
            .find(|range| range.is_none())
            .ok_or(RemapError::Full)?;

        // INVARIANT: Just checked.
        *room = Some(Remap {
            machine,
            guest,
            size,
        });
        Ok(())
    }

    /// Returns whether nothing was moved.
    pub fn is_empty(&self) -> bool {
        self.ranges.iter().all(Option::is_none)
    }

    /// Returns the pages that were moved to, and the frames behind them.
    pub fn pages(&self) -> impl Iterator<Item = (Pfn, Mfn)> + '_ {
        self.ranges.iter().flatten().flat_map(|range| {
            let pages = (range.guest.page_offset() + range.size).div_ceil(PAGE_SIZE);

            (0..pages).filter_map(|index| {
                Some((
                    range.guest.frame().checked_add(index)?,
                    range.machine.frame().checked_add(index)?,
                ))
            })
        })
    }

    /// Returns where `size` bytes at the machine's `address` are.
    pub fn find(&self, address: u64, size: u64) -> Moved {
        let end = address.saturating_add(size);
        let overlap = self.ranges.iter().flatten().find_map(|range| {
            let start = range.machine.get();
            let range_end = start + range.size;
            let moved = address.wrapping_sub(start).wrapping_add(range.guest.get());

            (end > start && address < range_end)
                .then_some((moved, address >= start && end <= range_end))
        });

        match overlap {
            None => Moved::None,
            Some((moved, true)) => Moved::All(moved),
            Some((moved, false)) => Moved::Part(moved),
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_p2m_remap))]
mod tests {
    use super::*;

    /// A range of two and a half pages that begins within a page.
    const MACHINE: Maddr = Maddr::from_raw(0x7ff0_0800);
    const GUEST: Paddr = Paddr::from_raw(0x1_2340_0800);
    const SIZE: u64 = 0x2800;

    fn one() -> Remaps {
        let mut remaps = Remaps::new();

        assert_eq!(remaps.add(MACHINE, GUEST, SIZE), Ok(()));
        remaps
    }

    #[test]
    fn all_pages_that_the_range_touches_are_moved() {
        let remaps = one();
        let frame = |index| {
            Some((
                GUEST.frame().checked_add(index)?,
                MACHINE.frame().checked_add(index)?,
            ))
        };
        let mut pages = remaps.pages();

        assert_eq!(pages.next(), frame(0));
        assert_eq!(pages.next(), frame(1));
        assert_eq!(pages.next(), frame(2));
        assert_eq!(pages.next(), None);
    }

    #[test]
    fn a_range_that_crosses_one_more_boundary_has_one_more_page() {
        let mut remaps = Remaps::new();

        assert_eq!(remaps.add(MACHINE, GUEST, 0x2801), Ok(()));
        assert_eq!(remaps.pages().count(), 4);
    }

    #[test]
    fn what_is_inside_is_found_at_its_new_place() {
        let remaps = one();

        assert_eq!(remaps.find(MACHINE.get(), SIZE), Moved::All(GUEST.get()));
        assert_eq!(
            remaps.find(MACHINE.get() + 0x1234, 8),
            Moved::All(GUEST.get() + 0x1234)
        );
    }

    #[test]
    fn what_is_outside_stays() {
        let remaps = one();

        assert_eq!(remaps.find(MACHINE.get() - 8, 8), Moved::None);
        assert_eq!(remaps.find(MACHINE.get() + SIZE, 8), Moved::None);
        assert_eq!(remaps.find(GUEST.get(), 8), Moved::None);
        assert_eq!(remaps.find(u64::MAX, 8), Moved::None);
        assert_eq!(Remaps::new().find(MACHINE.get(), 8), Moved::None);
    }

    #[test]
    fn what_crosses_an_end_is_told() {
        let remaps = one();

        assert_eq!(
            remaps.find(MACHINE.get() - 4, 8),
            Moved::Part(GUEST.get() - 4)
        );
        assert_eq!(
            remaps.find(MACHINE.get() + SIZE - 4, 8),
            Moved::Part(GUEST.get() + SIZE - 4)
        );
        assert_eq!(
            remaps.find(0, u64::MAX),
            Moved::Part(0x1_2340_0800_u64.wrapping_sub(0x7ff0_0800))
        );
    }

    #[test]
    fn what_cannot_be_moved_is_refused() {
        let mut remaps = one();
        let up = |count| GUEST.checked_add(count).unwrap_or(Paddr::MAX);

        assert_eq!(
            remaps.add(MACHINE, up(1), SIZE),
            Err(RemapError::Misaligned)
        );
        assert_eq!(
            remaps.add(MACHINE, up(0), u64::MAX),
            Err(RemapError::TooLarge)
        );
        for count in 1..4 {
            assert_eq!(remaps.add(MACHINE, up(count << 32), SIZE), Ok(()));
        }
        assert_eq!(remaps.add(MACHINE, GUEST, SIZE), Err(RemapError::Full));
        assert!(!remaps.is_empty());
        assert!(Remaps::new().is_empty());
    }
}
