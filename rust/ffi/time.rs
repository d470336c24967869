// SPDX-License-Identifier: GPL-2.0

//! Time: which of Xen's clocks and timers the kernel uses, and from when on.
//!
//! Also `xen_timer_slop=`, the least time before a timer fires.
//!
//! C ancestor: `time.c`.

#![expect(unsafe_code)]

pub(crate) mod event;
mod source;
mod vsyscall;
mod wallclock;

pub(crate) use source::{
    resume,
    suspend, //
};
use wallclock::{
    xen_get_wallclock,
    xen_set_wallclock, //
};

use core::ptr::null_mut;

use kernel::{
    cpu::CpuId,
    ffi::{
        c_char,
        c_int, //
    },
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    },
};

use crate::{
    ffi::contract,
    raw::{
        bindings::{
            self,
            x86_cpuinit,
            x86_init,
            x86_platform, //
        },
        domain,
        print::{
            printk,
            printk_once,
            INFO, //
        },
        section::init,
        shared,
        tsc,
        vcpu, //
    },
    time::{
        source::{
            Role,
            Tsc, //
        },
        HvmFacts,
        HvmVerdict, //
    },
};

contract!(xen_parse_timer_slop(_));

/// Whether an HVM or PVH guest has been given Xen time.
static HVM_TIME_INITIALIZED: Atomic<bool> = Atomic::new(false);

/// Nanoseconds in a second: the clocksource's frequency.
const NSEC_PER_SEC: u32 = 1_000_000_000;

init! {
    /// Has the kernel use Xen time in a PV guest.
    #[cfg(CONFIG_XEN_PV)]
    pub(crate) fn init_pv_ops() {
        use_sched_clock();
        // SAFETY: Boot code, before the kernel uses the tables.
        unsafe {
            x86_init.timers.timer_init = Some(xen_time_init);
            x86_init.timers.setup_percpu_clockev = Some(bindings::x86_init_noop);
            x86_cpuinit.setup_percpu_clockev = Some(bindings::x86_init_noop);
        }

        // The initial domain has a hardware clock to set, as without Xen.
        if !domain::is_initial() {
            // SAFETY: As above.
            unsafe { x86_platform.set_wallclock = Some(xen_set_wallclock) };
        }
    }
}

init! {
    /// Has the kernel use Xen time in an HVM or PVH guest, if it can; may be called again.
    pub(crate) fn init_hvm_ops() {
        if HVM_TIME_INITIALIZED.load(Relaxed) {
            return;
        }
        let facts = HvmFacts {
            has_vector_callback: domain::has_vector_callback(),
            has_safe_pvclock: domain::has_safe_pvclock(),
            has_record: shared::vcpu_info().is_some(),
        };

        match facts.verdict() {
            HvmVerdict::Use => {}
            HvmVerdict::NoCallback => return,
            HvmVerdict::UnsafePvclock => {
                printk_once!(INFO, "Xen doesn't support pvclock on HVM, disable pv timer\n");
                return;
            }
            HvmVerdict::NotYet => {
                printk!(
                    INFO,
                    "Delay xen_init_time_common() as kernel is running on vcpu={}\n",
                    vcpu::current().get()
                );
                // The kernel does not ask again, and a PVH guest has no device to measure it with.
                // SAFETY: Boot code, before the kernel uses the table.
                unsafe { x86_platform.calibrate_tsc = Some(source::xen_tsc_khz) };
                return;
            }
        }
        use_sched_clock();
        // SAFETY: Boot code, before the kernel uses the tables.
        unsafe {
            x86_init.timers.setup_percpu_clockev = Some(xen_time_init);
            x86_cpuinit.setup_percpu_clockev = Some(event::xen_hvm_setup_cpu_clockevents);
            x86_platform.set_wallclock = Some(xen_set_wallclock);
        }
        HVM_TIME_INITIALIZED.store(true, Relaxed);
    }
}

init! {
    /// Starts `sched_clock()` at zero, and has the kernel use it.
    fn use_sched_clock() {
        source::start_sched_clock();
        // SAFETY: Boot code, on the one CPU, whose record exists.
        unsafe { bindings::xen_use_sched_clock() };
        // SAFETY: Boot code, before the kernel uses the table.
        unsafe {
            x86_platform.calibrate_tsc = Some(source::xen_tsc_khz);
            x86_platform.get_wallclock = Some(xen_get_wallclock);
        }
    }
}

init! {
    /// Starts clocksource, timers and wall clock on the boot CPU.
    extern "C" fn xen_time_init() {
        let cpu = CpuId::current();

        register_clocksource();
        event::choose_interface();

        // To the nanosecond: until now the date has whole seconds.
        wallclock::set_system_date();

        // SAFETY: Boot code may force features.
        unsafe { bindings::rust_helper_setup_force_cpu_cap(bindings::X86_FEATURE_TSC) };

        // Where vCPU 0's record is vouched for, the clocksource can do without the latest time.
        if source::trust_stable_bit() {
            vsyscall::start();
        }
        event::start(cpu);
        // SAFETY: Boot code, once.
        unsafe { bindings::xen_time_setup_guest() };

        if domain::is_initial() {
            wallclock::follow();
        }
    }
}

init! {
    /// Offers the clocksource, rated by how much faster the TSC would be.
    fn register_clocksource() {
        let role = if domain::is_initial() {
            Role::Initial
        } else {
            Role::Guest
        };
        let facts = Tsc {
            constant: tsc::is_constant(),
            nonstop: tsc::is_nonstop(),
            unstable: tsc::is_unstable(),
            mode: tsc::mode(),
        };
        let clocksource = source::CLOCKSOURCE.as_ptr();

        // SAFETY: Nobody else knows the table yet.
        unsafe { (*clocksource).rating = crate::time::source::rating(role, facts) };
        // SAFETY: It is complete, and stays.
        unsafe { bindings::__clocksource_register_scale(clocksource, 1, NSEC_PER_SEC) };
    }
}

init! {
    /// Parses `xen_timer_slop=`; always returns 0, as there is nothing that init could do.
    ///
    /// # Safety
    ///
    /// `arg` must be null or a string.
    #[no_mangle]
    unsafe extern "C" fn xen_parse_timer_slop(arg: *mut c_char) -> c_int {
        if arg.is_null() {
            return 0;
        }
        // SAFETY: The caller's promise; it does not ask for the end of the number.
        event::set_slop(unsafe { bindings::memparse(arg, null_mut()) });
        0
    }
}
