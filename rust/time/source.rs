// SPDX-License-Identifier: GPL-2.0

//! System time from a vCPU's record and the TSC.
//!
//! Xen rewrites a vCPU's record when it puts the vCPU on a physical CPU, and
//! about once a second while it stays there. All of the record has to be from
//! one such write, and the TSC from the physical CPU that it was written for:
//! hence [`Snapshot`].
//!
//! Unless the host's TSCs are in step, two vCPUs' records may disagree a
//! little. The clocksource must not step back when a task moves between them,
//! so what was read last is remembered ([`Latest`]) and never undercut. Xen
//! says in the record whether they are in step (the stable bit), and we only
//! believe it if it was so at boot, when the vDSO was told.
//!
//! Callers: clocksource and timers with preemption off, wall clock.
//!
//! C ancestors: `time.c`, `arch/x86/kernel/pvclock.c`, `asm/pvclock.h`.

use crate::abi::shared_info::VcpuTimeInfo;

/// What turns a vCPU's TSC into system time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// TSC at the last update.
    pub tsc_timestamp: u64,
    /// System time at the last update.
    pub system_time: u64,
    /// Nanoseconds per shifted TSC tick, as a 32.32 fraction.
    pub tsc_to_system_mul: u32,
    /// Shift to apply to TSC ticks first; a right shift if negative.
    pub tsc_shift: i8,
    /// [`VcpuTimeInfo`]'s flags.
    pub flags: u8,
}

/// The record of the vCPU that runs this, in memory that Xen writes.
pub trait Record {
    /// Returns the version, odd while Xen writes.
    fn version(&self) -> u32;
    /// Copies the fields out, one by one: they may be of different updates.
    fn clock(&self) -> Clock;
    /// Reads the TSC, after all that was read before.
    fn tsc(&self) -> u64;
    /// Takes back the mark that the guest was stopped, and tells watchdogs.
    fn acknowledge_stop(&self);
}

/// A record as of one update, and the TSC that belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The record.
    pub clock: Clock,
    /// The TSC.
    pub tsc: u64,
}

impl Snapshot {
    /// Reads a record and the TSC.
    ///
    /// It ends because Xen makes a record's version odd and even again within
    /// one piece of code that nothing preempts, and writes the record of a
    /// running vCPU on that vCPU's physical CPU only: whoever reads its own
    /// record does not run meanwhile. So it goes round once more each time
    /// that the vCPU is descheduled or its clock is calibrated on the way,
    /// which takes milliseconds, while one round takes nanoseconds.
    #[inline]
    pub fn read(record: &impl Record) -> Self {
        loop {
            // Even, so that it cannot equal an odd one that is still there in the end.
            let version = record.version() & !1;
            let snapshot = Self {
                clock: record.clock(),
                tsc: record.tsc(),
            };

            if record.version() == version {
                return snapshot;
            }
        }
    }

    /// Returns the system time that this describes, in nanoseconds.
    #[inline]
    pub const fn system_time(self) -> u64 {
        let Self { clock, tsc } = self;
        let ticks = shift_left(tsc.wrapping_sub(clock.tsc_timestamp), clock.tsc_shift);
        // CAST: Both widen, and the product of 64 and 32 bits fits.
        let product = (ticks as u128).wrapping_mul(clock.tsc_to_system_mul as u128);

        // CAST: Modulo 2^64, as the sum.
        clock.system_time.wrapping_add((product >> 32) as u64)
    }
}

impl Clock {
    /// Returns how fast the TSC ticks, or 0 if the record is not filled in.
    pub fn tsc_khz(self) -> u64 {
        let khz = (1_000_000_u64 << 32)
            .checked_div(u64::from(self.tsc_to_system_mul))
            .unwrap_or(0);

        shift_left(khz, self.tsc_shift.wrapping_neg())
    }

    /// Returns whether Xen vouches for the host's TSCs to be in step.
    #[inline]
    pub const fn is_stable(self) -> bool {
        self.flags & VcpuTimeInfo::TSC_STABLE != 0
    }
}

/// Shifts as x86 does, by the distance modulo 64: no number of bits is too many.
#[inline]
const fn shift_left(value: u64, bits: i8) -> u64 {
    // CAST: The sign goes with the bits beyond 64.
    if bits < 0 {
        value.wrapping_shr(bits.wrapping_neg() as u32)
    } else {
        value.wrapping_shl(bits as u32)
    }
}

/// The latest system time that anyone was told, shared by all CPUs.
pub trait Latest {
    /// Returns it.
    fn get(&self) -> u64;
    /// Replaces `old` by `new`, or returns what it was instead of `old`.
    fn replace(&self, old: u64, new: u64) -> Result<(), u64>;
}

/// Whether the records' stable bit was set at boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// It was not: a host that sets it later is not believed.
    Never,
    /// It was: each record is believed.
    StableBit,
}

/// Returns the system time, never less than anyone was told before.
#[inline]
pub fn now(record: &impl Record, trust: Trust, latest: &impl Latest) -> u64 {
    let snapshot = Snapshot::read(record);

    if snapshot.clock.flags & VcpuTimeInfo::GUEST_STOPPED != 0 {
        return after_stop(record, trust, latest);
    }
    reconcile(snapshot, trust, latest)
}

/// Returns the system time after the guest was stopped.
///
/// Apart, and with a snapshot of its own, so that nobody else has to save registers for it.
#[cold]
#[inline(never)]
fn after_stop(record: &impl Record, trust: Trust, latest: &impl Latest) -> u64 {
    record.acknowledge_stop();
    reconcile(Snapshot::read(record), trust, latest)
}

/// Returns a snapshot's time, or the latest one where the snapshot alone will not do.
#[inline]
fn reconcile(snapshot: Snapshot, trust: Trust, latest: &impl Latest) -> u64 {
    let time = snapshot.system_time();

    if trust == Trust::StableBit && snapshot.clock.is_stable() {
        time
    } else {
        not_before(latest, time)
    }
}

/// Moves the latest time on to `time`, unless it is there or further already.
///
/// It ends because [`Latest`] only grows: each round that fails has seen it
/// nearer to `time`, by another CPU's reading of the same clock.
#[inline]
fn not_before(latest: &impl Latest, time: u64) -> u64 {
    let mut last = latest.get();

    loop {
        if time <= last {
            return last;
        }
        match latest.replace(last, time) {
            Ok(()) => return time,
            Err(newer) => last = newer,
        }
    }
}

/// What `sched_clock()` takes off system time, so that it starts at zero and
/// goes on after a resume where it was when the guest was suspended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SchedOffset(u64);

impl SchedOffset {
    /// Starts at zero at the reading `start`.
    pub const fn starting_at(start: u64) -> Self {
        Self(start)
    }

    /// Goes on at the reading `now` from where `elapsed` had come to.
    ///
    /// The reading may be the lower one: the host may have booted just now.
    pub const fn resuming(now: u64, elapsed: u64) -> Self {
        Self(now.wrapping_sub(elapsed))
    }

    /// Returns where `sched_clock()` is at the reading `now`.
    pub const fn elapsed(self, now: u64) -> u64 {
        now.wrapping_sub(self.0)
    }

    /// Returns the number to subtract.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Whose clock it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The initial domain's, which is never moved to another host.
    Initial,
    /// Another's.
    Guest,
}

/// What is known of the TSC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tsc {
    /// It ticks at one rate.
    pub constant: bool,
    /// It ticks while CPUs sleep.
    pub nonstop: bool,
    /// The kernel found it wanting.
    pub unstable: bool,
    /// `XEN_CPUID_TSC_MODE_*`: whether Xen emulates it.
    pub mode: u32,
}

impl Tsc {
    /// `XEN_CPUID_TSC_MODE_NEVER_EMULATE`.
    pub const NEVER_EMULATE: u32 = 2;

    /// Returns whether the TSC itself can be the clocksource.
    const fn is_safe(self) -> bool {
        self.constant && self.nonstop && !self.unstable && self.mode == Self::NEVER_EMULATE
    }
}

/// Returns how the clocksource rates; the TSC's own has 300.
///
/// Where the TSC serves as well it is faster, and wins.
pub const fn rating(role: Role, tsc: Tsc) -> i32 {
    match role {
        Role::Initial => 275,
        Role::Guest if tsc.is_safe() => 299,
        Role::Guest => 400,
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_time_source))]
mod tests {
    use super::*;
    use core::cell::Cell;

    /// One tick a nanosecond.
    const OLD: Clock = Clock {
        tsc_timestamp: 1_000,
        system_time: 5_000,
        tsc_to_system_mul: 1 << 31,
        tsc_shift: 1,
        flags: 0,
    };
    /// Two ticks a nanosecond.
    const NEW: Clock = Clock {
        tsc_timestamp: 3_000,
        system_time: 7_000,
        tsc_to_system_mul: 1 << 30,
        tsc_shift: 1,
        flags: VcpuTimeInfo::TSC_STABLE,
    };
    /// The TSC while [`OLD`] holds, and while [`NEW`] does.
    const TSC: [u64; 2] = [1_500, 3_500];

    /// A record that Xen begins to rewrite at the access with number `start`:
    /// one step of it at each access.
    struct Racing {
        start: u32,
        accesses: Cell<u32>,
    }

    impl Racing {
        /// Steps of Xen's writer.
        const STEPS: u32 = 7;

        fn new(start: u32) -> Self {
            Self {
                start,
                accesses: Cell::new(0),
            }
        }

        /// Counts an access and returns how many steps Xen has made by then.
        fn step(&self) -> u32 {
            let access = self.accesses.get();

            self.accesses.set(access + 1);
            access.saturating_sub(self.start).min(Self::STEPS)
        }

        /// Returns which of two values stands there if step `written` writes it.
        fn field<T>(&self, written: u32, old: T, new: T) -> T {
            if self.step() < written {
                old
            } else {
                new
            }
        }
    }

    impl Record for Racing {
        fn version(&self) -> u32 {
            match self.step() {
                0 => 4,
                Self::STEPS => 6,
                _ => 5,
            }
        }

        fn clock(&self) -> Clock {
            Clock {
                tsc_timestamp: self.field(2, OLD.tsc_timestamp, NEW.tsc_timestamp),
                system_time: self.field(3, OLD.system_time, NEW.system_time),
                tsc_to_system_mul: self.field(4, OLD.tsc_to_system_mul, NEW.tsc_to_system_mul),
                tsc_shift: self.field(5, OLD.tsc_shift, NEW.tsc_shift),
                flags: self.field(6, OLD.flags, NEW.flags),
            }
        }

        fn tsc(&self) -> u64 {
            self.field(1, TSC[0], TSC[1])
        }

        fn acknowledge_stop(&self) {}
    }

    /// A record at rest.
    struct Still {
        clock: Clock,
        tsc: u64,
        acknowledged: Cell<u32>,
    }

    impl Still {
        fn new(clock: Clock, tsc: u64) -> Self {
            Self {
                clock,
                tsc,
                acknowledged: Cell::new(0),
            }
        }
    }

    impl Record for Still {
        fn version(&self) -> u32 {
            2
        }

        fn clock(&self) -> Clock {
            self.clock
        }

        fn tsc(&self) -> u64 {
            self.tsc
        }

        fn acknowledge_stop(&self) {
            self.acknowledged.set(self.acknowledged.get() + 1);
        }
    }

    /// A latest time that another CPU moves on to `other` before the first exchange.
    struct Shared {
        time: Cell<u64>,
        other: Cell<Option<u64>>,
    }

    impl Shared {
        fn new(time: u64, other: Option<u64>) -> Self {
            Self {
                time: Cell::new(time),
                other: Cell::new(other),
            }
        }
    }

    impl Latest for Shared {
        fn get(&self) -> u64 {
            self.time.get()
        }

        fn replace(&self, old: u64, new: u64) -> Result<(), u64> {
            if let Some(other) = self.other.take() {
                self.time.set(other);
            }
            if self.time.get() == old {
                self.time.set(new);
                Ok(())
            } else {
                Err(self.time.get())
            }
        }
    }

    #[test]
    fn a_snapshot_is_of_one_update_whenever_xen_writes() {
        for start in 0..20 {
            let snapshot = Snapshot::read(&Racing::new(start));
            let old = Snapshot {
                clock: OLD,
                tsc: TSC[0],
            };
            let new = Snapshot {
                clock: NEW,
                tsc: TSC[1],
            };

            // Eight accesses make a round: what begins after it is not seen.
            assert_eq!(snapshot, if start < 7 { new } else { old });
        }
    }

    #[test]
    fn time_goes_on_from_the_last_update() {
        let at = |clock, tsc| Snapshot { clock, tsc }.system_time();

        assert_eq!(at(OLD, 1_000), 5_000);
        assert_eq!(at(OLD, 1_001), 5_001);
        assert_eq!(at(NEW, 3_500), 7_250);
        // A right shift.
        let slow = Clock {
            tsc_to_system_mul: u32::MAX,
            tsc_shift: -2,
            ..OLD
        };
        assert_eq!(at(slow, 1_000 + (4 << 32)), 5_000 + u64::from(u32::MAX));
    }

    #[test]
    fn time_survives_any_bits() {
        for tsc_shift in [i8::MIN, -64, -1, 0, 63, 64, i8::MAX] {
            let clock = Clock {
                tsc_timestamp: u64::MAX,
                system_time: u64::MAX,
                tsc_to_system_mul: u32::MAX,
                tsc_shift,
                flags: u8::MAX,
            };
            let _ = Snapshot { clock, tsc: 0 }.system_time();
            let _ = clock.tsc_khz();
        }
    }

    #[test]
    fn the_rate_is_the_inverse_of_the_scale() {
        assert_eq!(OLD.tsc_khz(), 1_000_000);
        assert_eq!(NEW.tsc_khz(), 2_000_000);
        let slow = Clock {
            tsc_shift: -1,
            ..OLD
        };
        assert_eq!(slow.tsc_khz(), 4_000_000);
    }

    #[test]
    fn an_empty_record_has_no_rate() {
        let empty = Clock {
            tsc_to_system_mul: 0,
            ..OLD
        };

        assert_eq!(empty.tsc_khz(), 0);
    }

    #[test]
    fn unstable_clocks_never_step_back() {
        let latest = Shared::new(0, None);
        let read = |tsc| now(&Still::new(OLD, tsc), Trust::StableBit, &latest);

        assert_eq!(read(1_500), 5_500);
        assert_eq!(read(1_400), 5_500);
        assert_eq!(read(1_500), 5_500);
        assert_eq!(read(1_501), 5_501);
    }

    #[test]
    fn a_cpu_that_was_faster_is_not_undercut() {
        let latest = Shared::new(0, Some(9_000));
        assert_eq!(now(&Still::new(OLD, 1_500), Trust::Never, &latest), 9_000);
        assert_eq!(latest.get(), 9_000);

        let latest = Shared::new(0, Some(5_100));
        assert_eq!(now(&Still::new(OLD, 1_500), Trust::Never, &latest), 5_500);
        assert_eq!(latest.get(), 5_500);
    }

    #[test]
    fn the_stable_bit_counts_only_where_it_is_trusted() {
        let latest = Shared::new(9_000, None);
        let stable = Still::new(NEW, 3_500);
        let unstable = Still::new(OLD, 1_500);

        assert_eq!(now(&stable, Trust::StableBit, &latest), 7_250);
        assert_eq!(now(&stable, Trust::Never, &latest), 9_000);
        assert_eq!(now(&unstable, Trust::StableBit, &latest), 9_000);
    }

    #[test]
    fn a_stop_is_acknowledged_once_it_is_marked() {
        let latest = Shared::new(0, None);
        let stopped = Still::new(
            Clock {
                flags: VcpuTimeInfo::GUEST_STOPPED,
                ..OLD
            },
            1_500,
        );
        let running = Still::new(OLD, 1_500);

        assert_eq!(now(&stopped, Trust::Never, &latest), 5_500);
        assert_eq!(now(&running, Trust::Never, &latest), 5_500);
        assert_eq!(stopped.acknowledged.get(), 1);
        assert_eq!(running.acknowledged.get(), 0);
    }

    #[test]
    fn sched_clock_goes_on_where_it_was() {
        let boot = SchedOffset::starting_at(700);
        assert_eq!(boot.elapsed(700), 0);
        let elapsed = boot.elapsed(1_000);

        // A host that has been up for longer, and one that has not.
        for now in [50_000, 20] {
            let resumed = SchedOffset::resuming(now, elapsed);
            assert_eq!(resumed.elapsed(now), 300);
            assert_eq!(resumed.elapsed(now + 1), 301);
        }
    }

    #[test]
    fn the_tsc_wins_where_it_serves_as_well() {
        let good = Tsc {
            constant: true,
            nonstop: true,
            unstable: false,
            mode: Tsc::NEVER_EMULATE,
        };

        assert_eq!(rating(Role::Guest, good), 299);
        for bad in [
            Tsc {
                constant: false,
                ..good
            },
            Tsc {
                nonstop: false,
                ..good
            },
            Tsc {
                unstable: true,
                ..good
            },
            Tsc { mode: 0, ..good },
            Tsc { mode: 1, ..good },
            Tsc { mode: 3, ..good },
        ] {
            assert_eq!(rating(Role::Guest, bad), 400);
            assert_eq!(rating(Role::Initial, bad), 275);
        }
        assert_eq!(rating(Role::Initial, good), 275);
    }
}
