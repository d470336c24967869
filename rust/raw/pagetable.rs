// SPDX-License-Identifier: GPL-2.0

//! Page tables of this kernel: their entries, and what `struct page` knows of them.
//!
//! Entries are read and stored whole, in one instruction; CPUs may set accessed and dirty bits of
//! those in use, and other CPUs store those whose lock nobody holds.
//!
//! C ancestor: `PagePinned()`, `virt_to_page()`, `set_pte()` of a native kernel.

#![expect(unsafe_code)]

use core::{
    mem::size_of,
    sync::atomic::{
        AtomicU64,
        Ordering, //
    },
};

use crate::{
    abi::{
        frame::{
            Pfn,
            PAGE_SIZE, //
        },
        pagetable::{
            Machine,
            Pte,
            ENTRIES,
            NX,
            PRESENT, //
        },
    },
    raw::{
        address,
        bindings,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Returns whether each page has its `struct page`, so that it can say whether it is pinned.
///
/// Before that all page tables are.
#[inline(always)]
pub(crate) fn has_struct_pages() -> bool {
    // SAFETY: The key is in a struct of its own, in c-shims/mmu_pv.c.
    unsafe {
        kernel::jump_label::static_branch_unlikely!(
            bindings::xen_mmu_state,
            bindings::xen_mmu_state,
            struct_pages_ready
        )
    }
}

/// Returns those of `flags` that an entry of the kernel's may have.
///
/// What the CPU or Xen does not support is left out.
#[inline(always)]
pub(crate) fn supported(flags: u64) -> u64 {
    // SAFETY: Written in boot only.
    let (default, supported) = unsafe {
        (
            bindings::__default_kernel_pte_mask,
            bindings::__supported_pte_mask,
        )
    };

    flags & to_u64(default) & to_u64(supported)
}

/// `PAGE_KERNEL`: flags of data.
#[inline(always)]
pub(crate) fn kernel_flags() -> u64 {
    supported(NX | bindings::RUST_CONST_HELPER_XEN_PAGE_KERNEL_LOW as u64)
}

/// `PAGE_KERNEL_RO`: flags of data that is only read.
#[inline(always)]
pub(crate) fn read_only_flags() -> u64 {
    supported(NX | bindings::RUST_CONST_HELPER_XEN_PAGE_KERNEL_RO_LOW as u64)
}

/// Returns the flags of a `pgprot_t`, without those that the CPU does not support:
/// `massage_pgprot()`.
#[inline(always)]
pub(crate) fn massage(prot: bindings::pgprot_t) -> u64 {
    let flags = to_u64(prot.pgprot);

    if flags & PRESENT == 0 {
        return flags;
    }
    // SAFETY: Written in boot only.
    flags & to_u64(unsafe { bindings::__supported_pte_mask })
}

/// `FIXADDR_TOP`: the last fixed address's page.
pub(crate) const FIXADDR_TOP: u64 =
    0xffff_ffff_0000_0000 | bindings::RUST_CONST_HELPER_XEN_FIXADDR_TOP_LOW as u64;

/// An entry of a page table.
///
/// # Invariants
///
/// The pointer is that of an entry of a table in the direct map or the kernel image, or, in boot,
/// of one that is mapped for the moment.
#[derive(Clone, Copy)]
pub(crate) struct Slot(*mut u64);

impl Slot {
    /// Takes an entry from C.
    ///
    /// # Safety
    ///
    /// It must be what the type's invariant says, for as long as the slot is used.
    #[inline(always)]
    pub(crate) unsafe fn new<T>(entry: *mut T) -> Self {
        // INVARIANT: The caller's promise.
        Self(entry.cast())
    }

    /// Returns its address.
    #[inline(always)]
    pub(crate) fn address(self) -> u64 {
        to_u64(self.0.addr())
    }

    /// Reads it.
    #[inline(always)]
    pub(crate) fn read(self) -> Pte<Machine> {
        // SAFETY: By the type invariant.
        Pte::from_raw(unsafe { self.0.read_volatile() })
    }

    /// Stores to it. In a table that is pinned, Xen notices, and does it instead.
    #[inline(always)]
    pub(crate) fn write(self, value: Pte<Machine>) {
        // SAFETY: By the type invariant.
        unsafe { self.0.write_volatile(value.get()) };
    }

    /// Returns the page of its table.
    #[inline(always)]
    pub(crate) fn page(self) -> TablePage {
        TablePage::of(address::known_linear(self.address()).frame())
    }
}

/// A table of which only this CPU knows, or that nobody changes at the time.
///
/// # Invariants
///
/// The pointer is that of a whole page of entries.
#[derive(Clone, Copy)]
pub(crate) struct Table(*mut u64);

impl Table {
    /// Takes a table from C.
    ///
    /// # Safety
    ///
    /// It must be one, for as long as the value is used.
    #[inline(always)]
    pub(crate) unsafe fn new<T>(table: *mut T) -> Self {
        // INVARIANT: The caller's promise.
        Self(table.cast())
    }

    /// Finds a table in the direct map.
    ///
    /// # Safety
    ///
    /// The page must be one, for as long as the value is used.
    #[inline(always)]
    pub(crate) unsafe fn of(page: Pfn) -> Self {
        // INVARIANT: The caller's promise.
        Self(address::physical_to_linear(page.base()))
    }

    /// Returns its address.
    #[inline(always)]
    pub(crate) fn address(self) -> u64 {
        to_u64(self.0.addr())
    }

    /// Returns one of its entries. Numbers begin again at 512.
    #[inline(always)]
    pub(crate) fn slot(self, index: usize) -> Slot {
        // INVARIANT: It is within the table.
        Slot(self.0.wrapping_add(index % ENTRIES))
    }

    /// Empties it.
    pub(crate) fn clear(self) {
        // SAFETY: By the type invariant.
        unsafe { self.0.write_bytes(0, ENTRIES) };
    }

    /// Copies all entries of another one.
    pub(crate) fn copy_from(self, other: Self) {
        // SAFETY: By the type invariants. They may be the same.
        unsafe { self.0.copy_from(other.0, ENTRIES) };
    }
}

const _: () = assert!(ENTRIES * size_of::<u64>() == to_usize(PAGE_SIZE));

// x86-64 has no other memory model: each `struct page` is an element of one array.
const _: () = assert!(cfg!(CONFIG_SPARSEMEM_VMEMMAP));

/// What the kernel knows of a page of page tables.
///
/// # Invariants
///
/// The pointer is that of a `struct page`. They exist when it is used.
#[derive(Clone, Copy)]
pub(crate) struct TablePage(*mut bindings::page);

/// The bit that says that a table is pinned.
const PINNED: u64 = 1 << bindings::pageflags_PG_pinned;
/// The bit that says that it is so for a suspend.
const SAVE_PINNED: u64 = 1 << bindings::pageflags_PG_savepinned;

impl TablePage {
    /// Finds what is known of a page, which must be memory of this domain's.
    #[inline(always)]
    pub(crate) fn of(page: Pfn) -> Self {
        // SAFETY: Written in boot only.
        let pages = to_usize(to_u64(unsafe { bindings::vmemmap_base }));

        // INVARIANT: The array has an element for each page of memory.
        Self(
            core::ptr::with_exposed_provenance_mut::<bindings::page>(pages)
                .wrapping_add(to_usize(page.get())),
        )
    }

    /// Takes the descriptor of a page table, which is a `struct page` by another name.
    pub(crate) fn from_descriptor(descriptor: *mut bindings::ptdesc) -> Self {
        // INVARIANT: Asserted by the kernel.
        Self(descriptor.cast())
    }

    /// Returns which page it is about.
    pub(crate) fn number(self) -> Pfn {
        // SAFETY: By the type invariant.
        Pfn::from_raw(to_u64(unsafe { bindings::rust_helper_page_to_pfn(self.0) }))
    }

    /// Returns the `struct page`.
    #[cfg(CONFIG_SPLIT_PTE_PTLOCKS)]
    #[inline(always)]
    pub(crate) fn as_ptr(self) -> *mut bindings::page {
        self.0
    }

    /// Returns the word of flags.
    #[inline(always)]
    fn flags(&self) -> &AtomicU64 {
        // SAFETY: By the type invariant. All others use atomic instructions on it as well.
        unsafe { AtomicU64::from_ptr((&raw mut (*self.0).flags.f).cast()) }
    }

    /// Returns whether the table is pinned.
    #[inline(always)]
    pub(crate) fn is_pinned(self) -> bool {
        self.flags().load(Ordering::Relaxed) & PINNED != 0
    }

    /// Returns whether the kernel allocated it as a page table: for programs, modules, `vmalloc()`.
    /// Those of the direct map and of boot it did not.
    #[inline(always)]
    pub(crate) fn is_allocated(self) -> bool {
        let descriptor = self.0.cast::<bindings::ptdesc>();
        // SAFETY: By the type invariant. It is the same by another name, and keeps its type for as
        // long as it is a table.
        let page_type = unsafe { (&raw const (*descriptor).__page_type).read_volatile() };

        page_type >> 24 == bindings::pagetype_PGTY_table
    }

    /// Marks the table as pinned, and returns whether it was not before.
    #[inline(always)]
    pub(crate) fn mark_pinned(self) -> bool {
        self.flags().fetch_or(PINNED, Ordering::SeqCst) & PINNED == 0
    }

    /// Marks the table as not pinned, and returns whether it was pinned before.
    #[inline(always)]
    pub(crate) fn mark_unpinned(self) -> bool {
        self.flags().fetch_and(!PINNED, Ordering::SeqCst) & PINNED != 0
    }

    /// Notes that the table is pinned for a suspend.
    pub(crate) fn mark_save_pinned(self) {
        self.flags().fetch_or(SAVE_PINNED, Ordering::Relaxed);
    }

    /// Ends that, and returns whether it was noted.
    pub(crate) fn mark_resumed(self) -> bool {
        self.flags().fetch_and(!SAVE_PINNED, Ordering::Relaxed) & SAVE_PINNED != 0
    }

    /// Returns the page's private word: for a top-level table, where that for user mode is.
    #[inline(always)]
    pub(crate) fn private(self) -> usize {
        // SAFETY: By the type invariant. It changes while nobody else knows the table.
        unsafe { (&raw const (*self.0).__bindgen_anon_1.__bindgen_anon_1.private).read_volatile() }
    }

    /// Sets it.
    pub(crate) fn set_private(self, value: usize) {
        // SAFETY: As above.
        unsafe {
            (&raw mut (*self.0).__bindgen_anon_1.__bindgen_anon_1.private).write_volatile(value);
        }
    }
}
