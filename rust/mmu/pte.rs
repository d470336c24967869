// SPDX-License-Identifier: GPL-2.0

//! Page-table entries between the kernel's numbering and the machine's.
//!
//! Called for almost every look at a page table, in any context, NMI included.
//!
//! An entry that is not present belongs to the kernel, which keeps swap slots and the like in it,
//! with bits inverted so that they name no memory: it passes unchanged. What is made here of a page
//! or a frame that has no counterpart names no memory either. So no entry that is not present can
//! be used by a CPU with the L1TF flaw, for which Xen would end the guest.
//!
//! C ancestor: `pte_mfn_to_pfn()`, `pte_pfn_to_mfn()` in `mmu_pv.c`.

use crate::abi::{
    frame::{
        Mfn,
        Pfn, //
    },
    pagetable::{
        Guest,
        Machine,
        Pte,
        PRESENT, //
    },
};

/// What page a frame is, and what frame a page has.
pub trait Frames {
    /// Returns the frame behind a page, of whatever kind.
    fn frame(&self, page: Pfn) -> Option<Mfn>;

    /// Returns the page that a frame is behind, if it is this domain's or no RAM.
    fn page(&self, frame: Mfn) -> Option<Pfn>;
}

/// Makes the entry that goes into a table.
///
/// A page without frame leads to an empty entry: what page it was is lost.
#[inline(always)]
pub fn to_machine(frames: &impl Frames, entry: Pte<Guest>) -> Pte<Machine> {
    if !entry.is_present() {
        return Pte::from_raw(entry.get());
    }
    match frames.frame(entry.page()) {
        Some(frame) => Pte::<Machine>::map(frame, entry.flags()),
        None => Pte::EMPTY,
    }
}

/// Returns what the kernel reads in a table.
///
/// A frame of another domain's has no page: such an entry reads as not present.
#[inline(always)]
pub fn to_guest(frames: &impl Frames, entry: Pte<Machine>) -> Pte<Guest> {
    if !entry.is_present() {
        return Pte::from_raw(entry.get());
    }
    match frames.page(entry.frame()) {
        Some(page) => Pte::<Guest>::map(page, entry.flags()),
        None => Pte::from_raw(entry.flags() & !PRESENT),
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_pte))]
mod tests {
    use super::*;
    use crate::abi::pagetable::{
        NX,
        RW, //
    };

    /// Pages 0 to 15 have frames from 0x100 on, except for page 3.
    struct Fake;

    impl Frames for Fake {
        fn frame(&self, page: Pfn) -> Option<Mfn> {
            (page.get() < 16 && page.get() != 3).then(|| Mfn::from_raw(page.get() + 0x100))
        }

        fn page(&self, frame: Mfn) -> Option<Pfn> {
            let page = frame.get().checked_sub(0x100).and_then(Pfn::new)?;

            (self.frame(page) == Some(frame)).then_some(page)
        }
    }

    /// Makes an entry.
    fn machine(raw: u64) -> u64 {
        to_machine(&Fake, Pte::from_raw(raw)).get()
    }

    /// Reads one.
    fn guest(raw: u64) -> u64 {
        to_guest(&Fake, Pte::from_raw(raw)).get()
    }

    #[test]
    fn there_and_back() {
        for page in (0..16).filter(|&page| page != 3) {
            let entry = page << 12 | NX | RW | PRESENT;

            assert_eq!(machine(entry), (page + 0x100) << 12 | NX | RW | PRESENT);
            assert_eq!(guest(machine(entry)), entry);
        }
    }

    #[test]
    fn a_page_without_frame_is_nothing() {
        assert_eq!(machine(3 << 12 | NX | RW | PRESENT), 0);
    }

    #[test]
    fn a_frame_of_somebody_else_reads_as_not_present() {
        assert_eq!(guest(0x55 << 12 | NX | RW | PRESENT), NX | RW);
        assert_eq!(guest(0x103 << 12 | RW | PRESENT), RW);
    }

    #[test]
    fn what_is_not_present_is_the_kernels_own() {
        for entry in [0, 3 << 12, !PRESENT, 0xffff_f000 | RW] {
            assert_eq!(machine(entry), entry);
            assert_eq!(guest(entry), entry);
        }
    }
}
