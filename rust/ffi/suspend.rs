// SPDX-License-Identifier: GPL-2.0

//! What `drivers/xen/manage.c` calls around the hypercall in which the domain sleeps.
//!
//! C ancestor: `suspend.c`.

#![expect(unsafe_code)]

mod hvm;
#[cfg(CONFIG_XEN_PV)]
mod pv;

use core::ptr::null_mut;

use kernel::{
    cpu::CpuId,
    ffi::{
        c_int,
        c_void, //
    },
};

#[cfg(CONFIG_XEN_HAVE_VPMU)]
use crate::ffi::cpu::pmu;
use crate::{
    ffi::{
        contract,
        time, //
    },
    raw::{
        bindings,
        cpu::has_feature,
        domain,
        percpu::PerCpu, //
    },
    suspend::{
        cpu::{
            self,
            ThisCpu, //
        },
        hvm::Outcome, //
    },
};

contract!(
    xen_arch_post_suspend(_),
    xen_arch_pre_suspend(),
    xen_arch_resume(),
    xen_arch_suspend()
);

// SAFETY: `DEFINE_PER_CPU(u64, xen_spec_ctrl)` is in c-shims/percpu.c.
const SAVED_SPEC_CTRL: PerCpu<u64> = unsafe { PerCpu::new(&raw const bindings::xen_spec_ctrl) };

/// The CPU that runs this, interrupts off.
struct Here;

impl ThisCpu for Here {
    fn keeps_spec_ctrl(&self) -> bool {
        // SAFETY: The bindings' numbers are those of features.
        domain::is_pv() && has_feature(bindings::X86_FEATURE_SPEC_CTRL)
    }

    fn is_boot_cpu(&self) -> bool {
        CpuId::current().as_u32() == 0
    }

    fn spec_ctrl(&mut self) -> u64 {
        // SAFETY: Only called where the register is.
        unsafe { bindings::rust_helper_rdmsrq(bindings::MSR_IA32_SPEC_CTRL) }
    }

    fn set_spec_ctrl(&mut self, value: u64) {
        // SAFETY: Only called where the register is, with what was read of it, or zero.
        unsafe { bindings::rust_helper_wrmsrq(bindings::MSR_IA32_SPEC_CTRL, value) };
    }

    fn save(&mut self, value: u64) {
        // SAFETY: Nobody else uses the variable.
        unsafe { SAVED_SPEC_CTRL.write(value) };
    }

    fn saved(&self) -> u64 {
        SAVED_SPEC_CTRL.read()
    }

    fn suspend_tick(&mut self) {
        // SAFETY: Interrupts are off, and processes are frozen.
        unsafe { bindings::tick_suspend_local() };
    }

    fn resume_tick(&mut self) {
        // SAFETY: As above.
        unsafe { bindings::tick_resume_local() };
    }
}

/// Prepares the CPU that runs this for sleep.
extern "C" fn suspend_here(_info: *mut c_void) {
    cpu::suspend(&mut Here);
}

/// Gets the CPU that runs this going again.
extern "C" fn resume_here(_info: *mut c_void) {
    cpu::resume(&mut Here);
}

/// Calls a function on each CPU that is on line, and waits for the last to return.
fn on_each_cpu(function: extern "C" fn(*mut c_void)) {
    // SAFETY: The functions here take any argument and do not sleep.
    unsafe { bindings::rust_helper_on_each_cpu(Some(function), null_mut(), true) };
}

/// Calls one of the vPMU's functions for each CPU that is on line, and stays so: processes are
/// frozen. May sleep.
#[cfg(CONFIG_XEN_HAVE_VPMU)]
fn for_each_vpmu(function: fn(CpuId)) {
    crate::raw::cpu::online()
        .filter_map(CpuId::from_u32)
        .for_each(function);
}

/// Prepares all CPUs for sleep. May sleep.
#[no_mangle]
extern "C" fn xen_arch_suspend() {
    #[cfg(CONFIG_XEN_HAVE_VPMU)]
    for_each_vpmu(pmu::finish);
    on_each_cpu(suspend_here);
}

/// Gets all CPUs going again, whether the domain slept or not. May sleep.
#[no_mangle]
extern "C" fn xen_arch_resume() {
    on_each_cpu(resume_here);
    #[cfg(CONFIG_XEN_HAVE_VPMU)]
    for_each_vpmu(pmu::init);
}

/// Takes leave of Xen. Runs in `stop_machine()`, interrupts off.
#[no_mangle]
extern "C" fn xen_arch_pre_suspend() {
    time::suspend();

    #[cfg(CONFIG_XEN_PV)]
    if domain::is_pv() {
        pv::pre_suspend();
    }
}

/// Gets known to Xen again, unless `cancelled`. Runs in `stop_machine()`, interrupts off.
#[no_mangle]
extern "C" fn xen_arch_post_suspend(cancelled: c_int) {
    let outcome = if cancelled == 0 {
        Outcome::Resumed
    } else {
        Outcome::Cancelled
    };

    if domain::is_pv() {
        #[cfg(CONFIG_XEN_PV)]
        pv::post_suspend(outcome);
    } else {
        hvm::post_suspend(outcome);
    }

    time::resume();
}
