// SPDX-License-Identifier: GPL-2.0

//! Shutting the domain down, and staying on one physical CPU.
//!
//! C ancestor: `include/xen/interface/sched.h`.

use core::mem::size_of;

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

/// `SCHEDOP_shutdown`.
pub const SHUTDOWN: u32 = 2;
/// `SCHEDOP_pin_override`.
pub const PIN_OVERRIDE: u32 = 7;

/// Why a domain shuts down: what the toolstack does about it depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct Reason(u32);

impl Reason {
    /// The user wants it off.
    pub const POWEROFF: Self = Self(0);
    /// The user wants it started again.
    pub const REBOOT: Self = Self(1);
    /// It is to be saved.
    pub const SUSPEND: Self = Self(2);
    /// It cannot go on.
    pub const CRASH: Self = Self(3);
    /// Its watchdog barked.
    pub const WATCHDOG: Self = Self(4);
    /// It starts a new kernel in place.
    pub const SOFT_RESET: Self = Self(5);

    /// Takes any number, as Xen does.
    #[inline]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Shuts the domain down.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SchedShutdown {
    /// Why.
    pub reason: Reason,
}

/// Has the calling vCPU run on one physical CPU only.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SchedPinOverride {
    /// Which one; below zero, any again.
    pub pcpu: i32,
}

const _: () = {
    assert!(size_of::<SchedShutdown>() == 4);
    assert!(size_of::<SchedPinOverride>() == 4);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_sched))]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_those_of_the_interface() {
        assert_eq!(Reason::POWEROFF.get(), 0);
        assert_eq!(Reason::REBOOT.get(), 1);
        assert_eq!(Reason::SUSPEND.get(), 2);
        assert_eq!(Reason::CRASH.get(), 3);
        assert_eq!(Reason::WATCHDOG.get(), 4);
        assert_eq!(Reason::SOFT_RESET, Reason::from_raw(5));
    }
}
