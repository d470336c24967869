// SPDX-License-Identifier: GPL-2.0

//! The end of a domain: what Xen is told, and when.
//!
//! Xen stops the domain and tells the toolstack why; that one destroys it,
//! starts it anew, or keeps its memory to look at, as its configuration says.
//!
//! A panic is news for the toolstack unless a crash kernel is loaded, which
//! takes over from inside. Xen is told at the very end, when the kernel would
//! restart the machine, so that all of the message gets out; `xen_legacy_crash`
//! asks for the old way, at once.
//!
//! C ancestor: `enlighten.c:316`.

use crate::abi::sched::Reason;

/// What decides about a panic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PanicFacts {
    /// A kernel to take over is loaded.
    pub crash_kernel: bool,
    /// The user wants Xen told at once: `xen_legacy_crash`.
    pub legacy: bool,
    /// Seconds to wait before the restart; 0 for ever, below 0 none: `panic=`.
    pub timeout: i32,
}

/// What a panic leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnPanic {
    /// Nothing: the other kernel takes over.
    Leave,
    /// Xen is told now.
    CrashNow,
    /// Xen is told instead of a restart, after so many seconds.
    CrashLater {
        /// The timeout from now on.
        timeout: i32,
    },
}

impl PanicFacts {
    /// Decides.
    ///
    /// To wait for ever makes no sense in a domain: nobody would see that it is
    /// dead, and what becomes of it is for its configuration to say.
    pub const fn decide(self) -> OnPanic {
        if self.crash_kernel {
            return OnPanic::Leave;
        }
        if self.legacy {
            return OnPanic::CrashNow;
        }
        OnPanic::CrashLater {
            timeout: if self.timeout == 0 { -1 } else { self.timeout },
        }
    }
}

/// Returns whether the performance counters' pages are to be freed first.
///
/// Not in a crash: it may have come in an NMI or amid the allocator, whose
/// locks nobody would ever release. Xen drops them along with the domain.
pub fn frees_counters(reason: Reason) -> bool {
    reason != Reason::CRASH
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_guest_shutdown))]
mod tests {
    use super::*;

    const PLAIN: PanicFacts = PanicFacts {
        crash_kernel: false,
        legacy: false,
        timeout: 0,
    };

    fn later(timeout: i32) -> OnPanic {
        OnPanic::CrashLater { timeout }
    }

    #[test]
    fn a_domain_does_not_wait_for_ever() {
        assert_eq!(PLAIN.decide(), later(-1));
    }

    #[test]
    fn a_timeout_is_kept() {
        for timeout in [1, 60, i32::MAX, -1, i32::MIN] {
            let facts = PanicFacts { timeout, ..PLAIN };

            assert_eq!(facts.decide(), later(timeout));
        }
    }

    #[test]
    fn the_old_way_is_at_once() {
        let facts = PanicFacts {
            legacy: true,
            ..PLAIN
        };

        assert_eq!(facts.decide(), OnPanic::CrashNow);
    }

    #[test]
    fn a_crash_kernel_comes_first() {
        for legacy in [false, true] {
            let facts = PanicFacts {
                crash_kernel: true,
                legacy,
                ..PLAIN
            };

            assert_eq!(facts.decide(), OnPanic::Leave);
        }
    }

    #[test]
    fn a_crash_frees_nothing() {
        assert!(!frees_counters(Reason::CRASH));
        for reason in [Reason::POWEROFF, Reason::REBOOT, Reason::SOFT_RESET] {
            assert!(frees_counters(reason));
        }
    }
}
