// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the machine itself, for the initial domain.

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        hypercall::Number,
        platform::{
            Dom0Console,
            ReadMemtype,
            SetPdc, //
        },
    },
    raw::word::{
        to_u64,
        to_usize, //
    },
};

/// `XENPF_get_dom0_console`: asks for Xen's record of the screen, and returns how long it is.
///
/// Called before `.bss` is cleared.
///
/// # Errors
///
/// Xen's refusals: older ones do not know the question.
#[inline]
pub(crate) fn dom0_console(question: &mut Dom0Console) -> Result<usize, XenErrno> {
    let handle = to_u64(core::ptr::from_mut(question).expose_provenance());

    // SAFETY: `Dom0Console` is a whole `xen_platform_op`, borrowed until Xen is done.
    XenErrno::result(unsafe { hypercall(Number::PlatformOp, [handle, 0, 0, 0, 0]) }).map(to_usize)
}

/// `XENPF_read_memtype`: asks what type some memory of the machine has.
///
/// # Errors
///
/// Xen's refusals: there are only so many register pairs.
pub(crate) fn read_memtype(mut question: ReadMemtype) -> Result<ReadMemtype, XenErrno> {
    let handle = to_u64(core::ptr::from_mut(&mut question).expose_provenance());

    // SAFETY: `ReadMemtype` is a whole `xen_platform_op`, borrowed until Xen is done.
    XenErrno::result(unsafe { hypercall(Number::PlatformOp, [handle, 0, 0, 0, 0]) })?;
    Ok(question)
}

/// `XENPF_set_processor_pminfo`: tells Xen what the kernel can do about sleep states, and returns
/// what of that it wants done.
///
/// # Errors
///
/// Xen's refusals.
pub(crate) fn set_pdc(mut capabilities: [u32; 3]) -> Result<[u32; 3], XenErrno> {
    let mut request = SetPdc::new(to_u64(capabilities.as_mut_ptr().expose_provenance()));
    let handle = to_u64(core::ptr::from_mut(&mut request).expose_provenance());

    // SAFETY: `SetPdc` is a whole `xen_platform_op`, and both are borrowed until Xen is done.
    XenErrno::result(unsafe { hypercall(Number::PlatformOp, [handle, 0, 0, 0, 0]) })?;
    Ok(capabilities)
}
