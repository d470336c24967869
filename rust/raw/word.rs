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

/// Widens a number to C's `long`.
#[inline(always)]
pub(crate) const fn to_long(number: u32) -> isize {
    number as isize // CAST: It has 64 bits, asserted above.
}

/// Gives bits the sign that C's type for them has.
#[inline(always)]
pub(crate) const fn to_signed(number: u64) -> i64 {
    number as i64 // CAST: The same bits.
}

/// Takes the sign from bits that C has in an `int`, such as the number of a CPU.
#[inline(always)]
pub(crate) const fn from_int(number: i32) -> u32 {
    number as u32 // CAST: The same bits.
}

/// Gives bits the sign that C's `int` has.
#[inline(always)]
pub(crate) const fn to_int(number: u32) -> i32 {
    number as i32 // CAST: The same bits.
}
