// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about vCPUs: whether they run, and where their records are.

use zerocopy::{
    Immutable,
    IntoBytes, //
};

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        hypercall::Number,
        id::VcpuId,
        vcpu::{
            RegisterVcpuInfo,
            DOWN,
            IS_UP,
            REGISTER_VCPU_INFO,
            UP, //
        },
    },
    raw::word::to_u64, //
};

/// Operates on a vCPU with the structure that belongs to the command.
///
/// # Safety
///
/// `T` must be the structure of `command`, and any address in it valid for what Xen does with it.
#[inline(always)]
pub(super) unsafe fn vcpu_op<T: IntoBytes + Immutable>(
    command: u64,
    vcpu: VcpuId,
    argument: &mut T,
) -> Result<(), XenErrno> {
    let handle = to_u64(core::ptr::from_mut(argument).expose_provenance());
    let arguments = [command, u64::from(vcpu.get()), handle, 0, 0];

    // SAFETY: The exclusive borrow lasts until Xen is done; the rest is the caller's promise.
    XenErrno::result(unsafe { hypercall(Number::VcpuOp, arguments) })?;
    Ok(())
}

/// Operates on a vCPU with a command that has no structure, and returns what Xen says.
///
/// # Safety
///
/// `command` must be such a command.
#[inline(always)]
pub(super) unsafe fn plain_vcpu_op(command: u64, vcpu: VcpuId) -> Result<u64, XenErrno> {
    let arguments = [command, u64::from(vcpu.get()), 0, 0, 0];

    // SAFETY: Xen reads nothing, by the caller's promise.
    XenErrno::result(unsafe { hypercall(Number::VcpuOp, arguments) })
}

/// `VCPUOP_is_up`: asks whether a vCPU may run.
///
/// # Errors
///
/// `ENOENT` for a vCPU that does not exist, `ENOSYS` for an HVM guest of a Xen before 4.5.
pub(crate) fn is_up(vcpu: VcpuId) -> Result<bool, XenErrno> {
    // SAFETY: The command has no structure.
    Ok(unsafe { plain_vcpu_op(IS_UP, vcpu)? } != 0)
}

/// `VCPUOP_down`: lets a vCPU run no more. It may take a moment to stop.
///
/// # Errors
///
/// As [`is_up`].
pub(crate) fn down(vcpu: VcpuId) -> Result<(), XenErrno> {
    // SAFETY: The command has no structure.
    unsafe { plain_vcpu_op(DOWN, vcpu) }.map(|_| ())
}

/// `VCPUOP_up`: lets a vCPU run.
///
/// # Errors
///
/// As [`is_up`], and `EINVAL` for one that has no state to run with.
pub(crate) fn up(vcpu: VcpuId) -> Result<(), XenErrno> {
    // SAFETY: The command has no structure; a vCPU goes on where it was stopped.
    unsafe { plain_vcpu_op(UP, vcpu) }.map(|_| ())
}

/// `VCPUOP_register_vcpu_info`: has Xen keep a vCPU's record in a place of the guest's.
///
/// # Errors
///
/// `EINVAL` where it is registered already, for there is no way to undo it, or would cross a page;
/// `ENOENT` for a vCPU that does not exist; Xen's refusals of the frame.
///
/// # Safety
///
/// Xen writes the record there for as long as the domain lives: the memory must be one's own for
/// that long, and nobody may hold a reference to it.
pub(crate) unsafe fn register_vcpu_info(
    vcpu: VcpuId,
    mut place: RegisterVcpuInfo,
) -> Result<(), XenErrno> {
    // SAFETY: It is this command's structure, and the caller vouches for the address.
    unsafe { vcpu_op(REGISTER_VCPU_INFO, vcpu, &mut place) }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_vcpu)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn the_first_vcpu_is_up() {
        if domain::is_xen() {
            assert_eq!(is_up(VcpuId::from_raw(0)), Ok(true));
        }
    }

    #[test]
    fn xen_knows_which_vcpus_there_are() {
        if domain::is_xen() {
            let nobody = VcpuId::from_raw(u32::MAX - 1);

            assert_eq!(is_up(nobody), Err(XenErrno::ENOENT));
            assert_eq!(down(nobody), Err(XenErrno::ENOENT));
            assert_eq!(up(nobody), Err(XenErrno::ENOENT));
        }
    }
}
