// SPDX-License-Identifier: GPL-2.0

//! Running on one physical CPU for a while, as some firmware calls want.
//!
//! Only dom0 may ask for it. Refusals are of two kinds: those about the CPU,
//! after which another one may do, and those about the request, which will
//! meet all others too, so that no more are made.
//!
//! C ancestor: `enlighten.c:384`.

use crate::abi::errno::XenErrno;

/// Why a vCPU cannot be pinned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// This Xen cannot do it.
    Unsupported,
    /// This domain must not do it.
    Forbidden,
    /// The CPU is not there, or not this domain's.
    Unavailable,
    /// Something new.
    Unexpected(XenErrno),
}

impl Refusal {
    /// Tells what Xen means.
    pub fn of(errno: XenErrno) -> Self {
        match errno {
            XenErrno::ENOSYS => Self::Unsupported,
            XenErrno::EPERM => Self::Forbidden,
            XenErrno::EINVAL | XenErrno::EBUSY => Self::Unavailable,
            errno => Self::Unexpected(errno),
        }
    }

    /// Returns whether asking again is of no use, whatever the CPU.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Unavailable)
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_guest_pin))]
mod tests {
    use super::*;

    #[test]
    fn each_errno_has_its_meaning() {
        assert_eq!(Refusal::of(XenErrno::ENOSYS), Refusal::Unsupported);
        assert_eq!(Refusal::of(XenErrno::EPERM), Refusal::Forbidden);
        assert_eq!(Refusal::of(XenErrno::EINVAL), Refusal::Unavailable);
        assert_eq!(Refusal::of(XenErrno::EBUSY), Refusal::Unavailable);
        assert_eq!(
            Refusal::of(XenErrno::ENOMEM),
            Refusal::Unexpected(XenErrno::ENOMEM)
        );
    }

    #[test]
    fn only_a_cpu_that_is_not_there_leaves_hope() {
        assert!(!Refusal::Unavailable.is_final());
        assert!(Refusal::Unsupported.is_final());
        assert!(Refusal::Forbidden.is_final());
        assert!(Refusal::Unexpected(XenErrno::ENOMEM).is_final());
    }
}
