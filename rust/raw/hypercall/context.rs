// SPDX-License-Identifier: GPL-2.0

//! The hypercall that gives a PV guest's vCPU its registers.

use super::vcpu::vcpu_op;
use crate::abi::{
    context::{
        VcpuGuestContext,
        INITIALISE, //
    },
    errno::XenErrno,
    id::VcpuId,
};

/// `VCPUOP_initialise`: gives a vCPU the registers that it starts with.
///
/// # Errors
///
/// `EEXIST` for one that has them, `ENOENT` for one that does not exist, `ENOMEM`, and Xen's
/// refusals of what is in them.
///
/// # Safety
///
/// The addresses in `context` must lead to what they are meant for: the vCPU will go there.
pub(crate) unsafe fn initialise(
    vcpu: VcpuId,
    context: &mut VcpuGuestContext,
) -> Result<(), XenErrno> {
    // SAFETY: It is this command's structure, and the caller vouches for the addresses.
    unsafe { vcpu_op(INITIALISE, vcpu, context) }
}
