// SPDX-License-Identifier: GPL-2.0

//! System time: the clocksource, the zero of `sched_clock()`, the TSC's rate.
//!
//! `sched_clock()` itself is noinstr and so in C; it reads system time through `pvclock.c`, which
//! remembers the latest time on its own. Offsets of it are taken with the same reader, so that no
//! reading of it can be below one.

#![expect(unsafe_code)]

use kernel::{
    ffi::{
        c_int,
        c_ulong, //
    },
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    }, //
};

use crate::{
    abi::shared_info::VcpuTimeInfo,
    ffi::time::vsyscall,
    raw::{
        atomic::Word,
        bindings,
        preempt::PreemptOff,
        section::read_mostly,
        shared::{
            vcpu_info,
            Shared, //
        },
        table::{
            zeroed,
            Table, //
        },
        tsc,
        word::to_usize, //
    },
    time::source::{
        now,
        Clock,
        Latest,
        Record,
        SchedOffset,
        Snapshot,
        Trust, //
    },
};

/// The latest system time that anyone was told by [`system_time`].
static LATEST: Word = Word::new(0);

read_mostly! {
    /// Whether the stable bit was set at boot.
    static STABLE_BIT_TRUSTED: Word = Word::new(0);
}

/// Where `sched_clock()` was when the guest was suspended.
static SUSPENDED_AT: Atomic<u64> = Atomic::new(0);

impl Latest for Word {
    #[inline]
    fn get(&self) -> u64 {
        self.read()
    }

    #[inline]
    fn replace(&self, old: u64, new: u64) -> Result<(), u64> {
        self.replace(old, new)
    }
}

impl Record for Shared<VcpuTimeInfo> {
    #[inline]
    fn version(&self) -> u32 {
        Self::version(*self)
    }

    #[inline]
    fn clock(&self) -> Clock {
        Clock {
            tsc_timestamp: self.tsc_timestamp(),
            system_time: self.system_time(),
            tsc_to_system_mul: self.tsc_to_system_mul(),
            tsc_shift: self.tsc_shift(),
            flags: self.flags(),
        }
    }

    #[inline]
    fn tsc(&self) -> u64 {
        tsc::read_ordered()
    }

    #[cold]
    fn acknowledge_stop(&self) {
        self.clear_flags(VcpuTimeInfo::GUEST_STOPPED);
        // SAFETY: It has no preconditions.
        unsafe { bindings::pvclock_touch_watchdogs() };
    }
}

/// Returns the system time. Any context, NMI included: there is no lock, not even in what tells
/// the watchdogs, and `ktime_get_mono_fast_ns()` comes here from anywhere.
#[inline]
pub(super) fn system_time() -> u64 {
    let trust = match STABLE_BIT_TRUSTED.read() {
        0 => Trust::Never,
        _ => Trust::StableBit,
    };
    let _cpu = PreemptOff::new();

    vcpu_info().map_or(0, |vcpu| now(&vcpu.time(), trust, &LATEST))
}

/// Returns the system time as `sched_clock()` reads it.
fn sched_system_time() -> u64 {
    let _cpu = PreemptOff::new();

    vcpu_info().map_or(0, |vcpu| {
        let record = vcpu.time().as_ptr().cast_mut();

        // SAFETY: The record is this vCPU's.
        unsafe { bindings::pvclock_clocksource_read_nowd(record.cast()) }
    })
}

read_mostly! {
    /// The clocksource: one cycle is one nanosecond.
    pub(super) static CLOCKSOURCE: Table<bindings::clocksource> = Table::new(bindings::clocksource {
        name: c"xen".as_ptr().cast(),
        rating: 400,
        read: Some(xen_clocksource_get_cycles),
        mask: u64::MAX,
        flags: to_usize(bindings::CLOCK_SOURCE_IS_CONTINUOUS as u64), // CAST: It widens.
        enable: Some(enable),
        ..zeroed()
    });
}

/// Notes that the vDSO may read a page of Xen's.
extern "C" fn enable(_cs: *mut bindings::clocksource) -> c_int {
    const PVCLOCK: u32 = 1 << bindings::vdso_clock_mode_VDSO_CLOCKMODE_PVCLOCK;
    let used = &raw mut bindings::vclocks_used;

    // SAFETY: Whoever changes it only adds to it, under the lock of clocksources.
    unsafe { used.write_volatile(used.read_volatile() | PVCLOCK) };
    0
}

/// Reads the clocksource.
extern "C" fn xen_clocksource_get_cycles(_cs: *mut bindings::clocksource) -> u64 {
    system_time()
}

/// Returns how fast the TSC ticks, as Xen knows it: its record, or CPUID where there is none yet.
pub(super) extern "C" fn xen_tsc_khz() -> c_ulong {
    // SAFETY: Boot code may force features.
    unsafe { bindings::rust_helper_setup_force_cpu_cap(bindings::X86_FEATURE_TSC_KNOWN_FREQ) };
    let _cpu = PreemptOff::new();

    let khz = vcpu_info().map_or(0, |vcpu| Snapshot::read(&vcpu.time()).clock.tsc_khz());
    to_usize(if khz == 0 { tsc::khz().into() } else { khz })
}

/// Believes the stable bit from now on if it is set, and returns whether it is.
pub(super) fn trust_stable_bit() -> bool {
    let stable = {
        let _cpu = PreemptOff::new();

        vcpu_info().is_some_and(|vcpu| Snapshot::read(&vcpu.time()).clock.is_stable())
    };

    if stable {
        STABLE_BIT_TRUSTED.write(1);
        // SAFETY: It stores the flags that `sched_clock()` is to believe.
        unsafe { bindings::pvclock_set_flags(VcpuTimeInfo::TSC_STABLE) };
    }
    stable
}

/// Starts `sched_clock()` at zero.
pub(super) fn start_sched_clock() {
    set_sched_offset(SchedOffset::starting_at(sched_system_time()));
}

/// Stores what `sched_clock()` subtracts. No other CPU runs: at boot, and in `stop_machine()`.
fn set_sched_offset(offset: SchedOffset) {
    // SAFETY: One aligned word; an NMI reads the old value or the new one.
    unsafe { (&raw mut bindings::xen_sched_clock_offset).write_volatile(offset.get()) };
}

/// Returns what `sched_clock()` subtracts.
fn sched_offset() -> SchedOffset {
    // SAFETY: One aligned word, which is written where no other CPU runs.
    SchedOffset::starting_at(unsafe { (&raw const bindings::xen_sched_clock_offset).read() })
}

/// Remembers the time before the guest leaves this host. Runs in `stop_machine()`.
pub(crate) fn suspend() {
    SUSPENDED_AT.store(sched_offset().elapsed(sched_system_time()), Relaxed);
    vsyscall::suspend();
}

/// Goes on from there, on a host with another system time. Runs in `stop_machine()`.
pub(crate) fn resume() {
    vsyscall::resume();

    // The latest times are another host's: nothing may be compared with them.
    // SAFETY: It stores a zero, where no other CPU reads the clock.
    unsafe { bindings::pvclock_resume() };
    LATEST.write(0);
    set_sched_offset(SchedOffset::resuming(
        sched_system_time(),
        SUSPENDED_AT.load(Relaxed),
    ));
}
