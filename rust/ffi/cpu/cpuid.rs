// SPDX-License-Identifier: GPL-2.0

//! What the kernel sees of CPUID.
//!
//! C ancestor: `enlighten_pv.c:241`.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    ffi::c_uint, //
};

use crate::{
    cpu::cpuid::{
        seen,
        MwaitHints, //
    },
    raw::{
        atomic::Word,
        cpuid::ask_xen,
        section::read_mostly, //
    },
};

read_mostly! {
    /// What the machine says of `mwait`: `ecx`, and `edx` above it.
    static MWAIT_HINTS: Word = Word::new(0);
}

/// Notes what the machine says of `mwait`. Boot code.
#[cfg(CONFIG_ACPI)]
pub(in crate::ffi) fn set_mwait_hints(hints: MwaitHints) {
    MWAIT_HINTS.write(u64::from(hints.ecx) | u64::from(hints.edx) << 32);
}

/// Returns it.
fn mwait_hints() -> MwaitHints {
    let hints = MWAIT_HINTS.read();

    MwaitHints {
        ecx: hints as u32,         // CAST: The lower half.
        edx: (hints >> 32) as u32, // CAST: The upper half.
    }
}

/// Asks for leaf `eax`, and in some for sub-leaf `ecx`. Early boot, then any context.
///
/// # Safety
///
/// The pointers must be valid for reads and writes.
pub(super) unsafe extern "C" fn xen_cpuid(
    eax: *mut c_uint,
    ebx: *mut c_uint,
    ecx: *mut c_uint,
    edx: *mut c_uint,
) {
    // SAFETY: The caller's promise.
    let (leaf, subleaf) = unsafe { (eax.read(), ecx.read()) };
    let answer = seen(
        leaf,
        || CpuId::current().as_u32(),
        mwait_hints,
        || ask_xen(leaf, subleaf),
    );

    for (register, value) in [
        (eax, answer.eax),
        (ebx, answer.ebx),
        (ecx, answer.ecx),
        (edx, answer.edx),
    ] {
        // SAFETY: The caller's promise.
        unsafe { register.write(value) };
    }
}
