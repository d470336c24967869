// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about a vCPU's performance counters.

use super::{
    command,
    hypercall, //
};
use crate::abi::{
    errno::XenErrno,
    frame::Mfn,
    hypercall::Number,
    id::VcpuId,
    pmu::{
        PmuParams,
        FINISH,
        FLUSH,
        INIT,
        LVTPC_SET, //
    },
};

/// `XENPMU_init`: shares a page with Xen.
///
/// # Errors
///
/// `EOPNOTSUPP` or `ENOSYS` where there are no counters to be had, `EINVAL` where a page is shared
/// already.
///
/// # Safety
///
/// Xen writes the frame until [`finish`] succeeds: it must be the caller's own, and nobody may hold
/// a reference to it.
pub(crate) unsafe fn init(vcpu: VcpuId, page: Mfn) -> Result<(), XenErrno> {
    let mut params = PmuParams::init(vcpu, page);

    // SAFETY: `PmuParams` is this command's structure, and the caller vouches for the frame.
    unsafe { command(Number::XenpmuOp, INIT, &mut params) }
}

/// `XENPMU_finish`: shares a page no more.
///
/// # Errors
///
/// As [`init`]: the page may still be shared.
pub(crate) fn finish(vcpu: VcpuId) -> Result<(), XenErrno> {
    let mut params = PmuParams::finish(vcpu);

    // SAFETY: `PmuParams` is this command's structure and names no frame.
    unsafe { command(Number::XenpmuOp, FINISH, &mut params) }
}

/// `XENPMU_lvtpc_set`: has Xen mask or unmask the interrupt as the page says.
///
/// # Errors
///
/// As [`init`].
pub(crate) fn set_lvtpc() -> Result<(), XenErrno> {
    plain_command(LVTPC_SET)
}

/// `XENPMU_flush`: hands the page back, and has Xen load the registers in it.
///
/// # Errors
///
/// `EINVAL` for registers that Xen does not load.
pub(crate) fn flush() -> Result<(), XenErrno> {
    plain_command(FLUSH)
}

/// Issues a command that has no structure.
fn plain_command(command: u32) -> Result<(), XenErrno> {
    // SAFETY: Xen reads nothing but the page that it shares.
    XenErrno::result(unsafe { hypercall(Number::XenpmuOp, [u64::from(command), 0, 0, 0, 0]) })?;
    Ok(())
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_pmu)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn a_vcpu_that_is_not_has_no_counters() {
        if domain::is_pv() {
            let nobody = VcpuId::from_raw(u32::MAX - 1);

            // Where Xen has no counters at all, it says so first.
            if let Err(errno) = finish(nobody) {
                assert!(errno == XenErrno::EOPNOTSUPP || errno == XenErrno::EINVAL);
            }
        }
    }
}
