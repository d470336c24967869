// SPDX-License-Identifier: GPL-2.0

//! Pages that the p2m list is made of: words, tables that map them, frame numbers for tools.
//!
//! They come from memblock before there is an allocator, and from the allocator afterwards. Those
//! that are in use are never freed.
//!
//! C ancestor: `alloc_p2m_page()` and `free_p2m_page()` in `p2m.c`.

use core::num::NonZeroU64;

use super::listed;
use crate::{
    abi::{
        frame::{
            Mfn,
            Pfn,
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        p2m::place::Slot, //
    },
    raw::{
        atomic::Word,
        bindings,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Where memory comes from at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// From memblock, which is for one CPU only, and panics if there is none left.
    Memblock,
    /// From the page allocator, which may sleep.
    Allocator,
}

impl Stage {
    /// Returns what it is now.
    pub(crate) fn now() -> Self {
        // SAFETY: It reads a variable.
        if unsafe { bindings::slab_is_available() } {
            Self::Allocator
        } else {
            Self::Memblock
        }
    }
}

/// A page.
///
/// # Invariants
///
/// It is the address, in the direct map, of a page that is used for the list only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Page(NonZeroU64);

impl Page {
    /// Allocates a page, if there is one.
    pub(crate) fn allocate() -> Option<Self> {
        let address = match Stage::now() {
            Stage::Memblock => {
                // SAFETY: At this stage boot code may use memblock.
                unsafe { bindings::xen_p2m_alloc_early(to_usize(PAGE_SIZE)) }.addr()
            }
            Stage::Allocator => {
                // SAFETY: It has no preconditions but that the caller may sleep.
                unsafe { bindings::get_free_pages_noprof(bindings::GFP_KERNEL, 0) }
            }
        };

        // INVARIANT: It was just allocated.
        NonZeroU64::new(to_u64(address)).map(Self)
    }

    /// Frees a page.
    ///
    /// # Safety
    ///
    /// Nobody may use it any more, nor Xen think that it is a table.
    pub(crate) unsafe fn free(self) {
        match Stage::now() {
            // SAFETY: It came from memblock, as there has been nothing else; the rest is the
            // caller's promise.
            Stage::Memblock => unsafe { bindings::xen_p2m_free_early(self.as_ptr().cast()) },
            // SAFETY: By the type invariant, and the caller's promise.
            Stage::Allocator => unsafe { bindings::free_pages(to_usize(self.0.get()), 0) },
        }
    }

    /// Takes the page that contains `address`.
    ///
    /// # Safety
    ///
    /// It must be one of the list's pages, in the direct map.
    pub(super) unsafe fn around(address: usize) -> Option<Self> {
        // INVARIANT: The caller's promise.
        NonZeroU64::new(to_u64(address) & !(PAGE_SIZE - 1)).map(Self)
    }

    /// Returns the page whose address is in a variable, unless that is 0.
    ///
    /// # Safety
    ///
    /// It must be in the variable because it is a page.
    #[inline(always)]
    pub(super) unsafe fn read(variable: &Word) -> Option<Self> {
        // INVARIANT: The caller's promise.
        NonZeroU64::new(variable.read()).map(Self)
    }

    /// Keeps the page's address in a variable.
    pub(super) fn write(self, variable: &Word) {
        variable.write(self.0.get());
    }

    /// Returns where it is.
    #[inline(always)]
    pub(crate) fn as_ptr(self) -> *mut u64 {
        core::ptr::with_exposed_provenance_mut(to_usize(self.0.get()))
    }

    /// Returns the frame that it is in now: another one after a migration.
    #[inline(always)]
    pub(crate) fn frame(self) -> Option<Mfn> {
        // SAFETY: Written in early boot only.
        let base = to_u64(unsafe { bindings::page_offset_base });

        listed(Pfn::new(self.0.get().wrapping_sub(base) >> PAGE_SHIFT)?)?.mfn()
    }

    /// Returns one of its words.
    #[inline(always)]
    pub(crate) fn load(self, slot: Slot) -> u64 {
        // SAFETY: By the invariants of both types there is such a word. It changes in one store.
        unsafe { self.as_ptr().add(slot.index()).read_volatile() }
    }

    /// Stores one of its words, in one store. Not for tables, which Xen protects.
    #[inline(always)]
    pub(crate) fn store(self, slot: Slot, word: u64) {
        // SAFETY: By the invariants of both types there is such a word, which is the list's.
        unsafe { self.as_ptr().add(slot.index()).write_volatile(word) };
    }

    /// Makes it a copy of `other`. For pages that nobody has seen.
    pub(crate) fn copy_from(self, other: Self) {
        for slot in Slot::all() {
            self.store(slot, other.load(slot));
        }
    }
}
