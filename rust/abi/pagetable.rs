// SPDX-License-Identifier: GPL-2.0

//! Page-table entries, and what Xen can be asked to do with page tables.
//!
//! A PV guest's page tables are those that the CPU walks, so a present entry holds a machine frame.
//! The rest of the kernel thinks in its own page numbers. A [`Pte`] says which of the two its
//! number is; only `mmu::pte` turns one into the other. Entries of all levels have one layout.
//!
//! C ancestors: `pteval_t`, `struct mmu_update`, `struct mmuext_op` (`xen/interface/xen.h`).

use core::{
    marker::PhantomData,
    mem::{
        offset_of,
        size_of, //
    },
};

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

use super::frame::{
    Maddr,
    Mfn,
    Pfn,
    PAGE_SHIFT,
    PAGE_SIZE, //
};

/// Entries in a table.
pub const ENTRIES: usize = 512;

/// `_PAGE_PRESENT`.
pub const PRESENT: u64 = 1 << 0;
/// `_PAGE_RW`.
pub const RW: u64 = 1 << 1;
/// `_PAGE_USER`.
pub const USER: u64 = 1 << 2;
/// `_PAGE_ACCESSED`.
pub const ACCESSED: u64 = 1 << 5;
/// `_PAGE_DIRTY`.
pub const DIRTY: u64 = 1 << 6;
/// `_PAGE_PSE`: it maps a large page, and leads to no table.
pub const PSE: u64 = 1 << 7;
/// `_PAGE_SPECIAL`: the kernel keeps no record of the page.
pub const SPECIAL: u64 = 1 << 9;
/// `_PAGE_SAVED_DIRTY`: dirty, where the dirty bit of a read-only entry would mean a shadow stack.
const SAVED_DIRTY: u64 = 1 << 58;
/// `_PAGE_NX`.
pub const NX: u64 = 1 << 63;
/// `_KERNPG_TABLE`: leads to a table of the kernel's.
pub const KERNEL_TABLE: u64 = PRESENT | RW | ACCESSED | DIRTY;
/// `_PAGE_TABLE`: leads to a table.
pub const TABLE: u64 = KERNEL_TABLE | USER;
/// `PTE_PFN_MASK`: where the frame is in an entry.
pub const FRAME: u64 = Maddr::MAX.get() & !(PAGE_SIZE - 1);
/// `_PAGE_KNL_ERRATUM_MASK`: bits that a CPU may set in an entry that is empty.
const ERRATUM: u64 = ACCESSED | DIRTY;

/// That an entry holds a machine frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machine {}

/// That an entry holds a page number of the guest's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guest {}

/// A page-table entry of any level, whose number belongs to space `S`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Pte<S>(u64, PhantomData<S>);

impl<S> Pte<S> {
    /// The entry that maps nothing. It names no memory either, so that there is nothing for a CPU
    /// with the L1TF flaw to look at.
    pub const EMPTY: Self = Self::from_raw(0);

    /// Takes the bits of an entry whose space the caller knows.
    #[inline(always)]
    pub(crate) const fn from_raw(raw: u64) -> Self {
        Self(raw, PhantomData)
    }

    /// Returns the bits.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns whether it maps something.
    #[inline(always)]
    pub const fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// Returns whether there is nothing in it.
    #[inline(always)]
    pub const fn is_none(self) -> bool {
        self.0 & !ERRATUM == 0
    }

    /// Returns whether it maps a large page.
    #[inline(always)]
    pub const fn is_large(self) -> bool {
        self.0 & PSE != 0
    }

    /// Returns everything but the frame.
    #[inline(always)]
    pub const fn flags(self) -> u64 {
        self.0 & !FRAME
    }

    /// Returns the entry with more flags.
    #[inline]
    pub const fn with(self, flags: u64) -> Self {
        Self::from_raw(self.0 | flags & !FRAME)
    }

    /// Returns the entry without write permission: `pte_wrprotect()`.
    #[inline]
    pub const fn read_only(self) -> Self {
        let saved = if self.0 & DIRTY != 0 { SAVED_DIRTY } else { 0 };

        Self::from_raw(self.0 & !(RW | DIRTY) | saved)
    }

    /// Returns the entry with write permission: `pte_mkwrite_novma()`.
    #[inline]
    pub const fn writable(self) -> Self {
        Self::from_raw(self.0 | RW)
    }
}

impl Pte<Machine> {
    /// Makes an entry for a machine frame. Without [`PRESENT`] it does not name the frame: a CPU
    /// with the L1TF flaw would look at it.
    #[inline(always)]
    pub const fn map(frame: Mfn, flags: u64) -> Self {
        let flags = flags & !FRAME;

        if flags & PRESENT == 0 {
            Self::from_raw(flags)
        } else {
            Self::from_raw(frame.get() << PAGE_SHIFT | flags)
        }
    }

    /// Returns the frame, which means something if the entry is present.
    #[inline(always)]
    pub const fn frame(self) -> Mfn {
        // INVARIANT: The mask leaves an address.
        Mfn::from_raw((self.0 & FRAME) >> PAGE_SHIFT)
    }
}

impl Pte<Guest> {
    /// Makes an entry for a page.
    #[inline(always)]
    pub const fn map(page: Pfn, flags: u64) -> Self {
        Self::from_raw(page.get() << PAGE_SHIFT | flags & !FRAME)
    }

    /// Returns the page, which means something if the entry is present.
    #[inline(always)]
    pub const fn page(self) -> Pfn {
        // INVARIANT: The mask leaves an address.
        Pfn::from_raw((self.0 & FRAME) >> PAGE_SHIFT)
    }
}

/// How an entry is updated: `MMU_*_UPDATE`, which goes into the low bits of its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Update {
    /// `MMU_NORMAL_PT_UPDATE`: to what it shall be.
    Normal,
    /// `MMU_PT_UPDATE_PRESERVE_AD`: to that, but accessed and dirty stay set where they are.
    PreserveAd,
    /// `MMU_PT_UPDATE_NO_TRANSLATE`: to a frame that is not translated.
    NoTranslate,
}

/// An update of an entry: `struct mmu_update`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, IntoBytes, Immutable)]
#[repr(C)]
pub struct MmuUpdate {
    /// Where the entry is in the machine's memory, and how it is updated.
    pub place: u64,
    /// What it shall be.
    pub value: u64,
}

const _: () = assert!(size_of::<MmuUpdate>() == 16);

impl MmuUpdate {
    /// Makes one.
    #[inline(always)]
    pub const fn new(place: Maddr, how: Update, value: Pte<Machine>) -> Self {
        let command = match how {
            Update::Normal => 0,
            Update::PreserveAd => 2,
            Update::NoTranslate => 3,
        };

        Self {
            place: place.get() | command,
            value: value.get(),
        }
    }

    /// `MMU_MACHPHYS_UPDATE`: not of an entry, but of which page of this domain a frame is.
    #[inline(always)]
    pub const fn machphys(frame: Mfn, page: Pfn) -> Self {
        const COMMAND: u64 = 1;

        Self {
            place: frame.base().get() | COMMAND,
            value: page.get(),
        }
    }
}

/// An operation on page tables or TLBs: `struct mmuext_op`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, IntoBytes, Immutable)]
#[repr(C)]
pub struct MmuextOp {
    /// `MMUEXT_*`.
    pub cmd: u32,
    /// Padding.
    _reserved: u32,
    /// The frame or the address that it is about.
    pub first: u64,
    /// What else it needs.
    pub second: u64,
}

const _: () = {
    assert!(size_of::<MmuextOp>() == 24);
    assert!(offset_of!(MmuextOp, first) == 8);
    assert!(offset_of!(MmuextOp, second) == 16);
};

impl MmuextOp {
    /// Makes one.
    #[inline(always)]
    const fn new(cmd: u32, first: u64, second: u64) -> Self {
        Self {
            cmd,
            _reserved: 0,
            first,
            second,
        }
    }

    /// `MMUEXT_PIN_L*_TABLE`: Xen checks a table, and everything below it, once.
    #[inline(always)]
    pub const fn pin(level: Level, table: Mfn) -> Self {
        let cmd = match level {
            Level::Pte => 0,
            Level::Pmd => 1,
            Level::Pud => 2,
            Level::Pgd => 3,
        };

        Self::new(cmd, table.get(), 0)
    }

    /// `MMUEXT_UNPIN_TABLE`.
    #[inline(always)]
    pub const fn unpin(table: Mfn) -> Self {
        Self::new(4, table.get(), 0)
    }

    /// `MMUEXT_NEW_BASEPTR`: the kernel's page tables of this vCPU.
    #[inline(always)]
    pub const fn kernel_base(table: Mfn) -> Self {
        Self::new(5, table.get(), 0)
    }

    /// `MMUEXT_SET_LDT`: a local descriptor table, or none if it has no entries.
    #[inline(always)]
    pub const fn set_ldt(address: u64, entries: u32) -> Self {
        Self::new(13, address, entries as u64) // CAST: It widens.
    }

    /// `MMUEXT_NEW_USER_BASEPTR`: those that it has in user mode, if any.
    #[inline(always)]
    pub const fn user_base(table: Option<Mfn>) -> Self {
        let table = match table {
            Some(table) => table.get(),
            None => 0,
        };

        Self::new(15, table, 0)
    }

    /// `MMUEXT_TLB_FLUSH_LOCAL`.
    pub const FLUSH_LOCAL: Self = Self::new(6, 0, 0);

    /// `MMUEXT_TLB_FLUSH_ALL`.
    pub const FLUSH_ALL: Self = Self::new(10, 0, 0);

    /// `MMUEXT_INVLPG_LOCAL`.
    #[inline(always)]
    pub const fn flush_page(address: u64) -> Self {
        Self::new(7, address & !(PAGE_SIZE - 1), 0)
    }

    /// `MMUEXT_TLB_FLUSH_MULTI`: on the vCPUs in the bitmap at `vcpus`.
    #[inline(always)]
    pub const fn flush_multi(vcpus: u64) -> Self {
        Self::new(8, 0, vcpus)
    }

    /// `MMUEXT_INVLPG_MULTI`: on the vCPUs in the bitmap at `vcpus`.
    #[inline(always)]
    pub const fn flush_page_multi(address: u64, vcpus: u64) -> Self {
        Self::new(9, address, vcpus)
    }
}

/// A level of page tables, named by the table's entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// L1: it maps pages.
    Pte,
    /// L2.
    Pmd,
    /// L3.
    Pud,
    /// L4: an address space.
    Pgd,
}

impl Level {
    /// Returns the level of the tables to which entries lead.
    #[inline(always)]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::Pgd => Some(Self::Pud),
            Self::Pud => Some(Self::Pmd),
            Self::Pmd => Some(Self::Pte),
            Self::Pte => None,
        }
    }

    /// Returns how many address bits an entry leaves to those below.
    #[inline(always)]
    pub const fn shift(self) -> u32 {
        match self {
            Self::Pte => 12,
            Self::Pmd => 21,
            Self::Pud => 30,
            Self::Pgd => 39,
        }
    }

    /// Returns which entry of a table is for an address.
    #[inline(always)]
    pub const fn index(self, address: u64) -> usize {
        // CAST: Below 512.
        (address >> self.shift()) as usize & (ENTRIES - 1)
    }

    /// Returns how much memory an entry is for.
    #[inline(always)]
    pub const fn bytes(self) -> u64 {
        1 << self.shift()
    }
}

/// `UVMF_*`: what is flushed when a mapping was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flush {
    /// Nothing.
    None,
    /// This vCPU's TLB.
    Local,
    /// The address, on this vCPU.
    Page,
    /// All TLBs.
    All,
    /// The address, everywhere.
    PageAll,
}

impl Flush {
    /// Returns the number that Xen expects.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Local => 1,
            Self::Page => 2,
            Self::All => 1 | 4,
            Self::PageAll => 2 | 4,
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_pagetable))]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_present_names_no_frame() {
        let frame = Mfn::from_raw(0x1234);

        assert_eq!(Pte::<Machine>::map(frame, PRESENT | RW).get(), 0x123_4003);
        assert_eq!(Pte::<Machine>::map(frame, RW | NX).get(), RW | NX);
        assert_eq!(
            Pte::<Machine>::map(Mfn::MAX, PRESENT | NX).frame(),
            Mfn::MAX
        );
        assert_eq!(Pte::<Machine>::map(frame, !0).flags(), !FRAME);
        assert!(Pte::<Machine>::EMPTY.is_none());
    }

    #[test]
    fn write_protection_keeps_that_a_page_is_dirty() {
        let entry = Pte::<Machine>::from_raw(PRESENT | RW | DIRTY);

        assert_eq!(entry.read_only().get(), PRESENT | SAVED_DIRTY);
        assert_eq!(
            entry.read_only().writable().get(),
            PRESENT | RW | SAVED_DIRTY
        );
        assert_eq!(
            Pte::<Machine>::from_raw(PRESENT | RW).read_only().get(),
            PRESENT
        );
    }

    #[test]
    fn an_empty_entry_may_be_accessed_and_dirty() {
        assert!(Pte::<Guest>::from_raw(ACCESSED | DIRTY).is_none());
        assert!(!Pte::<Guest>::from_raw(PRESENT).is_none());
        assert!(!Pte::<Guest>::from_raw(1 << 12).is_none());
    }

    #[test]
    fn an_address_has_an_index_at_each_level() {
        let address = 0xffff_ffff_ff7f_efff;

        assert_eq!(Level::Pgd.index(address), 511);
        assert_eq!(Level::Pud.index(address), 511);
        assert_eq!(Level::Pmd.index(address), 507);
        assert_eq!(Level::Pte.index(address), 510);
        assert_eq!(Level::Pud.bytes(), 1 << 30);
    }

    #[test]
    fn commands_have_xens_numbers() {
        let frame = Mfn::from_raw(7);

        assert_eq!(MmuextOp::pin(Level::Pte, frame).cmd, 0);
        assert_eq!(MmuextOp::pin(Level::Pgd, frame).cmd, 3);
        assert_eq!(MmuextOp::user_base(None), MmuextOp::new(15, 0, 0));
        assert_eq!(MmuextOp::flush_page(0x1fff).first, 0x1000);
        let update = MmuUpdate::new(Maddr::from_raw(0x1008), Update::PreserveAd, Pte::EMPTY);

        assert_eq!(update.place, 0x100a);
        assert_eq!(MmuUpdate::machphys(frame, Pfn::from_raw(9)).place, 0x7001);
        assert_eq!(Flush::All.get(), 5);
    }
}
