// SPDX-License-Identifier: GPL-2.0

//! Statics that have one user at a time.
//!
//! In early boot there is one CPU, and no interrupt uses what is here; later there is a lock.
//!
//! C ancestor: `static ... __initdata`.

#![expect(unsafe_code)]

use core::{
    arch::asm,
    cell::UnsafeCell, //
};

/// A static of boot code's, or of who holds a lock.
#[repr(transparent)]
pub(crate) struct BootCell<T>(UnsafeCell<T>);

// SAFETY: `get()` asks for one user at a time.
unsafe impl<T> Sync for BootCell<T> {}

impl<T> BootCell<T> {
    /// Makes a static.
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Returns where it is.
    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }

    /// Returns what is in it.
    ///
    /// # Safety
    ///
    /// No other reference to it may exist: this is boot code, or a lock sees to that.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "what it is for, see Safety")]
    pub(crate) unsafe fn get(&self) -> &mut T {
        // SAFETY: It points to the value; exclusive by the caller's promise.
        unsafe { &mut *hide(self.0.get()) }
    }
}

/// Returns the pointer, without the compiler's knowing which static it leads to.
///
/// Where it knows, it may write the address into a function that is only called with this one, and
/// that function may stay when the static is freed: modpost finds it.
#[inline(always)]
pub(crate) fn hide<T>(pointer: *mut T) -> *mut T {
    let mut hidden = pointer;

    // SAFETY: No instruction.
    unsafe {
        asm!(
            "/* {hidden} */",
            hidden = inout(reg) hidden,
            options(pure, nomem, nostack, preserves_flags)
        )
    };
    hidden
}
