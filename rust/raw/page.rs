// SPDX-License-Identifier: GPL-2.0

//! Whole pages of the kernel's memory.
//!
//! C ancestor: `get_zeroed_page()`.

#![expect(unsafe_code)]

use core::{
    mem::ManuallyDrop,
    num::NonZeroUsize, //
};

use crate::raw::bindings;

/// A page that is zero at first, and freed in the end.
///
/// # Invariants
///
/// The address is that of a page that nobody else frees.
pub(crate) struct ZeroedPage(NonZeroUsize);

impl ZeroedPage {
    /// Allocates a page, if there is one. May sleep.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: It has no preconditions in a context that may sleep, which boot code may.
        let address = unsafe { bindings::get_zeroed_page_noprof(bindings::GFP_KERNEL) };

        // INVARIANT: It was just allocated.
        NonZeroUsize::new(address).map(Self)
    }

    /// Returns where it is.
    pub(crate) fn as_ptr<T>(&self) -> *mut T {
        core::ptr::with_exposed_provenance_mut(self.0.get())
    }

    /// Takes back a page that was given away, if there is one.
    ///
    /// # Safety
    ///
    /// `page` must be null or come from [`ZeroedPage::leak`], and nobody may use it any more but
    /// through what is returned.
    #[cfg(CONFIG_XEN_PV)]
    pub(crate) unsafe fn from_leaked<T>(page: *mut T) -> Option<Self> {
        // INVARIANT: The caller's promise.
        NonZeroUsize::new(page.expose_provenance()).map(Self)
    }

    /// Gives the page away for good: somebody else goes on using it.
    pub(crate) fn leak<T>(self) -> *mut T {
        ManuallyDrop::new(self).as_ptr()
    }
}

impl Drop for ZeroedPage {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::free_pages(self.0.get(), 0) };
    }
}
