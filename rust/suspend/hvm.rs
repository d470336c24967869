// SPDX-License-Identifier: GPL-2.0

//! Waking up as an HVM or PVH guest.
//!
//! The domain that wakes is a new one to Xen: it has forgotten where the
//! shared page and the vCPUs' records are, and how events are to arrive, and
//! its device model has all emulated devices again. Where the suspend was
//! cancelled the domain is the old one, but delivery of events was torn down
//! on the way and is set up all the same.
//!
//! Runs on one CPU inside `stop_machine()`, interrupts off: no allocation.
//!
//! C ancestor: `suspend_hvm.c`.

/// Whether the domain went to sleep at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It slept, and this is a new domain.
    Resumed,
    /// It did not.
    Cancelled,
}

/// How events arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vectors {
    /// Through one vector for the domain, or an interrupt line.
    OfDomain,
    /// Through a vector that each CPU names.
    OfEachCpu,
}

/// What has to be done to wake up.
pub trait Guest {
    /// A CPU.
    type Cpu;
    /// What setting up delivery can fail with.
    type Error;

    /// Maps the shared page.
    fn init_shared_info(&mut self);
    /// Registers the vCPUs' records.
    fn restore_vcpus(&mut self);
    /// Tells Xen the domain's vector, if it has one.
    fn set_callback_vector(&mut self);
    /// Tells Xen a CPU's vector.
    fn set_upcall_vector(&mut self, cpu: Self::Cpu) -> Result<(), Self::Error>;
    /// Unplugs emulated devices.
    fn unplug(&mut self);
}

/// Brings a guest back to life, whose CPUs that are on line are `online`.
///
/// # Errors
///
/// What setting up delivery fails with: a CPU that can get no event is lost,
/// and so is the guest.
pub fn resume<G: Guest>(
    guest: &mut G,
    outcome: Outcome,
    vectors: Vectors,
    mut online: impl Iterator<Item = G::Cpu>,
) -> Result<(), G::Error> {
    if outcome == Outcome::Resumed {
        guest.init_shared_info();
        guest.restore_vcpus();
    }
    match vectors {
        Vectors::OfDomain => guest.set_callback_vector(),
        Vectors::OfEachCpu => online.try_for_each(|cpu| guest.set_upcall_vector(cpu))?,
    }
    guest.unplug();
    Ok(())
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_suspend_hvm))]
mod tests {
    use super::*;

    /// A guest that writes down what is done to it, a letter each, or a CPU's number.
    #[derive(Default)]
    struct Fake {
        done: [u8; 6],
        count: usize,
        fails_at: Option<u8>,
    }

    impl Fake {
        fn note(&mut self, step: u8) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
        }

        fn did(&self, steps: &[u8]) -> bool {
            self.done.get(..self.count) == Some(steps)
        }

        fn resume(&mut self, outcome: Outcome, vectors: Vectors) -> Result<(), i32> {
            resume(self, outcome, vectors, [b'0', b'2', b'3'].into_iter())
        }
    }

    impl Guest for Fake {
        type Cpu = u8;
        type Error = i32;

        fn init_shared_info(&mut self) {
            self.note(b's');
        }

        fn restore_vcpus(&mut self) {
            self.note(b'v');
        }

        fn set_callback_vector(&mut self) {
            self.note(b'd');
        }

        fn set_upcall_vector(&mut self, cpu: u8) -> Result<(), i32> {
            self.note(cpu);
            if self.fails_at == Some(cpu) {
                return Err(-22);
            }
            Ok(())
        }

        fn unplug(&mut self) {
            self.note(b'u');
        }
    }

    #[test]
    fn a_new_domain_is_told_everything_in_order() {
        let mut guest = Fake::default();

        assert_eq!(guest.resume(Outcome::Resumed, Vectors::OfDomain), Ok(()));
        assert!(guest.did(b"svdu"));
    }

    #[test]
    fn each_cpu_that_is_on_line_names_its_vector() {
        let mut guest = Fake::default();

        assert_eq!(guest.resume(Outcome::Resumed, Vectors::OfEachCpu), Ok(()));
        assert!(guest.did(b"sv023u"));
    }

    #[test]
    fn after_a_cancelled_suspend_the_old_places_stay() {
        for (vectors, steps) in [
            (Vectors::OfDomain, &b"du"[..]),
            (Vectors::OfEachCpu, b"023u"),
        ] {
            let mut guest = Fake::default();

            assert_eq!(guest.resume(Outcome::Cancelled, vectors), Ok(()));
            assert!(guest.did(steps));
        }
    }

    #[test]
    fn without_events_on_one_cpu_nothing_goes_on() {
        let mut guest = Fake {
            fails_at: Some(b'2'),
            ..Fake::default()
        };

        assert_eq!(guest.resume(Outcome::Resumed, Vectors::OfEachCpu), Err(-22));
        assert!(guest.did(b"sv02"));
    }
}
