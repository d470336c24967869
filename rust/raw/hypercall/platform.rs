// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the machine itself, for the initial domain.

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        hypercall::Number,
        platform::Dom0Console, //
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
