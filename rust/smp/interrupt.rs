// SPDX-License-Identifier: GPL-2.0

//! The interrupts that a CPU has of its own, from before it starts until after
//! it stopped.
//!
//! A CPU gets all of them or none: what was bound when one fails is unbound
//! before anybody hears of the failure. An interrupt is forgotten before it is
//! unbound, so that nobody uses it meanwhile.
//!
//! Callers: boot and hotplug, which never work on one CPU at the same time;
//! may sleep.
//!
//! C ancestors: `smp.c:36`, `spinlock.c:66`.

/// An interrupt of a CPU's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// Another CPU wants it to look for another task.
    Reschedule,
    /// Other CPUs want functions run, on many.
    CallFunction,
    /// Somebody at Xen's console wants the state of event channels (`VIRQ_DEBUG`).
    Debug,
    /// Another CPU wants a function run.
    CallFunctionSingle,
    /// A lock that it waits for is free. Waited for, never delivered.
    LockKicker,
    /// Something was left for its next interrupt. PV only: others have an APIC.
    IrqWork,
    /// A performance counter overflowed (`VIRQ_XENPMU`).
    Counters,
}

impl Line {
    /// What a CPU has besides its lock kicker.
    const ALL: &'static [Self] = &[
        Self::Reschedule,
        Self::CallFunction,
        Self::Debug,
        Self::CallFunctionSingle,
    ];
    /// The same where Xen's console cannot ask: it knows the bitmaps of the
    /// old event channels, not the queues of FIFO ones.
    const WITHOUT_DEBUG: &'static [Self] = &[
        Self::Reschedule,
        Self::CallFunction,
        Self::CallFunctionSingle,
    ];
    /// The lock kicker.
    #[cfg_attr(not(CONFIG_PARAVIRT_SPINLOCKS), allow(dead_code))]
    pub const LOCK: &'static [Self] = &[Self::LockKicker];

    /// Returns what a CPU of a PV guest needs besides.
    #[cfg_attr(not(CONFIG_XEN_PV_SMP), allow(dead_code))]
    pub const fn of_pv(has_counters: bool) -> &'static [Self] {
        if has_counters {
            &[Self::IrqWork, Self::Counters]
        } else {
            &[Self::IrqWork]
        }
    }

    /// Returns what a CPU needs to be one of many.
    pub const fn of_cpu(events: Events) -> &'static [Self] {
        match events {
            Events::Bitmap => Self::ALL,
            Events::Fifo => Self::WITHOUT_DEBUG,
        }
    }

    /// Returns what its names in `/proc/interrupts` begin with.
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Reschedule => b"resched",
            Self::CallFunction => b"callfunc",
            Self::Debug => b"debug",
            Self::CallFunctionSingle => b"callfuncsingle",
            Self::LockKicker => b"spinlock",
            Self::IrqWork => b"irqwork",
            Self::Counters => b"pmu",
        }
    }
}

/// Which of its two interfaces Xen reports events by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Events {
    /// Bits in the shared page.
    Bitmap,
    /// Queues of the guest's.
    Fifo,
}

/// The interrupts of one CPU.
pub trait Lines {
    /// What binding fails with.
    type Error;

    /// Returns the interrupt that is bound.
    fn irq(&self, line: Line) -> Option<u32>;
    /// Complains that the CPU has an interrupt although it went away.
    fn warn_bound(&mut self, line: Line, irq: u32);
    /// Binds an interrupt.
    fn bind(&mut self, line: Line) -> Result<u32, Self::Error>;
    /// Unbinds an interrupt.
    fn unbind(&mut self, irq: u32);
    /// Remembers which interrupt is bound, for those who use it.
    fn set_irq(&mut self, line: Line, irq: Option<u32>);
}

/// Interrupts that go again unless they are kept.
struct Undo<'a, L: Lines> {
    lines: &'a mut L,
    wanted: &'static [Line],
}

impl<L: Lines> Undo<'_, L> {
    /// Binds all that are wanted.
    fn bind(&mut self) -> Result<(), L::Error> {
        for &line in self.wanted {
            let irq = self.lines.bind(line)?;

            self.lines.set_irq(line, Some(irq));
        }
        Ok(())
    }

    /// Keeps them.
    fn keep(mut self) {
        self.wanted = &[];
    }
}

impl<L: Lines> Drop for Undo<'_, L> {
    fn drop(&mut self) {
        free(self.lines, self.wanted);
    }
}

/// Gives a CPU interrupts.
///
/// # Errors
///
/// What binding one fails with: the CPU has none of them then.
pub fn init<L: Lines>(lines: &mut L, wanted: &'static [Line]) -> Result<(), L::Error> {
    for &line in wanted {
        if let Some(irq) = lines.irq(line) {
            lines.warn_bound(line, irq);
        }
    }
    free(lines, wanted);

    let mut undo = Undo { lines, wanted };

    undo.bind()?;
    undo.keep();
    Ok(())
}

/// Takes interrupts away from a CPU, as far as it has them.
pub fn free(lines: &mut impl Lines, wanted: &[Line]) {
    for &line in wanted {
        if let Some(irq) = lines.irq(line) {
            lines.set_irq(line, None);
            lines.unbind(irq);
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_smp_interrupt))]
mod tests {
    use super::*;

    /// All there are.
    const EVERY: [Line; 7] = [
        Line::Reschedule,
        Line::CallFunction,
        Line::Debug,
        Line::CallFunctionSingle,
        Line::LockKicker,
        Line::IrqWork,
        Line::Counters,
    ];

    /// `drivers/xen`: hands out interrupt 10 plus the place of the line, and
    /// fails in one step.
    struct Fake {
        recorded: [Option<u32>; 7],
        bound: [bool; 7],
        failing: Option<(Line, i32)>,
        warnings: usize,
        bindings: usize,
        misuse: bool,
    }

    impl Fake {
        fn new(failing: Option<(Line, i32)>) -> Self {
            Self {
                recorded: [None; 7],
                bound: [false; 7],
                failing,
                warnings: 0,
                bindings: 0,
                misuse: false,
            }
        }

        fn place(line: Line) -> usize {
            EVERY.iter().position(|&one| one == line).unwrap_or(7)
        }

        /// Returns whether exactly `lines` are bound and recorded.
        fn has(&self, lines: &[Line]) -> bool {
            !self.misuse
                && EVERY.iter().all(|line| {
                    let wanted = lines.contains(line);
                    let place = Self::place(*line);

                    self.bound.get(place) == Some(&wanted)
                        && self.recorded.get(place).copied().flatten().is_some() == wanted
                })
        }
    }

    impl Lines for Fake {
        type Error = i32;

        fn irq(&self, line: Line) -> Option<u32> {
            self.recorded.get(Self::place(line)).copied().flatten()
        }

        fn warn_bound(&mut self, _line: Line, _irq: u32) {
            self.warnings += 1;
        }

        fn bind(&mut self, line: Line) -> Result<u32, i32> {
            let place = Self::place(line);

            self.bindings += 1;
            match (self.failing, self.bound.get_mut(place)) {
                (Some((failing, error)), _) if failing == line => Err(error),
                (_, Some(bound)) => {
                    self.misuse |= *bound;
                    *bound = true;
                    Ok(10 + place as u32)
                }
                _ => Err(-22),
            }
        }

        fn unbind(&mut self, irq: u32) {
            let place = (irq as usize).wrapping_sub(10);

            // Nobody may find it where it is recorded any more.
            self.misuse |= self.recorded.contains(&Some(irq));
            match self.bound.get_mut(place) {
                Some(bound) if *bound => *bound = false,
                _ => self.misuse = true,
            }
        }

        fn set_irq(&mut self, line: Line, irq: Option<u32>) {
            if let Some(recorded) = self.recorded.get_mut(Self::place(line)) {
                *recorded = irq;
            }
        }
    }

    #[test]
    fn a_cpu_gets_all_of_its_interrupts() {
        for (events, count) in [(Events::Bitmap, 4), (Events::Fifo, 3)] {
            let mut cpu = Fake::new(None);

            assert_eq!(init(&mut cpu, Line::of_cpu(events)), Ok(()));
            assert!(cpu.has(Line::of_cpu(events)));
            assert_eq!(cpu.bindings, count);
            assert_eq!(cpu.warnings, 0);
        }
    }

    #[test]
    fn fifo_events_have_no_debug_interrupt() {
        assert!(Line::of_cpu(Events::Bitmap).contains(&Line::Debug));
        assert!(!Line::of_cpu(Events::Fifo).contains(&Line::Debug));
    }

    #[test]
    fn a_pv_guests_counters_have_an_interrupt_if_there_are_any() {
        assert_eq!(Line::of_pv(true), [Line::IrqWork, Line::Counters]);
        assert_eq!(Line::of_pv(false), [Line::IrqWork]);
    }

    #[test]
    fn whatever_fails_nothing_stays_bound() {
        for wanted in [
            Line::of_cpu(Events::Bitmap),
            Line::of_cpu(Events::Fifo),
            Line::LOCK,
            Line::of_pv(true),
            Line::of_pv(false),
        ] {
            for (step, &line) in wanted.iter().enumerate() {
                // No memory, and no room among the interrupts.
                for error in [-12, -28] {
                    let mut cpu = Fake::new(Some((line, error)));

                    assert_eq!(init(&mut cpu, wanted), Err(error));
                    assert_eq!(cpu.bindings, step + 1);
                    assert!(cpu.has(&[]));
                }
            }
        }
    }

    #[test]
    fn a_cpu_that_failed_can_come_later() {
        let mut cpu = Fake::new(Some((Line::CallFunctionSingle, -12)));

        assert_eq!(init(&mut cpu, Line::of_cpu(Events::Bitmap)), Err(-12));
        cpu.failing = None;
        assert_eq!(init(&mut cpu, Line::of_cpu(Events::Bitmap)), Ok(()));
        assert!(cpu.has(Line::of_cpu(Events::Bitmap)));
        assert_eq!(cpu.warnings, 0);
    }

    #[test]
    fn interrupts_are_taken_away_once() {
        let mut cpu = Fake::new(None);

        assert_eq!(init(&mut cpu, Line::of_cpu(Events::Bitmap)), Ok(()));
        assert_eq!(init(&mut cpu, Line::LOCK), Ok(()));
        free(&mut cpu, Line::of_cpu(Events::Bitmap));
        assert!(cpu.has(Line::LOCK));
        free(&mut cpu, Line::of_cpu(Events::Bitmap));
        free(&mut cpu, Line::LOCK);
        free(&mut cpu, Line::LOCK);
        assert!(cpu.has(&[]));
    }

    #[test]
    fn what_was_left_over_goes_first() {
        let mut cpu = Fake::new(None);

        assert_eq!(init(&mut cpu, Line::LOCK), Ok(()));
        assert_eq!(init(&mut cpu, Line::LOCK), Ok(()));
        assert_eq!(cpu.warnings, 1);
        assert!(cpu.has(Line::LOCK));
        cpu.failing = Some((Line::LockKicker, -12));
        assert_eq!(init(&mut cpu, Line::LOCK), Err(-12));
        assert!(cpu.has(&[]));
    }

    #[test]
    fn names_begin_as_they_always_have() {
        let names: [&[u8]; 7] = [
            b"resched",
            b"callfunc",
            b"debug",
            b"callfuncsingle",
            b"spinlock",
            b"irqwork",
            b"pmu",
        ];

        for (line, name) in EVERY.into_iter().zip(names) {
            assert_eq!(line.prefix(), name);
        }
    }
}
