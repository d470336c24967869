// SPDX-License-Identifier: GPL-2.0

//! Tables of functions that the kernel is given, as C defines them with designated initialisers.
//!
//! Fields that are not named are zero: `..zeroed()`, which is null for a function.

#![expect(unsafe_code)]

use core::cell::UnsafeCell;

pub(crate) use pin_init::zeroed;

/// A table that is the kernel's once it was given: it reads and writes it by rules of its own.
#[repr(transparent)]
pub(crate) struct Table<T>(UnsafeCell<T>);

// SAFETY: What is in it can only be reached through `as_ptr()`, whose users say who else does.
unsafe impl<T> Sync for Table<T> {}

impl<T> Table<T> {
    /// Makes a table.
    pub(crate) const fn new(table: T) -> Self {
        Self(UnsafeCell::new(table))
    }

    /// Returns where it is.
    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}
