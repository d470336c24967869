// SPDX-License-Identifier: GPL-2.0

//! What CPU hotplug calls in a PV guest, for each CPU but the first.
//!
//! C ancestor: `enlighten_pv.c:1564`.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    error::code::{
        EINVAL,
        ENODEV, //
    },
    ffi::{
        c_int,
        c_uint, //
    },
    warn_on, //
};

use crate::{
    cpu::hotplug::{
        self,
        Cpu,
        Failure, //
    },
    ffi::{
        contract,
        guest::hotplug::xen_cpuhp_setup,
        time::event, //
    },
    raw::{
        print::{
            printk,
            WARNING, //
        },
        section::init,
        vcpu_info, //
    },
};

#[cfg(CONFIG_SMP)]
use crate::ffi::smp::interrupt;

contract!(xen_cpu_dead_pv(_), xen_cpu_up_prepare_pv(_));

/// A CPU that is off line.
struct OfflineCpu(CpuId);

/// Turns what a C function returns into a result.
#[cfg(CONFIG_SMP)]
fn result(error: c_int) -> Result<(), c_int> {
    if error == 0 {
        Ok(())
    } else {
        Err(error)
    }
}

impl Cpu for OfflineCpu {
    type Error = c_int;

    fn exists(&self) -> bool {
        vcpu_info::has_record(self.0)
    }

    fn bind_timer(&mut self) -> Result<(), c_int> {
        event::setup(self.0)
    }

    fn unbind_timer(&mut self) {
        event::teardown(self.0);
    }

    fn bind_ipis(&mut self) -> Result<(), c_int> {
        #[cfg(CONFIG_SMP)]
        result(interrupt::xen_smp_intr_init(self.0.as_u32()))?;
        Ok(())
    }

    fn unbind_ipis(&mut self) {
        #[cfg(CONFIG_SMP)]
        interrupt::xen_smp_intr_free(self.0.as_u32());
    }

    fn bind_pv(&mut self) -> Result<(), c_int> {
        #[cfg(CONFIG_XEN_PV_SMP)]
        result(crate::ffi::smp::pv::xen_smp_intr_init_pv(self.0.as_u32()))?;
        Ok(())
    }

    fn unbind_pv(&mut self) {
        #[cfg(CONFIG_XEN_PV_SMP)]
        crate::ffi::smp::pv::xen_smp_intr_free_pv(self.0.as_u32());
    }
}

/// Tells the user why a CPU does not come.
fn tell(cpu: u32, failure: Failure<c_int>) -> c_int {
    let (function, error) = match failure {
        Failure::Missing => return ENODEV.to_errno(),
        // event::setup() has told.
        Failure::Timer(error) => return error,
        Failure::Ipis(error) => ("xen_smp_intr_init", error),
        Failure::Pv(error) => ("xen_smp_intr_init_pv", error),
    };

    printk!(
        WARNING,
        "{}() for CPU {} failed: {}\n",
        function,
        cpu,
        error
    );
    let _ = warn_on!(true);
    error
}

/// Prepares CPU `cpu` for coming on line. May sleep.
#[no_mangle]
extern "C" fn xen_cpu_up_prepare_pv(cpu: c_uint) -> c_int {
    let Some(id) = CpuId::from_u32(cpu) else {
        return EINVAL.to_errno();
    };

    match hotplug::prepare(&mut OfflineCpu(id)) {
        Ok(()) => 0,
        Err(failure) => tell(cpu, failure),
    }
}

/// Unbinds the events of CPU `cpu`, which is off line. May sleep.
#[no_mangle]
extern "C" fn xen_cpu_dead_pv(cpu: c_uint) -> c_int {
    if let Some(cpu) = CpuId::from_u32(cpu) {
        hotplug::dead(&mut OfflineCpu(cpu));
    }
    0
}

init! {
    /// Has CPU hotplug call the functions above.
    pub(in crate::ffi) fn register() {
        let failed = xen_cpuhp_setup(Some(xen_cpu_up_prepare_pv), Some(xen_cpu_dead_pv));

        let _ = warn_on!(failed != 0);
    }
}
