// SPDX-License-Identifier: GPL-2.0

//! CPUs of an HVM or PVH guest that come and go.
//!
//! A CPU comes as without Xen, by INIT and SIPI. Before that, another CPU tells
//! Xen of it and binds its events:
//!
//!   prepare              its number, its record, its upcall vector, then
//!                        timer and IPIs
//!   (it comes on line)   the event that kicks it from waiting for a lock
//!   dead                 IPIs and timer are unbound
//!
//! Number, record and vector are for good: Xen has no way to take them back,
//! and takes them again, or is not told again, the next time. What is bound
//! would be bound twice. So a CPU that cannot be prepared has nothing bound.
//!
//! The event for locks is unbound when the CPU is known to be dead, which is
//! the business of `smp_ops`. One that does not say in time that it is dead
//! may still wait for a lock: it keeps the event until it comes again.
//!
//! Callers: CPU hotplug, one CPU at a time; may sleep.
//!
//! C ancestor: `enlighten_hvm.c:151`.

use core::mem::ManuallyDrop;

use crate::guest::hotplug::{
    Events,
    Failure, //
};

/// How events come to CPUs, as found out at boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// By a vector, to any CPU; else by an interrupt line, to one.
    pub vector_callback: bool,
    /// By a vector that each vCPU has to name.
    pub percpu_upcall: bool,
    /// Timers of Xen's may be used (`XENFEAT_hvm_safe_pvclock`).
    pub safe_pvclock: bool,
}

impl Delivery {
    /// Returns whether CPUs have Xen's timers.
    const fn has_timer(self) -> bool {
        self.vector_callback && self.safe_pvclock
    }
}

/// A CPU that is off line.
pub trait Cpu: Events {
    /// Unbinds the event for locks, if it is bound.
    fn unbind_lock(&mut self);
    /// Finds out which vCPU it is.
    fn set_vcpu_id(&mut self);
    /// Registers its record, unless that was done.
    fn register_record(&mut self);
    /// Tells Xen its vector for events.
    fn set_upcall_vector(&mut self) -> Result<(), Self::Error>;
}

/// A CPU with a timer, which it loses unless it is kept.
struct WithTimer<'a, C: Cpu>(&'a mut C);

impl<'a, C: Cpu> WithTimer<'a, C> {
    /// Binds the timer.
    fn bind(cpu: &'a mut C) -> Result<Self, C::Error> {
        cpu.bind_timer()?;
        Ok(Self(cpu))
    }

    /// Keeps the timer.
    fn keep(self) {
        let _kept = ManuallyDrop::new(self);
    }
}

impl<C: Cpu> Drop for WithTimer<'_, C> {
    fn drop(&mut self) {
        self.0.unbind_timer();
    }
}

/// Prepares a CPU for coming on line. May sleep.
///
/// # Errors
///
/// The step that failed. Nothing is bound then.
pub fn prepare<C: Cpu>(cpu: &mut C, delivery: Delivery) -> Result<(), Failure<C::Error>> {
    cpu.unbind_lock();
    cpu.set_vcpu_id();
    cpu.register_record();

    if !delivery.vector_callback {
        return Ok(());
    }
    if delivery.percpu_upcall {
        cpu.set_upcall_vector().map_err(Failure::UpcallVector)?;
    }
    if !delivery.has_timer() {
        return cpu.bind_ipis().map_err(Failure::Ipis);
    }
    let bound = WithTimer::bind(cpu).map_err(Failure::Timer)?;

    bound.0.bind_ipis().map_err(Failure::Ipis)?;
    bound.keep();
    Ok(())
}

/// Takes away what [`prepare`] bound, after a CPU went off line. May sleep.
pub fn dead(cpu: &mut impl Cpu, delivery: Delivery) {
    cpu.unbind_ipis();
    if delivery.has_timer() {
        cpu.unbind_timer();
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_hvm_cpu))]
mod tests {
    use super::*;

    /// All that Xen offers.
    const ALL: Delivery = Delivery {
        vector_callback: true,
        percpu_upcall: true,
        safe_pvclock: true,
    };

    /// A CPU that writes down what is done to it, a letter each, and fails at one of them.
    #[derive(Default)]
    struct Fake {
        fails: Option<u8>,
        done: [u8; 12],
        count: usize,
        timer: bool,
        ipis: bool,
    }

    impl Fake {
        fn failing(step: u8) -> Self {
            Self {
                fails: Some(step),
                ..Self::default()
            }
        }

        fn note(&mut self, step: u8) -> Result<(), i32> {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
            match self.fails {
                Some(fails) if fails == step => Err(-28),
                _ => Ok(()),
            }
        }

        fn did(&self, steps: &[u8]) -> bool {
            self.done.get(..self.count) == Some(steps)
        }

        fn has_nothing_bound(&self) -> bool {
            !self.timer && !self.ipis
        }
    }

    impl Cpu for Fake {
        fn unbind_lock(&mut self) {
            let _ = self.note(b'l');
        }

        fn set_vcpu_id(&mut self) {
            let _ = self.note(b'n');
        }

        fn register_record(&mut self) {
            let _ = self.note(b'r');
        }

        fn set_upcall_vector(&mut self) -> Result<(), i32> {
            self.note(b'v')
        }
    }

    impl Events for Fake {
        type Error = i32;

        fn bind_timer(&mut self) -> Result<(), i32> {
            self.note(b't')?;
            self.timer = true;
            Ok(())
        }

        fn unbind_timer(&mut self) {
            let _ = self.note(b'T');
            self.timer = false;
        }

        fn bind_ipis(&mut self) -> Result<(), i32> {
            self.note(b'i')?;
            self.ipis = true;
            Ok(())
        }

        fn unbind_ipis(&mut self) {
            let _ = self.note(b'I');
            self.ipis = false;
        }
    }

    #[test]
    fn a_cpu_is_numbered_before_xen_hears_of_it() {
        let mut cpu = Fake::default();

        assert_eq!(prepare(&mut cpu, ALL), Ok(()));
        assert!(cpu.did(b"lnrvti"));
        assert!(cpu.timer && cpu.ipis);
    }

    #[test]
    fn what_xen_does_not_offer_is_left_out() {
        let cases: [(bool, bool, bool, &[u8]); 5] = [
            (false, false, false, b"lnr"),
            (false, true, true, b"lnr"),
            (true, false, false, b"lnri"),
            (true, false, true, b"lnrti"),
            (true, true, false, b"lnrvi"),
        ];

        for (vector_callback, percpu_upcall, safe_pvclock, steps) in cases {
            let mut cpu = Fake::default();
            let delivery = Delivery {
                vector_callback,
                percpu_upcall,
                safe_pvclock,
            };

            assert_eq!(prepare(&mut cpu, delivery), Ok(()));
            assert!(cpu.did(steps));
        }
    }

    #[test]
    fn each_failure_is_told_and_leaves_nothing_bound() {
        let cases: [(u8, Failure<i32>, &[u8]); 3] = [
            (b'v', Failure::UpcallVector(-28), b"lnrv"),
            (b't', Failure::Timer(-28), b"lnrvt"),
            (b'i', Failure::Ipis(-28), b"lnrvtiT"),
        ];

        for (step, failure, steps) in cases {
            let mut cpu = Fake::failing(step);

            assert_eq!(prepare(&mut cpu, ALL), Err(failure));
            assert!(cpu.did(steps));
            assert!(cpu.has_nothing_bound());
        }
    }

    #[test]
    fn without_a_timer_there_is_none_to_unbind() {
        let mut cpu = Fake::failing(b'i');
        let delivery = Delivery {
            safe_pvclock: false,
            ..ALL
        };

        assert_eq!(prepare(&mut cpu, delivery), Err(Failure::Ipis(-28)));
        assert!(cpu.did(b"lnrvi"));
        assert!(cpu.has_nothing_bound());
    }

    #[test]
    fn a_cpu_that_failed_can_come_later() {
        let mut cpu = Fake::failing(b'i');

        assert!(prepare(&mut cpu, ALL).is_err());
        cpu.fails = None;
        assert_eq!(prepare(&mut cpu, ALL), Ok(()));
        assert!(cpu.timer && cpu.ipis);
    }

    #[test]
    fn a_dead_cpu_has_nothing_bound() {
        let mut cpu = Fake::default();

        assert_eq!(prepare(&mut cpu, ALL), Ok(()));
        dead(&mut cpu, ALL);
        assert!(cpu.did(b"lnrvtiIT"));
        assert!(cpu.has_nothing_bound());
    }

    #[test]
    fn a_cpu_may_be_dead_twice() {
        let mut cpu = Fake::default();

        dead(&mut cpu, ALL);
        dead(&mut cpu, ALL);
        assert!(cpu.has_nothing_bound());
    }
}
