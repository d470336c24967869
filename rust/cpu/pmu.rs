// SPDX-License-Identifier: GPL-2.0

//! Performance counters that Xen lends to its domains.
//!
//! A domain counts with the machine's counters, which Xen saves and loads with
//! the vCPU. Each access to their MSRs is Xen's to execute. When one overflows,
//! Xen stops them all, writes their registers and a sample of what ran into a
//! page that it shares with the vCPU, and raises `VIRQ_XENPMU`. From then until
//! the handler hands the page back by `XENPMU_flush`, the registers are those in
//! the page: reading and writing them costs no trap, and [`interrupt`] says so
//! to those who come to an MSR meanwhile.
//!
//! The initial domain may be told of samples of other domains: perf asks
//! [`guest_state`] whose they are.
//!
//! Callers: every `rdmsr` and `wrmsr` of a PV guest, which end at one test of a
//! per-CPU flag except in that handler; the handler; perf, below it.
//!
//! C ancestor: `pmu.c`.

pub mod msr;

use crate::abi::{
    errno::XenErrno,
    pmu::Sample, //
};

/// Whose sample it is, as perf wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GuestState {
    /// This domain's.
    Host,
    /// Another domain's kernel's.
    Kernel,
    /// Another domain's user space's.
    User,
}

/// Returns whose a sample is, for the initial domain or another.
///
/// Of Xen itself the sample is this domain's: perf has no word for it.
pub fn guest_state(is_initial: bool, sample: &Sample) -> GuestState {
    if !is_initial || sample.domain.is_reserved() {
        GuestState::Host
    } else if sample.is_user() {
        GuestState::User
    } else {
        GuestState::Kernel
    }
}

/// A vCPU whose counters were stopped.
pub trait Stopped {
    /// Says whether the registers are those in the page.
    fn set_in_page(&mut self, in_page: bool);
    /// Has perf handle the overflow, and returns whether there was one.
    fn handle_overflow(&mut self) -> bool;
    /// Hands the page back to Xen, which loads the registers from it.
    fn flush(&mut self) -> Result<(), XenErrno>;
}

/// Handles an overflow, and returns whether there was one. Interrupts are off.
///
/// # Errors
///
/// What Xen refuses the page with: the counters stay stopped.
pub fn interrupt(vcpu: &mut impl Stopped) -> Result<bool, XenErrno> {
    vcpu.set_in_page(true);
    let handled = vcpu.handle_overflow();
    let flushed = vcpu.flush();

    vcpu.set_in_page(false);
    flushed.map(|()| handled)
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_pmu))]
mod tests {
    use super::*;
    use crate::abi::{
        id::DomId,
        pmu::PmuFlags, //
    };

    const PV_USER: PmuFlags = PmuFlags::from_raw(1 << 3 | 1 << 1);
    const PV_KERNEL: PmuFlags = PmuFlags::from_raw(1 << 3);

    const SAMPLE: Sample = Sample {
        domain: DomId::from_raw(7),
        flags: PV_KERNEL,
        ip: 0x1000,
        sp: 0x2000,
        cs: 0x33,
        cpl: 3,
    };

    #[test]
    fn only_the_initial_domain_has_guests() {
        assert_eq!(guest_state(true, &SAMPLE), GuestState::Kernel);
        assert_eq!(guest_state(false, &SAMPLE), GuestState::Host);
        let user = Sample {
            flags: PV_USER,
            ..SAMPLE
        };
        assert_eq!(guest_state(true, &user), GuestState::User);
    }

    #[test]
    fn itself_and_xen_are_no_guests() {
        for domain in [DomId::SELF, DomId::XEN, DomId::from_raw(u16::MAX)] {
            let sample = Sample { domain, ..SAMPLE };

            assert_eq!(guest_state(true, &sample), GuestState::Host);
        }
    }

    /// A vCPU, and what happened to it, a letter each; capitals while the
    /// registers are in the page.
    struct Fake {
        in_page: bool,
        overflow: bool,
        answer: Result<(), XenErrno>,
        done: [u8; 4],
        count: usize,
    }

    impl Fake {
        fn new(overflow: bool, answer: Result<(), XenErrno>) -> Self {
            Self {
                in_page: false,
                overflow,
                answer,
                done: *b"....",
                count: 0,
            }
        }

        fn note(&mut self, step: u8) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = if self.in_page {
                    step.to_ascii_uppercase()
                } else {
                    step
                };
            }
            self.count += 1;
        }
    }

    impl Stopped for Fake {
        fn set_in_page(&mut self, in_page: bool) {
            self.in_page = in_page;
        }

        fn handle_overflow(&mut self) -> bool {
            self.note(b'h');
            self.overflow
        }

        fn flush(&mut self) -> Result<(), XenErrno> {
            self.note(b'f');
            self.answer
        }
    }

    #[test]
    fn the_registers_are_in_the_page_until_xen_has_them() {
        for overflow in [false, true] {
            let mut vcpu = Fake::new(overflow, Ok(()));

            assert_eq!(interrupt(&mut vcpu), Ok(overflow));
            assert_eq!(&vcpu.done, b"HF..");
            assert!(!vcpu.in_page);
        }
    }

    #[test]
    fn a_refused_page_is_not_used_any_further() {
        let mut vcpu = Fake::new(true, Err(XenErrno::EINVAL));

        assert_eq!(interrupt(&mut vcpu), Err(XenErrno::EINVAL));
        assert!(!vcpu.in_page);
    }
}
