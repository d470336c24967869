// SPDX-License-Identifier: GPL-2.0

//! What CPU hotplug has done in an HVM or PVH guest, for each CPU but the first.
//!
//! C ancestor: `enlighten_hvm.c:151`.

#![expect(unsafe_code)]

use kernel::ffi::c_int;

#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
use crate::ffi::smp::spinlock;
use crate::{
    ffi::guest::{
        hotplug::{
            Guest,
            OfflineCpu, //
        },
        vcpu_info, //
    },
    guest::hotplug::Failure,
    hvm::{
        cpu::{
            self,
            Cpu,
            Delivery, //
        },
        platform, //
    },
    raw::{
        bindings,
        domain,
        vcpu, //
    },
};

impl Cpu for OfflineCpu {
    fn unbind_lock(&mut self) {
        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        spinlock::uninit_cpu(self.id());
    }

    fn set_vcpu_id(&mut self) {
        let cpu = self.id().as_u32();

        if let Some(id) = platform::vcpu_id(acpi_uid(cpu), cpu) {
            vcpu::set(self.id(), id);
        }
    }

    fn register_record(&mut self) {
        vcpu_info::setup(self.id());
    }

    fn set_upcall_vector(&mut self) -> Result<(), c_int> {
        // SAFETY: The CPU exists, and its vector is allocated.
        match unsafe { bindings::xen_set_upcall_vector(self.id().as_u32()) } {
            0 => Ok(()),
            error => Err(error),
        }
    }
}

/// Returns the number that ACPI has for a CPU, which is its vCPU's, if there is ACPI.
fn acpi_uid(cpu: u32) -> Option<u32> {
    #[cfg(CONFIG_ACPI)]
    {
        let mut uid = 0;

        // SAFETY: It checks the number of the CPU, and writes the answer.
        (unsafe { bindings::acpi_get_cpu_uid(cpu, &raw mut uid) } == 0).then_some(uid)
    }
    #[cfg(not(CONFIG_ACPI))]
    Some(cpu)
}

/// Returns how events come to CPUs.
fn delivery() -> Delivery {
    Delivery {
        vector_callback: domain::has_vector_callback(),
        // SAFETY: Written in boot only.
        percpu_upcall: unsafe { bindings::xen_percpu_upcall },
        safe_pvclock: domain::has_safe_pvclock(),
    }
}

/// An HVM or PVH guest.
pub(super) struct Hvm;

impl Guest for Hvm {
    fn prepare(cpu: &mut OfflineCpu) -> Result<(), Failure<c_int>> {
        cpu::prepare(cpu, delivery())
    }

    fn dead(cpu: &mut OfflineCpu) {
        cpu::dead(cpu, delivery());
    }
}
