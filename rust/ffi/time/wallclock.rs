// SPDX-License-Identifier: GPL-2.0

//! The wall clock: what the kernel asks Xen at boot and resume, and what dom0 tells it.

#![expect(unsafe_code)]

use core::cell::UnsafeCell;

use kernel::{
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*, //
};

use crate::{
    abi::{
        errno::XenErrno,
        platform::SetTime,
        shared_info::SharedInfo, //
    },
    ffi::time::source::system_time,
    raw::{
        bindings,
        hypercall,
        shared::{
            shared_info,
            Shared, //
        },
        table::{
            zeroed,
            Table, //
        },
        word::{
            to_int,
            to_long,
            to_signed, //
        }, //
    },
    time::wallclock::{
        Change,
        Host,
        Snapshot,
        Time,
        WallClock,
        WriteBack, //
    },
};

impl WallClock for Shared<SharedInfo> {
    fn version(&self) -> u32 {
        self.wall_clock_version()
    }

    fn sec(&self) -> u32 {
        self.wall_clock_sec()
    }

    fn sec_hi(&self) -> u32 {
        self.wall_clock_sec_hi()
    }

    fn nsec(&self) -> u32 {
        self.wall_clock_nsec()
    }
}

/// Returns the date.
fn date() -> bindings::timespec64 {
    let Time { sec, nsec } = Snapshot::read(&shared_info()).at(system_time());

    bindings::timespec64 {
        tv_sec: to_signed(sec),
        tv_nsec: to_long(nsec),
    }
}

/// Sets the kernel's clock by Xen's.
pub(super) fn set_system_date() {
    let date = date();

    // SAFETY: It reads `date`. A date that it refuses is refused silently, as in C.
    unsafe { bindings::do_settimeofday64(&date) };
}

/// Tells the kernel the date.
///
/// # Safety
///
/// `now` must be valid for writes.
pub(super) unsafe extern "C" fn xen_get_wallclock(now: *mut bindings::timespec64) {
    // SAFETY: The caller's promise.
    unsafe { now.write(date()) };
}

/// Refuses: a guest has no clock that could be set.
pub(super) extern "C" fn xen_set_wallclock(_now: *const bindings::timespec64) -> c_int {
    ENODEV.to_errno()
}

/// The write-back's state.
struct Serialized(UnsafeCell<WriteBack>);

// SAFETY: Timekeeping calls its notifiers under a lock of its own.
unsafe impl Sync for Serialized {}

/// When to tell Xen the date again.
static WRITE_BACK: Serialized = Serialized(UnsafeCell::new(WriteBack::new()));

/// Xen below.
struct Xen;

impl Host for Xen {
    fn system_time(&mut self) -> u64 {
        system_time()
    }

    fn set_time(&mut self, op: SetTime) -> Result<(), XenErrno> {
        hypercall::time::set_time(op)
    }
}

/// Tells Xen the date if it is due. Called by timekeeping under its lock, interrupts off.
///
/// # Safety
///
/// `timekeeper` must be the kernel's.
unsafe extern "C" fn clock_changed(
    _nb: *mut bindings::notifier_block,
    was_set: c_ulong,
    timekeeper: *mut c_void,
) -> c_int {
    let timekeeper = timekeeper.cast::<bindings::timekeeper>();
    // SAFETY: The caller's promise.
    let (sec, clock) = unsafe { ((*timekeeper).xtime_sec, &raw const (*timekeeper).tkr_mono) };
    // SAFETY: As above.
    let nsec = unsafe { (*clock).xtime_nsec >> (*clock).shift } as u32; // CAST: Below a second.
    let change = if was_set != 0 {
        Change::Set
    } else {
        Change::Tick
    };

    // SAFETY: Timekeeping's lock makes this the only reference.
    let state = unsafe { &mut *WRITE_BACK.0.get() };
    let answer = match state.update(&mut Xen, Time { sec, nsec }, change) {
        Ok(()) => bindings::NOTIFY_OK,
        Err(_) => bindings::NOTIFY_BAD,
    };

    to_int(answer)
}

/// What timekeeping calls.
static NOTIFIER: Table<bindings::notifier_block> = Table::new(bindings::notifier_block {
    notifier_call: Some(clock_changed),
    ..zeroed()
});

/// Has Xen's clock follow the kernel's. Boot code, once.
pub(super) fn follow() {
    // SAFETY: The notifier stays.
    unsafe { bindings::pvclock_gtod_register_notifier(NOTIFIER.as_ptr()) };
}
