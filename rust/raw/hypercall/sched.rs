// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about where and whether the domain runs.

use super::command;
use crate::abi::{
    errno::XenErrno,
    hypercall::Number,
    sched::{
        Reason,
        SchedPinOverride,
        SchedShutdown,
        PIN_OVERRIDE,
        SHUTDOWN, //
    }, //
};

/// `SCHEDOP_shutdown`: stops the domain, all of its vCPUs.
///
/// Returns only if the toolstack lets the same domain go on.
///
/// # Errors
///
/// None that is documented: Xen takes any reason.
pub(crate) fn shutdown(reason: Reason) -> Result<(), XenErrno> {
    let mut argument = SchedShutdown { reason };

    // SAFETY: `SchedShutdown` is this command's structure and holds no pointer.
    unsafe { command(Number::SchedOp, SHUTDOWN, &mut argument) }
}

/// `SCHEDOP_pin_override`: has this vCPU run on one physical CPU only, or on any again.
///
/// # Errors
///
/// `ENOSYS` from a Xen that cannot, `EPERM` for any domain but the initial one, `EINVAL` and
/// `EBUSY` for a CPU that is not to be had.
pub(crate) fn pin_override(mut pin: SchedPinOverride) -> Result<(), XenErrno> {
    // SAFETY: `SchedPinOverride` is this command's structure and holds no pointer.
    unsafe { command(Number::SchedOp, PIN_OVERRIDE, &mut pin) }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_sched)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn only_the_initial_domain_may_pin() {
        if domain::is_xen() && !domain::is_initial() {
            let answer = pin_override(SchedPinOverride { pcpu: 0 });

            assert_eq!(answer, Err(XenErrno::EPERM));
        }
    }
}
