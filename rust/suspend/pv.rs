// SPDX-License-Identifier: GPL-2.0

//! Going to sleep and waking up as a PV guest.
//!
//! A PV guest's memory is full of frame numbers, and wakes in other frames. The
//! tools that save and restore it know page tables, if they are pinned, and the
//! p2m list; so all tables are pinned on the way down. They do not know of the
//! frames of the xenstore and the console rings in `start_info`: those are
//! named by page while the domain sleeps. The shared page is Xen's and not part
//! of what is saved: its mapping goes, and a dummy takes its place.
//!
//! What wakes is a new domain with the vCPUs that were on line. Where the
//! suspend was cancelled it is the old one, and only what was done here is
//! undone.
//!
//! Runs on one CPU inside `stop_machine()`, interrupts off: no allocation.
//!
//! C ancestor: `suspend_pv.c`.

use super::hvm::Outcome;

/// What has to be done on the way.
pub trait Guest {
    /// What Xen refuses with.
    type Error;

    /// Pins all page tables.
    fn pin_tables(&mut self);
    /// Lets those go that were not pinned before.
    fn unpin_tables(&mut self);
    /// Names the rings by page.
    fn name_rings_by_page(&mut self);
    /// Names the rings by frame.
    fn name_rings_by_frame(&mut self);
    /// Puts the dummy in place of the shared page, and unmaps that.
    fn leave_shared_info(&mut self) -> Result<(), Self::Error>;
    /// Maps the shared page, wherever it is now.
    fn enter_shared_info(&mut self);
    /// Writes the frames of the p2m list into the tree for the tools.
    fn build_p2m_tree(&mut self);
    /// Tells the tools where the tree is, through the shared page.
    fn publish_p2m_tree(&mut self);
    /// Notes that Xen knows the vCPUs that are on line, and no others.
    fn forget_offline_vcpus(&mut self);
    /// Registers the vCPUs' records.
    fn restore_vcpus(&mut self);
}

/// Prepares for sleep.
///
/// # Errors
///
/// Xen's refusal to unmap the shared page, which would be saved as it is and
/// keep the domain from being restored.
pub fn suspend<G: Guest>(guest: &mut G) -> Result<(), G::Error> {
    guest.pin_tables();
    guest.name_rings_by_page();
    guest.leave_shared_info()
}

/// Brings the guest back to life.
pub fn resume(guest: &mut impl Guest, outcome: Outcome) {
    guest.build_p2m_tree();
    guest.enter_shared_info();
    guest.publish_p2m_tree();
    match outcome {
        Outcome::Cancelled => guest.name_rings_by_frame(),
        Outcome::Resumed => {
            guest.forget_offline_vcpus();
            guest.restore_vcpus();
        }
    }
    guest.unpin_tables();
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_suspend_pv))]
mod tests {
    use super::*;

    /// A guest that writes down what is done to it, a letter each, and keeps
    /// an eye on what must be so when it is done.
    struct Fake {
        unmapping: Result<(), i32>,
        pinned: bool,
        by_page: bool,
        has_shared_info: bool,
        misuse: bool,
        done: [u8; 10],
        count: usize,
    }

    impl Fake {
        fn new(unmapping: Result<(), i32>) -> Self {
            Self {
                unmapping,
                pinned: false,
                by_page: false,
                has_shared_info: true,
                misuse: false,
                done: [0; 10],
                count: 0,
            }
        }

        fn note(&mut self, step: u8) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
        }

        fn did(&self, steps: &[u8]) -> bool {
            !self.misuse && self.done.get(..self.count) == Some(steps)
        }
    }

    impl Guest for Fake {
        type Error = i32;

        fn pin_tables(&mut self) {
            self.pinned = true;
            self.note(b'P');
        }

        fn unpin_tables(&mut self) {
            self.misuse |= !self.pinned;
            self.pinned = false;
            self.note(b'u');
        }

        fn name_rings_by_page(&mut self) {
            self.misuse |= self.by_page;
            self.by_page = true;
            self.note(b'G');
        }

        fn name_rings_by_frame(&mut self) {
            self.misuse |= !self.by_page;
            self.by_page = false;
            self.note(b'f');
        }

        fn leave_shared_info(&mut self) -> Result<(), i32> {
            self.has_shared_info = false;
            self.note(b'L');
            self.unmapping
        }

        fn enter_shared_info(&mut self) {
            self.has_shared_info = true;
            self.note(b'e');
        }

        fn build_p2m_tree(&mut self) {
            self.note(b't');
        }

        fn publish_p2m_tree(&mut self) {
            self.misuse |= !self.has_shared_info;
            self.note(b'p');
        }

        fn forget_offline_vcpus(&mut self) {
            self.note(b'o');
        }

        fn restore_vcpus(&mut self) {
            self.misuse |= !self.has_shared_info;
            self.note(b'v');
        }
    }

    #[test]
    fn a_new_domain_is_told_everything() {
        let mut guest = Fake::new(Ok(()));

        assert_eq!(suspend(&mut guest), Ok(()));
        assert!(guest.did(b"PGL"));
        // What the tools do.
        guest.by_page = false;
        resume(&mut guest, Outcome::Resumed);
        assert!(guest.did(b"PGLtepovu"));
        assert!(!guest.pinned && guest.has_shared_info);
    }

    #[test]
    fn a_cancelled_suspend_is_undone() {
        let mut guest = Fake::new(Ok(()));

        assert_eq!(suspend(&mut guest), Ok(()));
        resume(&mut guest, Outcome::Cancelled);
        assert!(guest.did(b"PGLtepfu"));
        assert!(!guest.pinned && !guest.by_page && guest.has_shared_info);
    }

    #[test]
    fn a_guest_that_cannot_be_saved_says_so() {
        let mut guest = Fake::new(Err(-22));

        assert_eq!(suspend(&mut guest), Err(-22));
        assert!(guest.did(b"PGL"));
    }
}
