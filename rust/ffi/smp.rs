// SPDX-License-Identifier: GPL-2.0

//! CPUs of an HVM or PVH guest, from boot to their end; those of a PV guest are [`pv`]'s.
//!
//! C ancestor: `smp_hvm.c`.

#![expect(unsafe_code)]

#[cfg(CONFIG_XEN_PV)]
pub(super) mod apic;
pub(crate) mod interrupt;
mod ipi;
#[cfg(CONFIG_XEN_PV_SMP)]
pub(super) mod pv;
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
pub(crate) mod spinlock;

use kernel::{
    cpu::CpuId,
    ffi::c_uint, //
};

pub(super) use self::interrupt::find_ports;

use crate::{
    ffi::{
        guest::vcpu_info,
        time::{
            self,
            event, //
        }, //
    },
    raw::{
        bindings::{
            self,
            smp_ops, //
        },
        bug::bug,
        cpu,
        domain,
        section::init,
        vcpu, //
    },
    smp::hvm::{
        self,
        Cpus,
        Delivery, //
    },
};

/// Returns where events arrive.
fn delivery() -> Delivery {
    if domain::has_vector_callback() {
        Delivery::EachCpu
    } else {
        Delivery::OneCpu
    }
}

/// This guest's CPUs. Boot and hotplug serialize who works on them.
struct Hvm;

impl Cpus for Hvm {
    type Cpu = CpuId;

    fn init_interrupts(&mut self, cpu: CpuId) {
        let _ = kernel::warn_on!(interrupt::init(cpu).is_err());
    }

    fn init_lock(&mut self, cpu: CpuId) {
        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        spinlock::init_cpu(cpu);
        #[cfg(not(CONFIG_PARAVIRT_SPINLOCKS))]
        let _ = cpu;
    }

    fn forget_vcpu(&mut self, cpu: CpuId) {
        vcpu::forget(cpu);
    }

    fn free_interrupts(&mut self, cpu: CpuId) {
        interrupt::free(cpu);
    }

    fn free_lock(&mut self, cpu: CpuId) {
        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        spinlock::uninit_cpu(cpu);
        #[cfg(not(CONFIG_PARAVIRT_SPINLOCKS))]
        let _ = cpu;
    }

    fn free_timer(&mut self, cpu: CpuId) {
        event::teardown(cpu);
    }
}

init! {
    /// Has the kernel bring up the CPUs of an HVM or PVH guest with what Xen needs.
    pub(crate) fn init() {
        // SAFETY: Boot code, before the kernel uses the table.
        unsafe {
            smp_ops.smp_prepare_boot_cpu = Some(xen_hvm_smp_prepare_boot_cpu);
            smp_ops.smp_prepare_cpus = Some(xen_hvm_smp_prepare_cpus);
            smp_ops.smp_cpus_done = Some(xen_smp_cpus_done);
            #[cfg(CONFIG_HOTPLUG_CPU)]
            {
                smp_ops.cleanup_dead_cpu = Some(xen_hvm_cleanup_dead_cpu);
            }
        }

        match delivery() {
            // SAFETY: As above.
            Delivery::EachCpu => unsafe {
                smp_ops.smp_send_reschedule = Some(ipi::xen_smp_send_reschedule);
                smp_ops.send_call_func_ipi = Some(ipi::xen_smp_send_call_function_ipi);
                smp_ops.send_call_func_single_ipi =
                    Some(ipi::xen_smp_send_call_function_single_ipi);
            },
            Delivery::OneCpu => {
                #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
                spinlock::disable();
            }
        }
    }
}

init! {
    /// Prepares the CPU that runs this, before anything is patched.
    extern "C" fn xen_hvm_smp_prepare_boot_cpu() {
        if cpu::current() != 0 {
            bug("the boot CPU is not CPU 0");
        }
        // SAFETY: Boot code, on the boot CPU.
        unsafe { bindings::native_smp_prepare_boot_cpu() };
        // Other CPUs get their record when they come.
        vcpu_info::setup(CpuId::current());
        // Again, as the record may only exist since then.
        time::init_hvm_ops();
        // Lock and unlock are patched soon, in the kernel's text once and for all.
        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        spinlock::init();
    }
}

init! {
    /// Prepares for more CPUs.
    extern "C" fn xen_hvm_smp_prepare_cpus(max_cpus: c_uint) {
        // SAFETY: Boot code.
        unsafe { bindings::native_smp_prepare_cpus(max_cpus) };
        hvm::prepare(&mut Hvm, delivery(), CpuId::current(), cpu::possible());
    }
}

init! {
    /// Ends bringing up CPUs. PV guests have nothing to do here.
    extern "C" fn xen_smp_cpus_done(max_cpus: c_uint) {
        if domain::is_hvm() {
            // SAFETY: Boot code.
            unsafe { bindings::native_smp_cpus_done(max_cpus) };
        }
    }
}

/// Cleans up behind a CPU that stopped. May sleep.
#[cfg(CONFIG_HOTPLUG_CPU)]
extern "C" fn xen_hvm_cleanup_dead_cpu(cpu: c_uint) {
    if let Some(cpu) = CpuId::from_u32(cpu) {
        hvm::cleanup(&mut Hvm, delivery(), cpu);
    }
}
