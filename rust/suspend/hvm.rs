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

/// What has to be done to wake up.
pub trait Guest {
    /// What setting up delivery can fail with.
    type Error;

    /// Maps the shared page.
    fn init_shared_info(&mut self);
    /// Registers the vCPUs' records.
    fn restore_vcpus(&mut self);
    /// Tells Xen how events are to arrive: through one vector for the domain,
    /// or one for each CPU that is online.
    fn set_event_delivery(&mut self) -> Result<(), Self::Error>;
    /// Unplugs emulated devices.
    fn unplug(&mut self);
}

/// Brings a guest back to life.
///
/// # Errors
///
/// What setting up delivery fails with: a CPU that can get no event is lost,
/// and so is the guest.
pub fn resume<G: Guest>(guest: &mut G, outcome: Outcome) -> Result<(), G::Error> {
    if outcome == Outcome::Resumed {
        guest.init_shared_info();
        guest.restore_vcpus();
    }
    guest.set_event_delivery()?;
    guest.unplug();
    Ok(())
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_suspend_hvm))]
mod tests {
    use super::*;

    /// A guest that writes down what is done to it, a letter each.
    struct Fake {
        delivery: Result<(), i32>,
        done: [u8; 4],
        count: usize,
    }

    impl Fake {
        fn new(delivery: Result<(), i32>) -> Self {
            Self {
                delivery,
                done: *b"....",
                count: 0,
            }
        }

        fn note(&mut self, step: u8) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
        }
    }

    impl Guest for Fake {
        type Error = i32;

        fn init_shared_info(&mut self) {
            self.note(b's');
        }

        fn restore_vcpus(&mut self) {
            self.note(b'v');
        }

        fn set_event_delivery(&mut self) -> Result<(), i32> {
            self.note(b'd');
            self.delivery
        }

        fn unplug(&mut self) {
            self.note(b'u');
        }
    }

    #[test]
    fn a_new_domain_is_told_everything_in_order() {
        let mut guest = Fake::new(Ok(()));

        assert_eq!(resume(&mut guest, Outcome::Resumed), Ok(()));
        assert_eq!(&guest.done, b"svdu");
        assert_eq!(guest.count, 4);
    }

    #[test]
    fn after_a_cancelled_suspend_the_old_places_stay() {
        let mut guest = Fake::new(Ok(()));

        assert_eq!(resume(&mut guest, Outcome::Cancelled), Ok(()));
        assert_eq!(&guest.done, b"du..");
    }

    #[test]
    fn without_events_nothing_goes_on() {
        let mut guest = Fake::new(Err(-22));

        assert_eq!(resume(&mut guest, Outcome::Resumed), Err(-22));
        assert_eq!(&guest.done, b"svd.");
    }
}
