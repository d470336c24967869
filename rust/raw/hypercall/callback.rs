// SPDX-License-Identifier: GPL-2.0

//! Hypercalls by which a PV guest says where Xen enters it, and how it helps.

use super::{
    command,
    hypercall, //
};
use crate::{
    abi::{
        callback::{
            CallbackRegister,
            CallbackType,
            REGISTER, //
        },
        errno::XenErrno,
        hypercall::Number, //
    },
    raw::word::to_u64, //
};

/// `CALLBACKOP_register`: has Xen enter the kernel at `address`.
///
/// # Errors
///
/// Xen's refusals: some callbacks depend on the CPU.
///
/// # Safety
///
/// `address` must be an entry for this kind of callback.
pub(crate) unsafe fn register(kind: CallbackType, address: *const ()) -> Result<(), XenErrno> {
    let mut callback = CallbackRegister::new(kind, to_u64(address.expose_provenance()));

    // SAFETY: It is this command's structure, and the caller vouches for the address.
    unsafe { command(Number::CallbackOp, REGISTER, &mut callback) }
}

/// `VMASST_TYPE_writable_pagetables`: has Xen emulate stores to page tables.
///
/// # Errors
///
/// Xen's refusals.
pub(crate) fn assist_writable_pagetables() -> Result<(), XenErrno> {
    /// `VMASST_CMD_enable`.
    const ENABLE: u64 = 0;
    /// `VMASST_TYPE_writable_pagetables`.
    const WRITABLE_PAGETABLES: u64 = 2;

    // SAFETY: The command takes no pointer, and allows more than before.
    XenErrno::result(unsafe {
        hypercall(Number::VmAssist, [ENABLE, WRITABLE_PAGETABLES, 0, 0, 0])
    })?;
    Ok(())
}
