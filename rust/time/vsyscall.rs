// SPDX-License-Identifier: GPL-2.0

//! The clock that the vDSO reads: a copy of vCPU 0's record in user space.
//!
//! Any CPU reads it, so it serves only where the host's TSCs are in step: the
//! record's stable bit must be set, here and in the primary record before.
//! Where it gets lost later, in a migration, the vDSO sees that in the copy
//! and makes a system call; so does it while the copy is empty. That is why
//! nothing is disabled after a resume that fails.
//!
//! The page is Xen's to write from registration to deregistration: it can be
//! freed only where Xen does not hold it.
//!
//! Callers: boot; suspend and resume, in `stop_machine()` with interrupts off.
//!
//! C ancestor: `time.c:421`.

use crate::{
    abi::errno::XenErrno,
    time::source::{
        Record,
        Snapshot, //
    },
};

/// The page with the copy.
pub trait Page: Record {
    /// Has Xen write the copy into the page.
    fn register(&self) -> Result<(), XenErrno>;
    /// Has Xen write it nowhere.
    fn unregister(&self) -> Result<(), XenErrno>;
    /// Empties the copy.
    fn clear(&self);
}

/// Why the vDSO gets no clock, and who has the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Xen does not take the page: it is ours.
    ByXen(XenErrno),
    /// The host's TSCs are not in step; the page is ours again.
    Unstable,
    /// Neither are they, nor does Xen give the page back.
    UnstableAndKept,
}

/// Starts the copy at boot.
///
/// # Errors
///
/// All of [`Refused`].
pub fn start(page: &impl Page) -> Result<(), Refused> {
    page.register().map_err(Refused::ByXen)?;

    // The primary record has the bit already; this one is from the same hand.
    if Snapshot::read(page).clock.is_stable() {
        return Ok(());
    }
    Err(match page.unregister() {
        Ok(()) => Refused::Unstable,
        Err(_) => Refused::UnstableAndKept,
    })
}

/// Stops the copy before the guest leaves this host.
///
/// # Errors
///
/// Xen's refusals: the copy stays as it is, for Xen goes on writing it.
pub fn suspend(page: &impl Page) -> Result<(), XenErrno> {
    page.unregister()?;
    page.clear();
    Ok(())
}

/// Starts the copy again, on another host or after a suspend that did not happen.
///
/// # Errors
///
/// Xen's refusals: the copy stays empty.
pub fn resume(page: &impl Page) -> Result<(), XenErrno> {
    page.register()
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_time_vsyscall))]
mod tests {
    use super::*;
    use crate::{
        abi::shared_info::VcpuTimeInfo,
        time::source::Clock, //
    };
    use core::cell::Cell;

    /// A page, and a Xen that writes `flags` into it once it is registered.
    struct Fake {
        flags: u8,
        register: Result<(), XenErrno>,
        unregister: Result<(), XenErrno>,
        held: Cell<bool>,
        cleared: Cell<bool>,
    }

    impl Fake {
        fn new(flags: u8) -> Self {
            Self {
                flags,
                register: Ok(()),
                unregister: Ok(()),
                held: Cell::new(false),
                cleared: Cell::new(false),
            }
        }
    }

    impl Record for Fake {
        fn version(&self) -> u32 {
            2
        }

        fn clock(&self) -> Clock {
            Clock {
                tsc_timestamp: 0,
                system_time: 0,
                tsc_to_system_mul: 0,
                tsc_shift: 0,
                flags: if self.held.get() { self.flags } else { 0 },
            }
        }

        fn tsc(&self) -> u64 {
            0
        }

        fn acknowledge_stop(&self) {}
    }

    impl Page for Fake {
        fn register(&self) -> Result<(), XenErrno> {
            self.held.set(self.register.is_ok());
            self.register
        }

        fn unregister(&self) -> Result<(), XenErrno> {
            if self.unregister.is_ok() {
                self.held.set(false);
            }
            self.unregister
        }

        fn clear(&self) {
            self.cleared.set(true);
        }
    }

    #[test]
    fn a_stable_host_gives_the_vdso_a_clock() {
        let page = Fake::new(VcpuTimeInfo::TSC_STABLE);

        assert_eq!(start(&page), Ok(()));
        assert!(page.held.get());
    }

    #[test]
    fn a_host_without_the_call_gives_none() {
        for errno in [XenErrno::ENOSYS, XenErrno::EFAULT] {
            let page = Fake {
                register: Err(errno),
                ..Fake::new(VcpuTimeInfo::TSC_STABLE)
            };

            assert_eq!(start(&page), Err(Refused::ByXen(errno)));
            assert!(!page.held.get());
        }
    }

    #[test]
    fn an_unstable_host_gives_the_page_back() {
        let page = Fake::new(!VcpuTimeInfo::TSC_STABLE);

        assert_eq!(start(&page), Err(Refused::Unstable));
        assert!(!page.held.get());
    }

    #[test]
    fn a_page_that_xen_keeps_is_not_ours() {
        let page = Fake {
            unregister: Err(XenErrno::EINVAL),
            ..Fake::new(0)
        };

        assert_eq!(start(&page), Err(Refused::UnstableAndKept));
        assert!(page.held.get());
    }

    #[test]
    fn a_suspended_guest_has_an_empty_copy() {
        let page = Fake::new(VcpuTimeInfo::TSC_STABLE);

        assert_eq!(start(&page), Ok(()));
        assert_eq!(suspend(&page), Ok(()));
        assert!(!page.held.get());
        assert!(page.cleared.get());
        assert_eq!(resume(&page), Ok(()));
        assert!(page.held.get());
    }

    #[test]
    fn a_copy_that_xen_writes_is_not_cleared() {
        let page = Fake {
            unregister: Err(XenErrno::EINVAL),
            ..Fake::new(VcpuTimeInfo::TSC_STABLE)
        };

        assert_eq!(start(&page), Ok(()));
        assert_eq!(suspend(&page), Err(XenErrno::EINVAL));
        assert!(!page.cleared.get());
    }

    #[test]
    fn a_resume_may_fail() {
        let page = Fake {
            register: Err(XenErrno::ENOSYS),
            ..Fake::new(VcpuTimeInfo::TSC_STABLE)
        };

        assert_eq!(resume(&page), Err(XenErrno::ENOSYS));
        assert!(!page.held.get());
    }
}
