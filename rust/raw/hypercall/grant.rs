// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about grants.

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        grant::{
            MapGrantRef,
            UnmapGrantRef,
            MAP_GRANT_REF,
            UNMAP_GRANT_REF, //
        },
        hypercall::Number,
    },
    raw::word::to_u64, //
};

/// Operates on grants with an array of the structures that belong to the command.
///
/// # Safety
///
/// `operations` must be `count` structures of `command`, valid for reads and writes, and what they
/// ask for must be the caller's to do.
unsafe fn grant_table_op<T>(command: u32, operations: *mut T, count: u32) -> Result<(), XenErrno> {
    let handle = to_u64(operations.expose_provenance());
    let arguments = [u64::from(command), handle, u64::from(count), 0, 0];

    // SAFETY: The caller's promise.
    XenErrno::result(unsafe { hypercall(Number::GrantTableOp, arguments) })?;
    Ok(())
}

/// `GNTTABOP_map_grant_ref`: maps other domains' frames. Each element has an answer of its own.
///
/// # Errors
///
/// `EFAULT` and others that concern the array as a whole.
///
/// # Safety
///
/// `operations` must be `count` structures, valid for reads and writes; what they name as the place
/// of a mapping must be the caller's to replace.
pub(crate) unsafe fn map(operations: *mut MapGrantRef, count: u32) -> Result<(), XenErrno> {
    // SAFETY: It is this command's structure; the rest is the caller's promise.
    unsafe { grant_table_op(MAP_GRANT_REF, operations, count) }
}

/// `GNTTABOP_unmap_grant_ref`: ends mappings. Each element has an answer of its own.
///
/// # Errors
///
/// As for [`map`].
///
/// # Safety
///
/// `operations` must be `count` structures, valid for reads and writes; nobody may use the mappings
/// any more.
pub(crate) unsafe fn unmap(operations: *mut UnmapGrantRef, count: u32) -> Result<(), XenErrno> {
    // SAFETY: It is this command's structure; the rest is the caller's promise.
    unsafe { grant_table_op(UNMAP_GRANT_REF, operations, count) }
}
