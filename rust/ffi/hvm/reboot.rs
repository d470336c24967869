// SPDX-License-Identifier: GPL-2.0

//! Starting another kernel by kexec, in an HVM or PVH guest.
//!
//! The next kernel wants a domain that has no record registered, no event bound and no page shared.
//! A soft reset makes one of this domain, and goes on where it was.
//!
//! C ancestor: `enlighten_hvm.c:134`.

#![expect(unsafe_code)]

use crate::{
    ffi::guest::shutdown::xen_reboot,
    raw::{
        bindings,
        word::to_int, //
    },
};

/// Has Xen reset the domain but for memory and registers of the vCPU that runs this.
fn soft_reset() {
    xen_reboot(to_int(bindings::SHUTDOWN_soft_reset));
}

/// Stops the machine: `machine_ops.shutdown`, on the last CPU.
pub(super) extern "C" fn xen_hvm_shutdown() {
    // SAFETY: The caller is about to restart or to start another kernel.
    unsafe { bindings::native_machine_shutdown() };
    // SAFETY: Written by this task.
    if unsafe { bindings::kexec_in_progress } {
        soft_reset();
    }
}

/// Stops the machine after a crash, whatever runs: `machine_ops.crash_shutdown`.
///
/// # Safety
///
/// `regs` must be the registers at the crash, or null.
#[cfg(CONFIG_CRASH_DUMP)]
pub(super) unsafe extern "C" fn xen_hvm_crash_shutdown(regs: *mut bindings::pt_regs) {
    // SAFETY: The caller's promise.
    unsafe { bindings::native_machine_crash_shutdown(regs) };
    soft_reset();
}
