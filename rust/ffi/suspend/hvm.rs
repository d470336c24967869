// SPDX-License-Identifier: GPL-2.0

//! Waking up as an HVM or PVH guest.
//!
//! C ancestor: `suspend_hvm.c`.

#![expect(unsafe_code)]

use kernel::ffi::c_int;

use crate::{
    ffi::{
        guest::vcpu_info,
        hvm::shared_info,
        unplug::unplug_emulated_devices, //
    },
    raw::{
        bindings,
        bug::bug_on_err,
        cpu, //
    },
    suspend::hvm::{
        resume,
        Guest,
        Outcome,
        Vectors, //
    },
};

/// This guest.
struct Hvm;

impl Guest for Hvm {
    type Cpu = u32;
    type Error = c_int;

    fn init_shared_info(&mut self) {
        shared_info::init();
    }

    fn restore_vcpus(&mut self) {
        vcpu_info::restore();
    }

    fn set_callback_vector(&mut self) {
        // SAFETY: The vector is allocated.
        unsafe { bindings::xen_setup_callback_vector() };
    }

    fn set_upcall_vector(&mut self, cpu: u32) -> Result<(), c_int> {
        // SAFETY: The CPU exists, and its vector is allocated.
        match unsafe { bindings::xen_set_upcall_vector(cpu) } {
            0 => Ok(()),
            error => Err(error),
        }
    }

    fn unplug(&mut self) {
        unplug_emulated_devices();
    }
}

/// Returns how events arrive.
fn vectors() -> Vectors {
    // SAFETY: Written in boot only.
    if unsafe { bindings::xen_percpu_upcall } {
        Vectors::OfEachCpu
    } else {
        Vectors::OfDomain
    }
}

/// Brings the guest back to life. Runs in `stop_machine()`, interrupts off.
pub(super) fn post_suspend(outcome: Outcome) {
    bug_on_err(
        resume(&mut Hvm, outcome, vectors(), cpu::online()),
        "a CPU cannot get events after resume",
    );
}
