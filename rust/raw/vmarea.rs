// SPDX-License-Identifier: GPL-2.0

//! A range of kernel addresses into which frames of the machine can be mapped.
//!
//! C ancestor: `get_vm_area()`, `apply_to_page_range()`, `set_pte_at()`.

#![expect(unsafe_code)]

use kernel::{
    alloc::AllocError,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*, //
};

use crate::{
    abi::frame::{
        Mfn,
        PAGE_SIZE, //
    },
    raw::{
        bindings,
        word::to_usize, //
    },
};

/// Bytes in a page.
const PAGE_BYTES: usize = to_usize(PAGE_SIZE);

/// A range of kernel addresses whose page-table entries are known.
///
/// # Invariants
///
/// - `area` is a range that belongs to this value.
/// - `entries` are the page-table entries of its pages, in order; they exist as long as it does.
pub(crate) struct VmArea {
    area: *mut bindings::vm_struct,
    entries: KVec<*mut bindings::pte_t>,
}

// SAFETY: The range is not bound to a CPU or a task.
unsafe impl Send for VmArea {}
// SAFETY: Its methods that take `&self` store one page-table entry each, in one store.
unsafe impl Sync for VmArea {}

impl VmArea {
    /// Reserves a range of `pages` pages, in which nothing is mapped.
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for it or for its page tables.
    pub(crate) fn new(pages: usize) -> Result<Self, AllocError> {
        let size = pages.checked_mul(PAGE_BYTES).ok_or(AllocError)?;
        let entries = KVec::with_capacity(pages, GFP_KERNEL)?;
        // SAFETY: It takes any size, and may sleep as we may.
        let area = unsafe { bindings::get_vm_area(size, bindings::VM_IOREMAP as c_ulong) };

        if area.is_null() {
            return Err(AllocError);
        }
        // INVARIANT: The range is ours from here on; its entries follow.
        let mut this = Self { area, entries };
        let failed = {
            let data = (&raw mut this.entries).cast::<c_void>();
            let mm = &raw mut bindings::init_mm;

            // SAFETY: The range is ours, and `data` is what `push_entry` expects.
            unsafe { bindings::apply_to_page_range(mm, this.start(), size, Some(push_entry), data) }
        };

        if failed != 0 || this.entries.len() != pages {
            return Err(AllocError);
        }
        Ok(this)
    }

    /// Returns the first address.
    pub(crate) fn start(&self) -> usize {
        // SAFETY: By the type invariant.
        unsafe { (*self.area).addr }.addr()
    }

    /// Returns the number of pages.
    pub(crate) fn pages(&self) -> usize {
        self.entries.len()
    }

    /// Maps `frame` at page number `index` of the range, if it has that many.
    pub(crate) fn map(&self, index: usize, frame: Mfn) {
        // SAFETY: It computes a value.
        self.set(index, unsafe {
            bindings::rust_helper_mfn_pte(to_usize(frame.get()))
        });
    }

    /// Unmaps page number `index` of the range, if it has that many.
    pub(crate) fn unmap(&self, index: usize) {
        self.set(index, bindings::pte_t { pte: 0 });
    }

    /// Stores a page-table entry.
    fn set(&self, index: usize, value: bindings::pte_t) {
        if let Some(&entry) = self.entries.get(index) {
            let address = self.start() + index * PAGE_BYTES;

            // SAFETY: By the type invariant the entry is that of `address`, and nobody else
            // stores it.
            unsafe {
                bindings::rust_helper_set_pte_at(&raw mut bindings::init_mm, address, entry, value)
            };
        }
    }
}

impl Drop for VmArea {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the range is ours; nobody can have an address in it left.
        unsafe { bindings::free_vm_area(self.area) };
    }
}

/// Appends the entry of one page, as `apply_to_page_range()` goes through them.
///
/// # Safety
///
/// `data` must be a vector of entries that nobody else uses.
unsafe extern "C" fn push_entry(
    entry: *mut bindings::pte_t,
    _address: c_ulong,
    data: *mut c_void,
) -> c_int {
    // SAFETY: The caller's promise.
    let entries = unsafe { &mut *data.cast::<KVec<*mut bindings::pte_t>>() };

    match entries.push_within_capacity(entry) {
        Ok(()) => 0,
        Err(_) => ENOMEM.to_errno(),
    }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_vmarea)]
mod tests {
    use super::*;
    use crate::raw::{
        address,
        word::to_u64, //
    };

    /// A page of memory, which the allocator aligns to its size.
    type Content = [u64; PAGE_BYTES / 8];

    /// Returns the frame of a page.
    fn frame(content: &KBox<Content>) -> Option<Mfn> {
        address::walk(to_u64(core::ptr::from_ref::<Content>(content).addr()))
            .map(|machine| machine.frame())
    }

    #[test]
    fn a_frame_is_seen_where_it_is_mapped() {
        let area = VmArea::new(2);
        let content = KBox::<Content>::new([0x1234_5678_9abc_def0; PAGE_BYTES / 8], GFP_KERNEL);
        let (Ok(area), Ok(content)) = (area, content) else {
            return assert!(false);
        };
        let Some(frame) = frame(&content) else {
            return assert!(false);
        };

        area.map(1, frame);
        // SAFETY: The frame that was just mapped is read.
        let seen = unsafe {
            core::ptr::with_exposed_provenance::<u64>(area.start() + PAGE_BYTES).read_volatile()
        };
        area.unmap(1);

        assert_eq!(seen, 0x1234_5678_9abc_def0);
        assert_eq!(address::walk(to_u64(area.start() + PAGE_BYTES)), None);
    }

    #[test]
    fn pages_beyond_the_area_are_left_alone() {
        if let Ok(area) = VmArea::new(1) {
            area.unmap(1);
            area.unmap(usize::MAX);
            assert_eq!(area.pages(), 1);
        } else {
            assert!(false);
        }
    }
}
