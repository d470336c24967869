// SPDX-License-Identifier: GPL-2.0

//! Idle CPUs: safe_halt() is a hypercall, and Xen sees to the rest.
//!
//! C ancestor: `setup.c:1060`, `enlighten_pvh.c:141`.

#![expect(unsafe_code)]

use kernel::warn_on;

use crate::raw::{
    bindings,
    section::init, //
};

init! {
    /// Has the kernel leave CPUs to Xen, which puts them to sleep and slows them down.
    pub(crate) fn leave_to_xen() {
        #[cfg(CONFIG_CPU_IDLE)]
        // SAFETY: Boot code, before the drivers start.
        unsafe {
            bindings::disable_cpuidle()
        };
        #[cfg(CONFIG_CPU_FREQ)]
        // SAFETY: As above.
        unsafe {
            bindings::disable_cpufreq()
        };
        // SAFETY: As above.
        let replaced = unsafe { bindings::xen_set_default_idle() };

        let _ = warn_on!(replaced);
    }
}
