// SPDX-License-Identifier: GPL-2.0

//! Waiting for a spinlock without spinning.
//!
//! The holder of a lock may be a vCPU that Xen has taken off its CPU: who spins
//! meanwhile wastes the time that the holder needs. So a waiter gives its CPU
//! back to Xen until an event is pending, and who releases the lock raises
//! that event. Only its being pending counts: the interrupt is disabled.
//!
//! An interrupt may come while a CPU waits, and its handler wait for another
//! lock, with the same event. The outer wait's event may be what the inner
//! wait sees, so only a wait with no other around it takes the event away: any
//! other leaves it, and the outer one returns early, which is allowed.
//!
//! Runs in the slow path of every lock: it takes no lock, allocates nothing,
//! prints nothing and does not fail.
//!
//! C ancestor: `spinlock.c`.

/// A CPU that waits for a lock.
pub trait Waiter {
    /// Returns whether it has an event to wait for.
    fn has_kicker(&self) -> bool;
    /// Returns whether it handles an NMI.
    fn in_nmi(&self) -> bool;
    /// Begins a wait, and returns how many have begun on this CPU and not ended.
    fn enter(&mut self) -> u32;
    /// Ends a wait.
    fn leave(&mut self);
    /// Returns whether the event is pending.
    fn is_pending(&self) -> bool;
    /// Takes the event away.
    fn clear_pending(&mut self);
    /// Returns whether there is still something to wait for.
    fn must_wait(&self) -> bool;
    /// Sleeps until the event is pending, or shorter.
    fn poll(&mut self);
}

/// Waits until it is worth to look at the lock again.
///
/// Returns at once where the CPU has no event to wait for, early in its life,
/// and in an NMI: that may have interrupted any of these steps.
#[inline(always)]
pub fn wait(waiter: &mut impl Waiter) {
    /// The depth of a wait with no other around it.
    const OUTERMOST: u32 = 1;

    if !waiter.has_kicker() || waiter.in_nmi() {
        return;
    }
    let depth = waiter.enter();

    if depth == OUTERMOST && waiter.is_pending() {
        waiter.clear_pending();
    } else if waiter.must_wait() {
        waiter.poll();
    }
    waiter.leave();
}

/// How spinlocks wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locks {
    /// They spin.
    Spin,
    /// They give the CPU back.
    Block,
}

impl Locks {
    /// Decides, by the number of CPUs that there can be and what the user said.
    pub const fn choose(possible_cpus: u32, nopvspin: bool) -> Self {
        if nopvspin || possible_cpus <= 1 {
            Self::Spin
        } else {
            Self::Block
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_smp_spinlock))]
mod tests {
    use super::*;

    /// A CPU, and what it did, a letter each.
    struct Fake {
        kicker: bool,
        nmi: bool,
        depth: u32,
        pending: bool,
        held: bool,
        done: [u8; 6],
        count: usize,
    }

    impl Fake {
        fn new() -> Self {
            Self {
                kicker: true,
                nmi: false,
                depth: 0,
                pending: false,
                held: true,
                done: [0; 6],
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
            self.done.get(..self.count) == Some(steps)
        }
    }

    impl Waiter for Fake {
        fn has_kicker(&self) -> bool {
            self.kicker
        }

        fn in_nmi(&self) -> bool {
            self.nmi
        }

        fn enter(&mut self) -> u32 {
            self.note(b'+');
            self.depth += 1;
            self.depth
        }

        fn leave(&mut self) {
            self.note(b'-');
            self.depth -= 1;
        }

        fn is_pending(&self) -> bool {
            self.pending
        }

        fn clear_pending(&mut self) {
            self.note(b'c');
            self.pending = false;
        }

        fn must_wait(&self) -> bool {
            self.held
        }

        fn poll(&mut self) {
            self.note(b'p');
        }
    }

    #[test]
    fn a_waiter_sleeps_while_the_lock_is_held() {
        let mut cpu = Fake::new();
        wait(&mut cpu);
        assert!(cpu.did(b"+p-"));

        let mut cpu = Fake {
            held: false,
            ..Fake::new()
        };
        wait(&mut cpu);
        assert!(cpu.did(b"+-"));
    }

    #[test]
    fn an_event_that_is_pending_is_used_up() {
        let mut cpu = Fake {
            pending: true,
            ..Fake::new()
        };

        wait(&mut cpu);
        assert!(cpu.did(b"+c-"));
        wait(&mut cpu);
        assert!(cpu.did(b"+c-+p-"));
        assert_eq!(cpu.depth, 0);
    }

    #[test]
    fn an_inner_wait_leaves_the_outer_ones_event() {
        let mut cpu = Fake {
            depth: 1,
            pending: true,
            ..Fake::new()
        };

        wait(&mut cpu);
        assert!(cpu.did(b"+p-"));
        assert!(cpu.pending);
        assert_eq!(cpu.depth, 1);
    }

    #[test]
    fn without_an_event_or_in_an_nmi_it_spins() {
        for (kicker, nmi) in [(false, false), (true, true), (false, true)] {
            let mut cpu = Fake {
                kicker,
                nmi,
                pending: true,
                ..Fake::new()
            };

            wait(&mut cpu);
            assert!(cpu.did(b""));
        }
    }

    #[test]
    fn one_cpu_has_nobody_to_wait_for() {
        assert_eq!(Locks::choose(1, false), Locks::Spin);
        assert_eq!(Locks::choose(2, false), Locks::Block);
        assert_eq!(Locks::choose(2, true), Locks::Spin);
        assert_eq!(Locks::choose(1, true), Locks::Spin);
    }
}
