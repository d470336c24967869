// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the machine's devices, for the initial domain.

use super::command;
use crate::abi::{
    errno::XenErrno,
    hypercall::Number,
    physdev::{
        SetIobitmap,
        SetIopl,
        SetupGsi,
        SETUP_GSI,
        SET_IOBITMAP,
        SET_IOPL, //
    },
};

/// `PHYSDEVOP_set_iopl`: lets this vCPU's rings up to one do I/O.
///
/// # Errors
///
/// `EINVAL` for a level that there is not.
pub(crate) fn set_iopl(mut level: SetIopl) -> Result<(), XenErrno> {
    // SAFETY: `SetIopl` is this command's structure and holds no address.
    unsafe { command(Number::PhysdevOp, SET_IOPL, &mut level) }
}

/// `PHYSDEVOP_set_iobitmap`: lets this vCPU's user space use some I/O ports.
///
/// # Errors
///
/// `EFAULT` for a bitmap that cannot be read, `EINVAL` for too many ports.
///
/// # Safety
///
/// Xen reads the bitmap whenever user space uses a port, until it is given another.
pub(crate) unsafe fn set_iobitmap(mut ports: SetIobitmap) -> Result<(), XenErrno> {
    // SAFETY: `SetIobitmap` is this command's structure; the caller vouches for the bitmap.
    unsafe { command(Number::PhysdevOp, SET_IOBITMAP, &mut ports) }
}

/// `PHYSDEVOP_setup_gsi`: tells Xen how an interrupt line behaves.
///
/// # Errors
///
/// `EEXIST` if Xen knows already, and its refusals.
pub(crate) fn setup_gsi(mut line: SetupGsi) -> Result<(), XenErrno> {
    // SAFETY: `SetupGsi` is this command's structure and holds no address.
    unsafe { command(Number::PhysdevOp, SETUP_GSI, &mut line) }
}
