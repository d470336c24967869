// SPDX-License-Identifier: GPL-2.0

//! Timers of vCPUs: one-shot, to the nanosecond, at an absolute system time.
//!
//! Xen has two interfaces. `set_timer_op` has been there always, and comes
//! with a tick of 100 Hz on the same event channel that nobody wants. The
//! timers of `vcpu_op` are one-shot or periodic, and their tick can be stopped.
//! The tick is of no use: it comes only while the vCPU runs.
//!
//! A deadline is not kept from one call to the next, because system time and
//! the kernel's drift apart as NTP bends the latter. One that is past when Xen
//! sees it, as happens to a vCPU that was descheduled on the way, is no error
//! with either interface: the event comes at once. So there is nothing to try
//! again, and a refusal means that this vCPU would sleep forever.
//!
//! Callers: the clockevent core with interrupts off; boot and hotplug.
//!
//! C ancestor: `time.c:188`.

use crate::abi::errno::XenErrno;

/// Timers of the vCPU that runs this.
pub trait Timers {
    /// Sets the timer of the old interface; 0 stops it.
    fn set_timer(&mut self, deadline: u64) -> Result<(), XenErrno>;
    /// Stops the tick.
    fn stop_periodic(&mut self) -> Result<(), XenErrno>;
    /// Sets the one-shot timer.
    fn set_singleshot(&mut self, deadline: u64) -> Result<(), XenErrno>;
    /// Stops the one-shot timer.
    fn stop_singleshot(&mut self) -> Result<(), XenErrno>;
}

/// How to ask for an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interface {
    /// By `set_timer_op`.
    TimerOp,
    /// By `vcpu_op`.
    VcpuOp,
}

impl Interface {
    /// Finds out what Xen has, and stops the tick if it can be stopped.
    pub fn probe(timers: &mut impl Timers) -> Self {
        match timers.stop_periodic() {
            Ok(()) => Self::VcpuOp,
            Err(_) => Self::TimerOp,
        }
    }

    /// Stops all timers.
    ///
    /// # Errors
    ///
    /// Xen's refusals. The old interface has none: without an event to come,
    /// one that comes all the same is ignored.
    #[inline]
    pub fn shutdown(self, timers: &mut impl Timers) -> Result<(), XenErrno> {
        match self {
            Self::TimerOp => {
                let _ = timers.set_timer(0);
                Ok(())
            }
            Self::VcpuOp => {
                timers.stop_singleshot()?;
                timers.stop_periodic()
            }
        }
    }

    /// Prepares for one-shot events.
    ///
    /// # Errors
    ///
    /// Xen's refusals.
    #[inline]
    pub fn set_oneshot(self, timers: &mut impl Timers) -> Result<(), XenErrno> {
        match self {
            Self::TimerOp => Ok(()),
            Self::VcpuOp => timers.stop_periodic(),
        }
    }

    /// Asks for an event `delta` nanoseconds after the system time `now`.
    ///
    /// # Errors
    ///
    /// Xen's refusals.
    #[inline]
    pub fn set_next_event(
        self,
        timers: &mut impl Timers,
        now: u64,
        delta: u64,
    ) -> Result<(), XenErrno> {
        let deadline = now.saturating_add(delta);

        match self {
            Self::TimerOp => timers.set_timer(deadline),
            Self::VcpuOp => timers.set_singleshot(deadline),
        }
    }
}

/// A CPU's place in the kernel's table of timers.
pub trait Slot {
    /// What binding an interrupt fails with.
    type Error;

    /// Returns the interrupt that is bound.
    fn irq(&self) -> Option<u32>;
    /// Complains that the CPU has an interrupt although it went away.
    fn warn_bound(&mut self, irq: u32);
    /// Says that the timer is about to be installed.
    fn announce(&mut self);
    /// Binds the interrupt.
    fn bind(&mut self) -> Result<u32, Self::Error>;
    /// Has Xen deliver the interrupt before others, if it knows how to.
    fn prioritise(&mut self, irq: u32);
    /// Unbinds the interrupt.
    fn unbind(&mut self, irq: u32);
    /// Fills in the device that clockevents will use.
    fn install(&mut self);
    /// Remembers which interrupt is bound.
    fn set_irq(&mut self, irq: Option<u32>);
}

/// Gives a CPU its timer. May sleep.
///
/// # Errors
///
/// What binding the interrupt fails with: the CPU has a device that gets no
/// event, which is of use only where nobody can stop the CPU from coming.
pub fn setup<S: Slot>(slot: &mut S) -> Result<(), S::Error> {
    if let Some(irq) = slot.irq() {
        slot.warn_bound(irq);
        teardown(slot);
    }
    slot.announce();
    let bound = slot.bind();

    if let Ok(irq) = bound {
        slot.prioritise(irq);
    }
    slot.install();
    slot.set_irq(bound.as_ref().ok().copied());
    bound.map(|_| ())
}

/// Takes a CPU's timer away, if it has one. May sleep.
pub fn teardown(slot: &mut impl Slot) {
    if let Some(irq) = slot.irq() {
        slot.unbind(irq);
        slot.set_irq(None);
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_time_event))]
mod tests {
    use super::*;

    /// Letters for what was done, in order.
    #[derive(Default)]
    struct Notes {
        done: [u8; 8],
        count: usize,
    }

    impl Notes {
        fn note(&mut self, step: u8) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
        }

        fn are(&self, steps: &[u8]) -> bool {
            self.done.get(..self.count) == Some(steps)
        }
    }

    /// A Xen that refuses one operation, by its letter.
    #[derive(Default)]
    struct Fake {
        notes: Notes,
        refused: Option<(u8, XenErrno)>,
        deadline: Option<u64>,
    }

    impl Fake {
        fn refusing(step: u8, errno: XenErrno) -> Self {
            Self {
                refused: Some((step, errno)),
                ..Self::default()
            }
        }

        fn answer(&mut self, step: u8) -> Result<(), XenErrno> {
            self.notes.note(step);
            match self.refused {
                Some((refused, errno)) if refused == step => Err(errno),
                _ => Ok(()),
            }
        }
    }

    impl Timers for Fake {
        fn set_timer(&mut self, deadline: u64) -> Result<(), XenErrno> {
            self.deadline = Some(deadline);
            self.answer(b't')
        }

        fn stop_periodic(&mut self) -> Result<(), XenErrno> {
            self.answer(b'p')
        }

        fn set_singleshot(&mut self, deadline: u64) -> Result<(), XenErrno> {
            self.deadline = Some(deadline);
            self.answer(b's')
        }

        fn stop_singleshot(&mut self) -> Result<(), XenErrno> {
            self.answer(b'x')
        }
    }

    #[test]
    fn a_xen_that_stops_the_tick_has_the_new_interface() {
        assert_eq!(Interface::probe(&mut Fake::default()), Interface::VcpuOp);
        for errno in [XenErrno::ENOSYS, XenErrno::EINVAL] {
            let mut timers = Fake::refusing(b'p', errno);

            assert_eq!(Interface::probe(&mut timers), Interface::TimerOp);
        }
    }

    #[test]
    fn shutdown_stops_everything() {
        let mut timers = Fake::default();
        assert_eq!(Interface::VcpuOp.shutdown(&mut timers), Ok(()));
        assert!(timers.notes.are(b"xp"));

        let mut timers = Fake::default();
        assert_eq!(Interface::TimerOp.shutdown(&mut timers), Ok(()));
        assert!(timers.notes.are(b"t"));
        assert_eq!(timers.deadline, Some(0));
    }

    #[test]
    fn shutdown_fails_where_xen_refuses() {
        for step in [b'x', b'p'] {
            let mut timers = Fake::refusing(step, XenErrno::EINVAL);

            assert_eq!(
                Interface::VcpuOp.shutdown(&mut timers),
                Err(XenErrno::EINVAL)
            );
        }
        let mut timers = Fake::refusing(b't', XenErrno::EINVAL);
        assert_eq!(Interface::TimerOp.shutdown(&mut timers), Ok(()));
    }

    #[test]
    fn oneshot_stops_the_tick() {
        let mut timers = Fake::default();
        assert_eq!(Interface::VcpuOp.set_oneshot(&mut timers), Ok(()));
        assert!(timers.notes.are(b"p"));

        let mut timers = Fake::default();
        assert_eq!(Interface::TimerOp.set_oneshot(&mut timers), Ok(()));
        assert!(timers.notes.are(b""));

        let mut timers = Fake::refusing(b'p', XenErrno::EINVAL);
        assert_eq!(
            Interface::VcpuOp.set_oneshot(&mut timers),
            Err(XenErrno::EINVAL)
        );
    }

    #[test]
    fn a_deadline_is_absolute() {
        for (interface, step) in [(Interface::VcpuOp, b"s"), (Interface::TimerOp, b"t")] {
            let mut timers = Fake::default();

            assert_eq!(interface.set_next_event(&mut timers, 100, 1), Ok(()));
            assert_eq!(timers.deadline, Some(101));
            assert!(timers.notes.are(step));
        }
    }

    #[test]
    fn a_deadline_never_wraps_into_the_past() {
        let mut timers = Fake::default();

        assert_eq!(
            Interface::TimerOp.set_next_event(&mut timers, u64::MAX, 1),
            Ok(())
        );
        assert_eq!(timers.deadline, Some(u64::MAX));
    }

    #[test]
    fn a_refused_event_is_an_error() {
        for (interface, step) in [(Interface::VcpuOp, b's'), (Interface::TimerOp, b't')] {
            let mut timers = Fake::refusing(step, XenErrno::EINVAL);

            assert_eq!(
                interface.set_next_event(&mut timers, 1, 1),
                Err(XenErrno::EINVAL)
            );
        }
    }

    /// A CPU.
    struct Cpu {
        notes: Notes,
        irq: Option<u32>,
        binding: Result<u32, i32>,
    }

    impl Cpu {
        fn new(irq: Option<u32>, binding: Result<u32, i32>) -> Self {
            Self {
                notes: Notes::default(),
                irq,
                binding,
            }
        }
    }

    impl Slot for Cpu {
        type Error = i32;

        fn irq(&self) -> Option<u32> {
            self.irq
        }

        fn warn_bound(&mut self, _irq: u32) {
            self.notes.note(b'w');
        }

        fn announce(&mut self) {
            self.notes.note(b'a');
        }

        fn bind(&mut self) -> Result<u32, i32> {
            self.notes.note(b'b');
            self.binding
        }

        fn prioritise(&mut self, _irq: u32) {
            self.notes.note(b'p');
        }

        fn unbind(&mut self, _irq: u32) {
            self.notes.note(b'u');
        }

        fn install(&mut self) {
            self.notes.note(b'i');
        }

        fn set_irq(&mut self, irq: Option<u32>) {
            self.irq = irq;
        }
    }

    #[test]
    fn a_cpu_gets_its_timer() {
        let mut cpu = Cpu::new(None, Ok(0));

        assert_eq!(setup(&mut cpu), Ok(()));
        assert!(cpu.notes.are(b"abpi"));
        assert_eq!(cpu.irq, Some(0));
    }

    #[test]
    fn a_timer_that_was_left_over_goes_first() {
        let mut cpu = Cpu::new(Some(7), Ok(8));

        assert_eq!(setup(&mut cpu), Ok(()));
        assert!(cpu.notes.are(b"wuabpi"));
        assert_eq!(cpu.irq, Some(8));
    }

    #[test]
    fn a_cpu_without_interrupt_has_nothing_to_unbind() {
        let mut cpu = Cpu::new(Some(7), Err(-12));

        assert_eq!(setup(&mut cpu), Err(-12));
        assert!(cpu.notes.are(b"wuabi"));
        assert_eq!(cpu.irq, None);
        teardown(&mut cpu);
        assert!(cpu.notes.are(b"wuabi"));
    }

    #[test]
    fn teardown_happens_once() {
        let mut cpu = Cpu::new(Some(0), Ok(1));

        teardown(&mut cpu);
        teardown(&mut cpu);
        assert!(cpu.notes.are(b"u"));
        assert_eq!(cpu.irq, None);
    }
}
