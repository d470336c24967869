// SPDX-License-Identifier: GPL-2.0

//! C's `unsigned long`, which Rust-for-Linux calls `usize`, is 64 bits wide here.

const _: () = assert!(usize::BITS == u64::BITS);

/// Widens nothing: both types have 64 bits.
#[inline(always)]
pub(crate) const fn to_u64(word: usize) -> u64 {
    word as u64 // CAST: Asserted above.
}

/// Narrows nothing: both types have 64 bits.
#[inline(always)]
pub(crate) const fn to_usize(word: u64) -> usize {
    word as usize // CAST: Asserted above.
}
