// SPDX-License-Identifier: GPL-2.0

//! The CPU's time stamp counter, and what is known of it.
//!
//! C ancestors: `asm/tsc.h`, `asm/cpufeature.h`.

#![expect(unsafe_code)]

use core::arch::asm;

use crate::{
    abi::cpuid::TSC,
    raw::{
        bindings,
        cpu::has_feature,
        cpuid::Base, //
    }, //
};

/// Reads the counter after all loads before it, as `rdtsc_ordered()`.
///
/// The fence waits for them on all x86-64 CPUs that Linux has not switched to another meaning of
/// it; of AMD's, it sets the one bit that decides.
#[inline(always)]
pub(crate) fn read_ordered() -> u64 {
    let low: u64;
    let high: u64;

    // SAFETY: It changes nothing but the registers. It is neither `nomem` nor `pure`, so that
    // loads of memory that Xen writes stay on their side of it.
    unsafe {
        asm!(
            "lfence",
            "rdtsc",
            out("rax") low,
            out("rdx") high,
            options(nostack, preserves_flags),
        );
    }
    high << 32 | low
}

/// Returns whether it ticks at one rate.
pub(crate) fn is_constant() -> bool {
    has_feature(bindings::X86_FEATURE_CONSTANT_TSC)
}

/// Returns whether it ticks while the CPU sleeps.
pub(crate) fn is_nonstop() -> bool {
    has_feature(bindings::X86_FEATURE_NONSTOP_TSC)
}

/// Returns whether the kernel has found it wanting.
pub(crate) fn is_unstable() -> bool {
    // SAFETY: It reads a variable.
    unsafe { bindings::check_tsc_unstable() != 0 }
}

/// Returns `XEN_CPUID_TSC_MODE_*`: whether Xen emulates it.
pub(crate) fn mode() -> u32 {
    Base::find().map_or(0, |xen| xen.leaf(TSC).ebx)
}

/// Returns how fast this domain's ticks, in kHz, or 0 if Xen does not say.
pub(crate) fn khz() -> u32 {
    Base::find().map_or(0, |xen| xen.leaf(TSC).ecx)
}
