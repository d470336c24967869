// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about timers, vCPUs' clocks and the date.

use super::{
    hypercall,
    vcpu::{
        plain_vcpu_op,
        vcpu_op, //
    }, //
};
use crate::{
    abi::{
        errno::XenErrno,
        hypercall::Number,
        id::VcpuId,
        platform::SetTime,
        vcpu::{
            RegisterTimeMemoryArea,
            SetSingleshotTimer,
            REGISTER_TIME_MEMORY_AREA,
            SET_SINGLESHOT_TIMER,
            STOP_PERIODIC_TIMER,
            STOP_SINGLESHOT_TIMER, //
        },
    },
    raw::word::to_u64, //
};

/// `VCPUOP_stop_periodic_timer`: stops the tick of a vCPU.
///
/// # Errors
///
/// `ENOENT` for a vCPU that does not exist, `ENOSYS` where Xen has only [`set_timer`].
pub(crate) fn stop_periodic_timer(vcpu: VcpuId) -> Result<(), XenErrno> {
    // SAFETY: The command has no structure.
    unsafe { plain_vcpu_op(STOP_PERIODIC_TIMER, vcpu) }.map(|_| ())
}

/// `VCPUOP_stop_singleshot_timer`: stops the one-shot timer of the vCPU that runs this.
///
/// # Errors
///
/// `EINVAL` for another vCPU, `ENOENT` for one that does not exist.
pub(crate) fn stop_singleshot_timer(vcpu: VcpuId) -> Result<(), XenErrno> {
    // SAFETY: The command has no structure.
    unsafe { plain_vcpu_op(STOP_SINGLESHOT_TIMER, vcpu) }.map(|_| ())
}

/// `VCPUOP_set_singleshot_timer`: sets the one-shot timer of the vCPU that runs this.
///
/// # Errors
///
/// `EINVAL` for another vCPU, `ENOENT` for one that does not exist.
#[inline]
pub(crate) fn set_singleshot_timer(
    vcpu: VcpuId,
    mut timer: SetSingleshotTimer,
) -> Result<(), XenErrno> {
    // SAFETY: `SetSingleshotTimer` is this command's structure and holds no pointer.
    unsafe { vcpu_op(SET_SINGLESHOT_TIMER, vcpu, &mut timer) }
}

/// `__HYPERVISOR_set_timer_op`: sets the one timer that this vCPU has with it; 0 stops it.
///
/// # Errors
///
/// None that is documented.
#[inline]
pub(crate) fn set_timer(deadline: u64) -> Result<(), XenErrno> {
    // SAFETY: It takes no pointer.
    XenErrno::result(unsafe { hypercall(Number::SetTimerOp, [deadline, 0, 0, 0, 0]) })?;
    Ok(())
}

/// `VCPUOP_register_vcpu_time_memory_area`: has Xen keep a copy of a vCPU's clock, or stop to.
///
/// # Errors
///
/// `EFAULT` where nothing is mapped, `ENOSYS` from an older Xen, `EINVAL` in an HVM guest of some.
///
/// # Safety
///
/// The address must be 0, or that of a record that may be written until another one is registered.
pub(crate) unsafe fn register_time_memory_area(
    vcpu: VcpuId,
    mut area: RegisterTimeMemoryArea,
) -> Result<(), XenErrno> {
    // SAFETY: It is this command's structure, and the caller vouches for the address.
    unsafe { vcpu_op(REGISTER_TIME_MEMORY_AREA, vcpu, &mut area) }
}

/// `XENPF_settime64` or `XENPF_settime32`: tells Xen the date.
///
/// # Errors
///
/// `EPERM` for any domain but the initial one, `ENOSYS` from a Xen that has only the older command.
pub(crate) fn set_time(mut op: SetTime) -> Result<(), XenErrno> {
    let handle = to_u64(core::ptr::from_mut(&mut op).expose_provenance());

    // SAFETY: `SetTime` is a whole `xen_platform_op` without a pointer, borrowed until Xen is done.
    XenErrno::result(unsafe { hypercall(Number::PlatformOp, [handle, 0, 0, 0, 0]) })?;
    Ok(())
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_time)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn xen_refuses_timers_of_vcpus_that_do_not_exist() {
        if domain::is_xen() {
            let nobody = VcpuId::from_raw(u32::MAX - 1);

            assert_eq!(stop_periodic_timer(nobody), Err(XenErrno::ENOENT));
            assert_eq!(stop_singleshot_timer(nobody), Err(XenErrno::ENOENT));
            assert_eq!(
                set_singleshot_timer(nobody, SetSingleshotTimer::at(1)),
                Err(XenErrno::ENOENT)
            );
        }
    }
}
