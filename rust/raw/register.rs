// SPDX-License-Identifier: GPL-2.0

//! Registers that a PV guest reads and writes by the instructions that a machine has: Xen catches
//! and executes them.
//!
//! Valid in any context.
//!
//! C ancestor: `asm/special_insns.h`, `asm/msr.h`.

#![expect(unsafe_code)]

use core::arch::asm;

use kernel::ffi::c_int;

use crate::raw::{
    bindings,
    word::to_usize, //
};

/// Reads cr0.
#[cold]
pub(crate) fn read_cr0() -> u64 {
    let value;

    // SAFETY: Xen lets a guest read it.
    unsafe { asm!("mov {value}, cr0", value = out(reg) value, options(nomem, nostack)) };
    value
}

/// Writes cr4.
///
/// # Safety
///
/// The bits must be ones that the kernel can live with.
pub(crate) unsafe fn write_cr4(value: u64) {
    // SAFETY: The caller's promise; Xen has the last word.
    unsafe { bindings::native_write_cr4(to_usize(value)) };
}

/// Reads an MSR. One that cannot be read is warned of, and zero.
#[inline(always)]
pub(crate) fn read_msr(msr: u32) -> u64 {
    // SAFETY: To read has no effect on memory; Xen refuses what is not for guests.
    unsafe { bindings::rust_helper_native_read_msr(msr) }
}

/// Reads an MSR, and returns 0 with it, or an error.
#[inline(always)]
pub(crate) fn try_read_msr(msr: u32) -> (u64, c_int) {
    let mut value = 0;
    // SAFETY: As for `read_msr()`; it writes the value.
    let error = unsafe { bindings::rust_helper_native_read_msr_safe(msr, &raw mut value) };

    (value, error)
}

/// Writes an MSR. One that cannot be written is warned of.
///
/// # Safety
///
/// The value must be one that the kernel can live with.
#[inline(always)]
pub(crate) unsafe fn write_msr(msr: u32, value: u64) {
    // SAFETY: The caller's promise; Xen refuses what is not for guests.
    unsafe { bindings::rust_helper_native_write_msr(msr, value) };
}

/// Writes an MSR, and returns 0 or an error.
///
/// # Safety
///
/// As for [`write_msr`].
#[inline(always)]
pub(crate) unsafe fn try_write_msr(msr: u32, value: u64) -> c_int {
    // SAFETY: The caller's promise; Xen refuses what is not for guests.
    unsafe { bindings::rust_helper_native_write_msr_safe(msr, value) }
}
