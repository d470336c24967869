// SPDX-License-Identifier: GPL-2.0

//! CPUs that come and go.

#![expect(unsafe_code)]

use core::ffi::CStr;

use kernel::ffi::{
    c_int,
    c_uint, //
};

use crate::{
    ffi::contract,
    guest::hotplug::{
        setup,
        States, //
    },
    raw::bindings,
};

contract!(xen_cpuhp_setup(_, _));

/// What the kernel calls when a CPU comes or goes.
type Callback = Option<unsafe extern "C" fn(c_uint) -> c_int>;

/// The kernel's steps of bringing a CPU on line, and what those of this kind of guest are.
struct Cpuhp {
    prepare: Callback,
    dead: Callback,
}

impl Cpuhp {
    /// Adds a step, without a call of it for the CPUs that are on line.
    fn install(
        state: bindings::cpuhp_state,
        name: &'static CStr,
        startup: Callback,
        teardown: Callback,
    ) -> Result<(), c_int> {
        // SAFETY: The callbacks are functions that take the number of a CPU, and stay, as the name
        // does; this is the one place to use these states.
        match unsafe {
            bindings::__cpuhp_setup_state(
                state,
                name.as_ptr().cast(),
                false,
                startup,
                teardown,
                false,
            )
        } {
            error @ ..=-1 => Err(error),
            // The number of a dynamic state, or 0.
            _ => Ok(()),
        }
    }
}

impl States for Cpuhp {
    type Error = c_int;

    fn install_prepare(&mut self) -> Result<(), c_int> {
        Self::install(
            bindings::cpuhp_state_CPUHP_XEN_PREPARE,
            c"x86/xen/guest:prepare",
            self.prepare,
            self.dead,
        )
    }

    fn install_online(&mut self) -> Result<(), c_int> {
        Self::install(
            bindings::cpuhp_state_CPUHP_AP_ONLINE_DYN,
            c"x86/xen/guest:online",
            Some(xen_cpu_up_online),
            None,
        )
    }

    fn remove_prepare(&mut self) {
        // SAFETY: It was just installed, and no CPU has come since.
        unsafe {
            bindings::__cpuhp_remove_state(bindings::cpuhp_state_CPUHP_XEN_PREPARE, false);
        }
    }
}

/// Gives a CPU that comes on line a lock to wait with. Runs on it, and may sleep.
extern "C" fn xen_cpu_up_online(cpu: c_uint) -> c_int {
    #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
    crate::ffi::smp::spinlock::xen_init_lock_cpu(crate::raw::word::to_int(cpu));
    #[cfg(not(CONFIG_PARAVIRT_SPINLOCKS))]
    let _ = cpu;
    0
}

/// Has the kernel call Xen's steps when a CPU comes or goes.
///
/// Returns 0, or what the kernel refuses one with.
#[no_mangle]
pub(crate) extern "C" fn xen_cpuhp_setup(
    cpu_up_prepare_cb: Callback,
    cpu_dead_cb: Callback,
) -> c_int {
    let mut states = Cpuhp {
        prepare: cpu_up_prepare_cb,
        dead: cpu_dead_cb,
    };

    match setup(&mut states) {
        Ok(()) => 0,
        Err(error) => error,
    }
}

/// What `drivers/xen/cpu_hotplug.c` calls when the toolstack adds or removes a vCPU.
#[cfg(CONFIG_HOTPLUG_CPU)]
mod toolstack {
    use super::*;
    use crate::raw::print::{
        printk,
        ERR, //
    };

    contract!(xen_arch_register_cpu(_), xen_arch_unregister_cpu(_));

    /// Makes CPU `num` known to the kernel's device model. May sleep.
    #[no_mangle]
    extern "C" fn xen_arch_register_cpu(num: c_int) {
        // SAFETY: The number is that of a possible CPU that is not present.
        let answer = unsafe { bindings::arch_register_cpu(num) };

        if answer != 0 {
            printk!(ERR, "xen: CPU {} is not registered (err {})\n", num, answer);
        }
    }

    /// Makes the kernel's device model forget CPU `num`. May sleep.
    #[no_mangle]
    extern "C" fn xen_arch_unregister_cpu(num: c_int) {
        // SAFETY: The CPU was registered, and is off line.
        unsafe { bindings::arch_unregister_cpu(num) };
    }
}
