// SPDX-License-Identifier: GPL-2.0

//! What day it is: read from Xen by all, given to Xen by the initial domain.
//!
//! Xen keeps the date at system time zero in the shared page. The initial
//! domain has the hardware clock and, it may be, NTP: it tells Xen when its
//! clock is set, and every eleven minutes, as the kernel does with an RTC.
//!
//! Callers: boot and resume for reading, timekeeping's notifier for writing.
//!
//! C ancestors: `time.c`, `pvclock_read_wallclock()`.

use crate::abi::{
    errno::XenErrno,
    platform::SetTime, //
};

/// Nanoseconds in a second.
const NSEC_PER_SEC: u64 = 1_000_000_000;
/// How often Xen is told the time, in seconds.
const SYNC_INTERVAL: u64 = 11 * 60;

/// A date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Time {
    /// Seconds since 1970.
    pub sec: u64,
    /// And nanoseconds, less than a second.
    pub nsec: u32,
}

/// The wall clock in the shared page, which Xen writes.
pub trait WallClock {
    /// Returns the version, odd while Xen writes.
    fn version(&self) -> u32;
    /// Returns the low half of the seconds.
    fn sec(&self) -> u32;
    /// Returns the high half of the seconds.
    fn sec_hi(&self) -> u32;
    /// Returns the nanoseconds.
    fn nsec(&self) -> u32;
}

/// The date at system time zero, as of one update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Seconds since 1970.
    sec: u64,
    /// And nanoseconds.
    nsec: u32,
}

impl Snapshot {
    /// Reads the wall clock.
    ///
    /// It ends because Xen writes only when somebody sets the time, which the
    /// initial domain does every few minutes, and makes the version odd and
    /// even again within one piece of code that nothing preempts.
    pub fn read(clock: &impl WallClock) -> Self {
        loop {
            // Even, so that it cannot equal an odd one that is still there in the end.
            let version = clock.version() & !1;
            let snapshot = Self {
                sec: u64::from(clock.sec_hi()) << 32 | u64::from(clock.sec()),
                nsec: clock.nsec(),
            };

            if clock.version() == version {
                return snapshot;
            }
        }
    }

    /// Returns the date at a system time.
    pub const fn at(self, system_time: u64) -> Time {
        // CAST: It widens. The sum is below 2^33.
        let nsec = system_time % NSEC_PER_SEC + self.nsec as u64;

        Time {
            sec: self
                .sec
                .wrapping_add(system_time / NSEC_PER_SEC)
                .wrapping_add(nsec / NSEC_PER_SEC),
            // CAST: Less than a second.
            nsec: (nsec % NSEC_PER_SEC) as u32,
        }
    }
}

/// What telling Xen the time takes.
pub trait Host {
    /// Returns the system time.
    fn system_time(&mut self) -> u64;
    /// Sets the wall clock.
    fn set_time(&mut self, op: SetTime) -> Result<(), XenErrno>;
}

/// Why the notifier was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Time went by.
    Tick,
    /// Somebody set the clock.
    Set,
}

/// When to tell Xen the time again, and how.
///
/// Timekeeping serializes its updates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WriteBack {
    /// The next time.
    next: Time,
    /// Whether Xen knows dates after 2106, for all we know.
    wide: bool,
}

impl WriteBack {
    /// Starts: Xen is told the time as soon as there is one.
    pub const fn new() -> Self {
        Self {
            next: Time { sec: 0, nsec: 0 },
            wide: true,
        }
    }

    /// Tells Xen that it is `now`, if that is due.
    ///
    /// # Errors
    ///
    /// `EOVERFLOW` for a date that a Xen without `XENPF_settime64` cannot
    /// have, and Xen's refusals; it is tried again at the next update.
    pub fn update(
        &mut self,
        host: &mut impl Host,
        now: Time,
        change: Change,
    ) -> Result<(), XenErrno> {
        if change == Change::Tick && now < self.next {
            return Ok(());
        }
        if self.wide {
            let op = SetTime::wide(now.sec, now.nsec, host.system_time());

            match host.set_time(op) {
                Err(XenErrno::ENOSYS) => self.wide = false,
                answer => answer?,
            }
        }
        if !self.wide {
            let sec = u32::try_from(now.sec).map_err(|_| XenErrno::EOVERFLOW)?;

            let op = SetTime::narrow(sec, now.nsec, host.system_time());

            host.set_time(op)?;
        }
        self.next = Time {
            sec: now.sec.wrapping_add(SYNC_INTERVAL),
            ..now
        };
        Ok(())
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_time_wallclock))]
mod tests {
    use super::*;
    use core::cell::Cell;

    const OLD: Snapshot = Snapshot {
        sec: 0xffff_ffff,
        nsec: 10,
    };
    const NEW: Snapshot = Snapshot {
        sec: 0x1_0000_0001,
        nsec: 20,
    };

    /// A wall clock that Xen begins to set at the access with number `start`.
    struct Racing {
        start: u32,
        accesses: Cell<u32>,
    }

    impl Racing {
        /// Steps of Xen's writer.
        const STEPS: u32 = 5;

        fn step(&self) -> u32 {
            let access = self.accesses.get();

            self.accesses.set(access + 1);
            access.saturating_sub(self.start).min(Self::STEPS)
        }
    }

    impl WallClock for Racing {
        fn version(&self) -> u32 {
            match self.step() {
                0 => 0xffff_fffe,
                Self::STEPS => 0,
                _ => 0xffff_ffff,
            }
        }

        fn sec(&self) -> u32 {
            if self.step() < 2 {
                0xffff_ffff
            } else {
                1
            }
        }

        fn sec_hi(&self) -> u32 {
            u32::from(self.step() >= 4)
        }

        fn nsec(&self) -> u32 {
            if self.step() < 3 {
                10
            } else {
                20
            }
        }
    }

    /// A Xen that gives `answers` in turn, and writes down the commands.
    struct Fake {
        answers: [Result<(), XenErrno>; 2],
        commands: [u32; 2],
        count: usize,
        time: u64,
    }

    impl Fake {
        fn new(answers: [Result<(), XenErrno>; 2]) -> Self {
            Self {
                answers,
                commands: [0; 2],
                count: 0,
                time: 100,
            }
        }
    }

    impl Host for Fake {
        fn system_time(&mut self) -> u64 {
            self.time += 1;
            self.time
        }

        fn set_time(&mut self, op: SetTime) -> Result<(), XenErrno> {
            let answer = self.answers.get(self.count).copied();

            if let Some(command) = self.commands.get_mut(self.count) {
                *command = op.command();
            }
            self.count += 1;
            answer.unwrap_or(Ok(()))
        }
    }

    const NOON: Time = Time { sec: 1000, nsec: 5 };

    #[test]
    fn a_snapshot_is_of_one_update_whenever_xen_writes() {
        for start in 0..16 {
            let snapshot = Snapshot::read(&Racing {
                start,
                accesses: Cell::new(0),
            });

            // Five accesses make a round: what begins after it is not seen.
            assert_eq!(snapshot, if start < 4 { NEW } else { OLD });
        }
    }

    #[test]
    fn a_date_is_that_of_boot_and_what_went_by() {
        let boot = Snapshot {
            sec: 7,
            nsec: 999_999_999,
        };

        assert_eq!(
            boot.at(0),
            Time {
                sec: 7,
                nsec: 999_999_999
            }
        );
        assert_eq!(boot.at(1), Time { sec: 8, nsec: 0 });
        assert_eq!(
            boot.at(1_999_999_999),
            Time {
                sec: 9,
                nsec: 999_999_998
            }
        );
    }

    #[test]
    fn a_date_survives_any_bits() {
        let odd = Snapshot {
            sec: u64::MAX,
            nsec: u32::MAX,
        };

        assert!(u64::from(odd.at(u64::MAX).nsec) < NSEC_PER_SEC);
        assert_eq!(odd.at(0).sec, 3);
    }

    #[test]
    fn xen_is_told_at_once_and_then_every_eleven_minutes() {
        let mut host = Fake::new([Ok(()), Ok(())]);
        let mut state = WriteBack::new();
        let mut at = |sec, nsec| {
            let told = state.update(&mut host, Time { sec, nsec }, Change::Tick);

            assert_eq!(told, Ok(()));
            host.count
        };

        assert_eq!(at(1000, 5), 1);
        assert_eq!(at(1660, 4), 1);
        assert_eq!(at(1660, 5), 2);
    }

    #[test]
    fn xen_is_told_whenever_the_clock_is_set() {
        let mut host = Fake::new([Ok(()), Ok(())]);
        let mut state = WriteBack::new();

        assert_eq!(state.update(&mut host, NOON, Change::Tick), Ok(()));
        assert_eq!(state.update(&mut host, NOON, Change::Set), Ok(()));
        assert_eq!(host.count, 2);
    }

    #[test]
    fn an_old_xen_is_asked_the_old_way_from_then_on() {
        let mut host = Fake::new([Err(XenErrno::ENOSYS), Ok(())]);
        let mut state = WriteBack::new();

        assert_eq!(state.update(&mut host, NOON, Change::Tick), Ok(()));
        assert_eq!(host.commands, [62, 17]);
        assert_eq!(state.update(&mut host, NOON, Change::Set), Ok(()));
        assert_eq!(host.count, 3);
    }

    #[test]
    fn an_old_xen_has_no_dates_after_2106() {
        let late = Time {
            sec: 1 << 32,
            nsec: 0,
        };
        let mut host = Fake::new([Err(XenErrno::ENOSYS), Ok(())]);
        let mut state = WriteBack::new();

        assert_eq!(
            state.update(&mut host, late, Change::Tick),
            Err(XenErrno::EOVERFLOW)
        );
        assert_eq!(host.count, 1);
    }

    #[test]
    fn a_refusal_is_no_success_and_tried_again() {
        for errno in [XenErrno::EPERM, XenErrno::EFAULT] {
            let mut host = Fake::new([Err(errno), Ok(())]);
            let mut state = WriteBack::new();

            assert_eq!(state.update(&mut host, NOON, Change::Tick), Err(errno));
            assert_eq!(state.update(&mut host, NOON, Change::Tick), Ok(()));
            assert_eq!(host.commands, [62, 62]);
        }
        let mut host = Fake::new([Err(XenErrno::ENOSYS), Err(XenErrno::ENOSYS)]);
        let mut state = WriteBack::new();

        assert_eq!(
            state.update(&mut host, NOON, Change::Tick),
            Err(XenErrno::ENOSYS)
        );
        assert_eq!(host.count, 2);
    }
}
