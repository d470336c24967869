// SPDX-License-Identifier: GPL-2.0

//! Shutdown, restart and panic.

#![expect(unsafe_code)]

use kernel::{
    ffi::{
        c_char,
        c_int,
        c_ulong,
        c_void, //
    },
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    },
};

use crate::{
    abi::sched::Reason,
    ffi::contract,
    guest::shutdown::{
        frees_counters,
        OnPanic,
        PanicFacts, //
    },
    raw::{
        bindings,
        bug::bug_on_err,
        hypercall::sched,
        section::init,
        table::{
            zeroed,
            Table, //
        },
        word::from_int, //
    },
};

contract!(xen_parse_legacy_crash(_), xen_reboot(_));

/// What Xen is told when the kernel restarts the machine in an emergency: a crash after a panic.
static REASON: Atomic<u32> = Atomic::new(Reason::REBOOT.get());
/// Whether Xen is told of a panic at once: `xen_legacy_crash`.
static LEGACY_CRASH: Atomic<bool> = Atomic::new(false);

/// Shuts the domain down.
fn shutdown(reason: Reason) {
    if frees_counters(reason) {
        free_counters();
    }
    bug_on_err(sched::shutdown(reason), "the domain cannot be shut down");
}

/// Has Xen forget the performance counters of a PV guest, and frees their pages.
fn free_counters() {
    #[cfg(CONFIG_XEN_HAVE_VPMU)]
    crate::raw::cpu::online()
        .filter_map(kernel::cpu::CpuId::from_u32)
        .for_each(crate::ffi::cpu::pmu::finish);
}

/// Shuts the domain down for `reason`, one of `SHUTDOWN_*`. Any context.
#[no_mangle]
pub(crate) extern "C" fn xen_reboot(reason: c_int) {
    shutdown(Reason::from_raw(from_int(reason)));
}

/// Restarts the domain without any preparation. Any context.
#[cfg_attr(not(any(CONFIG_XEN_PV, CONFIG_XEN_PVH)), expect(dead_code))]
pub(in crate::ffi) extern "C" fn xen_emergency_restart() {
    shutdown(Reason::from_raw(REASON.load(Relaxed)));
}

/// Decides what becomes of a panic: the last entry of the kernel's list of those who want to know.
///
/// Any context, NMI included; no other CPU runs.
extern "C" fn xen_panic_event(
    _nb: *mut bindings::notifier_block,
    _event: c_ulong,
    _message: *mut c_void,
) -> c_int {
    let facts = PanicFacts {
        crash_kernel: has_crash_kernel(),
        legacy: LEGACY_CRASH.load(Relaxed),
        // SAFETY: No other CPU runs.
        timeout: unsafe { bindings::panic_timeout },
    };

    match facts.decide() {
        OnPanic::Leave => {}
        OnPanic::CrashNow => shutdown(Reason::CRASH),
        OnPanic::CrashLater { timeout } => {
            REASON.store(Reason::CRASH.get(), Relaxed);
            // SAFETY: As above; panic() looks at it next.
            unsafe { bindings::panic_timeout = timeout };
        }
    }
    NOTIFY_DONE
}

/// Returns whether another kernel waits for this one to crash.
fn has_crash_kernel() -> bool {
    #[cfg(CONFIG_CRASH_DUMP)]
    {
        // SAFETY: It has no preconditions.
        unsafe { bindings::kexec_crash_loaded() != 0 }
    }
    #[cfg(not(CONFIG_CRASH_DUMP))]
    false
}

/// What the kernel calls on a panic: the last of all.
static PANIC_NOTIFIER: Table<bindings::notifier_block> = Table::new(bindings::notifier_block {
    notifier_call: Some(xen_panic_event),
    priority: c_int::MIN,
    ..zeroed()
});

/// Has the kernel tell of a panic. Boot code, once.
pub(in crate::ffi) fn register_panic_handler() {
    // SAFETY: The notifier stays.
    unsafe {
        bindings::atomic_notifier_chain_register(
            &raw mut bindings::panic_notifier_list,
            PANIC_NOTIFIER.as_ptr(),
        )
    };
}

/// Whoever else wants to know of a panic is told.
const NOTIFY_DONE: c_int = bindings::NOTIFY_DONE as c_int; // CAST: It is 0.

init! {
    /// Parses `xen_legacy_crash`, which has no value; always returns 0.
    #[no_mangle]
    extern "C" fn xen_parse_legacy_crash(_arg: *mut c_char) -> c_int {
        LEGACY_CRASH.store(true, Relaxed);
        0
    }
}
