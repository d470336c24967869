// SPDX-License-Identifier: GPL-2.0

//! Xen's time: nanoseconds since the host booted, timers against them, and what day it is.
//!
//! Xen gives each vCPU a record that turns its TSC into system time. From it
//! come the clocksource "xen" and `sched_clock()`; the wall clock is a date
//! for system time zero; timers are set to an absolute system time.
//!
//! System time belongs to the host: it is another one after a migration, and
//! it drifts from the kernel's own as NTP bends that.
//!
//! C ancestor: `time.c`.

pub mod event;
pub mod source;
pub mod vsyscall;
pub mod wallclock;

/// What Xen time in an HVM or PVH guest takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HvmFacts {
    /// Events can come to any CPU: by a vector, rather than by one interrupt line for all.
    pub has_vector_callback: bool,
    /// Xen's records hold for HVM guests (`XENFEAT_hvm_safe_pvclock`).
    pub has_safe_pvclock: bool,
    /// This vCPU has a record by now. The shared page has 32: a kernel that
    /// kexec started on a vCPU beyond has to register one first.
    pub has_record: bool,
}

/// Whether an HVM or PVH guest uses Xen time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HvmVerdict {
    /// It does.
    Use,
    /// Its timers would reach one CPU only.
    NoCallback,
    /// Its records are not to be trusted.
    UnsafePvclock,
    /// Ask again when there is a record.
    NotYet,
}

impl HvmFacts {
    /// Decides.
    pub const fn verdict(self) -> HvmVerdict {
        if !self.has_vector_callback {
            HvmVerdict::NoCallback
        } else if !self.has_safe_pvclock {
            HvmVerdict::UnsafePvclock
        } else if !self.has_record {
            HvmVerdict::NotYet
        } else {
            HvmVerdict::Use
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_time))]
mod tests {
    use super::*;

    const ALL: HvmFacts = HvmFacts {
        has_vector_callback: true,
        has_safe_pvclock: true,
        has_record: true,
    };

    #[test]
    fn xen_time_takes_all_of_it() {
        assert_eq!(ALL.verdict(), HvmVerdict::Use);
    }

    #[test]
    fn the_first_thing_that_lacks_decides() {
        let no_record = HvmFacts {
            has_record: false,
            ..ALL
        };
        let unsafe_clock = HvmFacts {
            has_safe_pvclock: false,
            ..no_record
        };
        let no_callback = HvmFacts {
            has_vector_callback: false,
            ..unsafe_clock
        };

        assert_eq!(no_record.verdict(), HvmVerdict::NotYet);
        assert_eq!(unsafe_clock.verdict(), HvmVerdict::UnsafePvclock);
        assert_eq!(no_callback.verdict(), HvmVerdict::NoCallback);
    }
}
