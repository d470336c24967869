// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about descriptors and exceptions of a PV guest.

use super::hypercall;
use crate::{
    abi::{
        descriptor::{
            SegmentBase,
            TrapInfo, //
        },
        errno::XenErrno,
        frame::Mfn,
        hypercall::Number, //
    },
    raw::word::to_u64, //
};

/// `HYPERVISOR_set_trap_table`: tells Xen where this vCPU handles exceptions, in addition to those
/// that were told before. The last of `traps` is [`TrapInfo::END`].
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// The addresses must be entries for those exceptions.
pub(crate) unsafe fn set_trap_table(traps: &[TrapInfo]) -> Result<(), XenErrno> {
    let handle = to_u64(traps.as_ptr().expose_provenance());

    // SAFETY: Borrowed until Xen is done, which reads up to the end; else the caller's promise.
    XenErrno::result(unsafe { hypercall(Number::SetTrapTable, [handle, 0, 0, 0, 0]) })?;
    Ok(())
}

/// `HYPERVISOR_set_gdt`: makes `frame` this vCPU's descriptor table, with so many entries.
///
/// # Errors
///
/// `EINVAL` for a frame that somebody can write, and Xen's other refusals.
pub(crate) fn set_gdt(frame: Mfn, entries: u64) -> Result<(), XenErrno> {
    let frames = [frame];
    let handle = to_u64(frames.as_ptr().expose_provenance());

    // SAFETY: Borrowed until Xen is done. Xen checks frame and entries.
    XenErrno::result(unsafe { hypercall(Number::SetGdt, [handle, entries, 0, 0, 0]) })?;
    Ok(())
}

/// `HYPERVISOR_update_descriptor`: writes an entry of a descriptor table, by machine address.
///
/// # Errors
///
/// `EINVAL` for a descriptor that a guest may not have, and where there is no table.
pub(crate) fn update_descriptor(address: u64, descriptor: u64) -> Result<(), XenErrno> {
    let arguments = [address, descriptor, 0, 0, 0];

    // SAFETY: Xen checks that there is a table, or memory that becomes one, and the descriptor.
    XenErrno::result(unsafe { hypercall(Number::UpdateDescriptor, arguments) })?;
    Ok(())
}

/// `HYPERVISOR_set_segment_base`: gives a segment a base, or a selector.
///
/// # Errors
///
/// `EINVAL` for a base that is no address.
///
/// # Safety
///
/// The kernel's `gs` has to lead to its per-CPU variables.
#[inline(always)]
pub(crate) unsafe fn set_segment_base(segment: SegmentBase, base: u64) -> Result<(), XenErrno> {
    let arguments = [segment.get(), base, 0, 0, 0];

    // SAFETY: The caller's promise; what user space has there is no matter of the kernel's.
    XenErrno::result(unsafe { hypercall(Number::SetSegmentBase, arguments) })?;
    Ok(())
}
