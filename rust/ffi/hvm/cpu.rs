// SPDX-License-Identifier: GPL-2.0

//! What CPU hotplug calls in an HVM or PVH guest, for each CPU but the first.
//!
//! C ancestor: `enlighten_hvm.c:151`.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    error::code::EINVAL,
    ffi::{
        c_int,
        c_uint, //
    },
    warn_on, //
};

use crate::{
    ffi::{
        contract,
        guest::{
            hotplug::xen_cpuhp_setup,
            vcpu_info::xen_vcpu_setup, //
        },
        time::event, //
    },
    hvm::{
        cpu::{
            self,
            Cpu,
            Delivery,
            Failure, //
        },
        platform, //
    },
    raw::{
        bindings,
        domain,
        print::{
            printk,
            WARNING, //
        },
        section::init,
        vcpu,
        word::to_int, //
    },
};

#[cfg(CONFIG_SMP)]
use crate::ffi::smp;

contract!(xen_hvm_cpu_dead(_), xen_hvm_cpu_up_prepare(_));

/// A CPU that is off line.
struct OfflineCpu(CpuId);

impl Cpu for OfflineCpu {
    type Error = c_int;

    fn unbind_lock(&mut self) {
        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        smp::spinlock::xen_uninit_lock_cpu(to_int(self.0.as_u32()));
    }

    fn set_vcpu_id(&mut self) {
        let cpu = self.0.as_u32();

        if let Some(id) = platform::vcpu_id(acpi_uid(cpu), cpu) {
            vcpu::set(self.0, id);
        }
    }

    fn register_record(&mut self) {
        xen_vcpu_setup(to_int(self.0.as_u32()));
    }

    fn set_upcall_vector(&mut self) -> Result<(), c_int> {
        // SAFETY: The CPU exists, and its vector is allocated.
        match unsafe { bindings::xen_set_upcall_vector(self.0.as_u32()) } {
            0 => Ok(()),
            error => Err(error),
        }
    }

    fn bind_timer(&mut self) -> Result<(), c_int> {
        event::setup(self.0)
    }

    fn unbind_timer(&mut self) {
        event::teardown(self.0);
    }

    fn bind_ipis(&mut self) -> Result<(), c_int> {
        #[cfg(CONFIG_SMP)]
        match smp::interrupt::xen_smp_intr_init(self.0.as_u32()) {
            0 => {}
            error => return Err(error),
        }
        Ok(())
    }

    fn unbind_ipis(&mut self) {
        #[cfg(CONFIG_SMP)]
        smp::interrupt::xen_smp_intr_free(self.0.as_u32());
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

/// Tells the user why a CPU does not come.
fn tell(cpu: u32, failure: Failure<c_int>) -> c_int {
    let error = match failure {
        // event::setup() has told.
        Failure::Timer(error) => return error,
        Failure::UpcallVector(error) => {
            printk!(
                WARNING,
                "HVMOP_set_evtchn_upcall_vector for CPU {} failed: {}\n",
                cpu,
                error
            );
            error
        }
        Failure::Ipis(error) => {
            printk!(
                WARNING,
                "xen_smp_intr_init() for CPU {} failed: {}\n",
                cpu,
                error
            );
            error
        }
    };

    let _ = warn_on!(true);
    error
}

/// Prepares CPU `cpu` for coming on line. May sleep.
#[no_mangle]
extern "C" fn xen_hvm_cpu_up_prepare(cpu: c_uint) -> c_int {
    let Some(id) = CpuId::from_u32(cpu) else {
        return EINVAL.to_errno();
    };

    match cpu::prepare(&mut OfflineCpu(id), delivery()) {
        Ok(()) => 0,
        Err(failure) => tell(cpu, failure),
    }
}

/// Unbinds the events of CPU `cpu`, which is off line. May sleep.
#[no_mangle]
extern "C" fn xen_hvm_cpu_dead(cpu: c_uint) -> c_int {
    if let Some(cpu) = CpuId::from_u32(cpu) {
        cpu::dead(&mut OfflineCpu(cpu), delivery());
    }
    0
}

init! {
    /// Has CPU hotplug call the functions above.
    pub(super) fn register() {
        let failed = xen_cpuhp_setup(Some(xen_hvm_cpu_up_prepare), Some(xen_hvm_cpu_dead));

        let _ = warn_on!(failed != 0);
    }
}
