// SPDX-License-Identifier: GPL-2.0

//! What a PV guest's CPU needs bound before it comes on line.
//!
//! Each step is undone if a later one fails: the hotplug core does not call
//! [`dead`] for a CPU that could not be prepared.
//!
//! Callers: CPU hotplug, one CPU at a time; may sleep.
//!
//! C ancestor: `enlighten_pv.c:1564`.

use crate::guest::hotplug::{
    Events,
    Failure, //
};

/// A CPU that is off line.
pub trait Cpu: Events {
    /// Returns whether Xen has a vCPU for it.
    fn exists(&self) -> bool;
    /// Binds what PV guests have besides; if that fails, nothing is bound.
    fn bind_pv(&mut self) -> Result<(), Self::Error>;
    /// Unbinds that, if it is bound.
    fn unbind_pv(&mut self);
}

/// Prepares a CPU for coming on line. May sleep.
///
/// # Errors
///
/// The step that failed. Nothing is bound then.
pub fn prepare<C: Cpu>(cpu: &mut C) -> Result<(), Failure<C::Error>> {
    if !cpu.exists() {
        return Err(Failure::Missing);
    }
    cpu.bind_timer().map_err(Failure::Timer)?;
    cpu.bind_ipis().map_err(|error| {
        cpu.unbind_timer();
        Failure::Ipis(error)
    })?;
    cpu.bind_pv().map_err(|error| {
        cpu.unbind_ipis();
        cpu.unbind_timer();
        Failure::Pv(error)
    })
}

/// Takes away what [`prepare`] bound, after a CPU went off line. May sleep.
pub fn dead(cpu: &mut impl Cpu) {
    cpu.unbind_pv();
    cpu.unbind_ipis();
    cpu.unbind_timer();
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_hotplug))]
mod tests {
    use super::*;

    /// A CPU that counts what it has bound.
    #[derive(Default)]
    struct Fake {
        missing: bool,
        fails: u8,
        bound: [bool; 3],
        misuse: bool,
    }

    impl Fake {
        /// One of which step `fails` fails.
        fn failing(fails: u8) -> Self {
            Self {
                fails,
                ..Self::default()
            }
        }

        fn bind(&mut self, step: u8) -> Result<(), u8> {
            if self.fails == step {
                return Err(step);
            }
            match self.bound.get_mut(usize::from(step) - 1) {
                Some(bound) if !*bound => *bound = true,
                _ => self.misuse = true,
            }
            Ok(())
        }

        fn unbind(&mut self, step: usize) {
            match self.bound.get_mut(step - 1) {
                Some(bound) => *bound = false,
                None => self.misuse = true,
            }
        }
    }

    impl Events for Fake {
        type Error = u8;

        fn bind_timer(&mut self) -> Result<(), u8> {
            self.bind(1)
        }

        fn unbind_timer(&mut self) {
            self.unbind(1);
        }

        fn bind_ipis(&mut self) -> Result<(), u8> {
            self.bind(2)
        }

        fn unbind_ipis(&mut self) {
            self.unbind(2);
        }
    }

    impl Cpu for Fake {
        fn exists(&self) -> bool {
            !self.missing
        }

        fn bind_pv(&mut self) -> Result<(), u8> {
            self.bind(3)
        }

        fn unbind_pv(&mut self) {
            self.unbind(3);
        }
    }

    #[test]
    fn a_cpu_gets_everything_and_loses_it() {
        let mut cpu = Fake::default();

        for _ in 0..2 {
            assert_eq!(prepare(&mut cpu), Ok(()));
            assert_eq!(cpu.bound, [true; 3]);
            dead(&mut cpu);
            assert_eq!(cpu.bound, [false; 3]);
        }
        assert!(!cpu.misuse);
    }

    #[test]
    fn whatever_fails_leaves_nothing_bound() {
        for step in 1..=3 {
            let mut cpu = Fake::failing(step);
            let failure = prepare(&mut cpu);

            assert_eq!(cpu.bound, [false; 3]);
            let expected = match step {
                1 => Failure::Timer(1),
                2 => Failure::Ipis(2),
                _ => Failure::Pv(3),
            };

            assert_eq!(failure, Err(expected));
            cpu.fails = 0;
            assert_eq!(prepare(&mut cpu), Ok(()));
            assert!(!cpu.misuse);
        }
    }

    #[test]
    fn a_cpu_without_vcpu_does_not_come() {
        let mut cpu = Fake {
            missing: true,
            ..Fake::default()
        };

        assert_eq!(prepare(&mut cpu), Err(Failure::Missing));
        assert_eq!(cpu.bound, [false; 3]);
    }
}
