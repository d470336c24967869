// SPDX-License-Identifier: GPL-2.0

//! A word that CPUs share on hot paths.
//!
//! `kernel::sync::atomic` makes a C call of each access. These are the instructions alone.
//!
//! Valid in any context.

use core::sync::atomic::{
    AtomicU64,
    Ordering, //
};

/// A word in memory that only this kernel's CPUs write: Xen does not.
#[repr(transparent)]
pub(crate) struct Word(AtomicU64);

impl Word {
    /// Makes a word.
    pub(crate) const fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    /// Reads it, as `READ_ONCE()`.
    #[inline(always)]
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Writes it, as `WRITE_ONCE()`.
    #[inline(always)]
    pub(crate) fn write(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Replaces `old` by `new`, as `cmpxchg()`, or returns what it was instead.
    #[inline(always)]
    pub(crate) fn replace(&self, old: u64, new: u64) -> Result<(), u64> {
        self.0
            .compare_exchange(old, new, Ordering::SeqCst, Ordering::Relaxed)
            .map(|_| ())
    }
}
