// SPDX-License-Identifier: GPL-2.0

//! Which vCPU a CPU is.
//!
//! Valid in any context once the CPU has been told: at boot, or before it comes on line.
//!
//! C ancestor: `xen_vcpu_nr()`.

#![expect(unsafe_code)]

use kernel::cpu::CpuId;

use crate::{
    abi::id::VcpuId,
    raw::{
        bindings,
        percpu::PerCpu, //
    },
};

/// `XEN_VCPU_ID_INVALID`: what no vCPU has.
#[cfg(CONFIG_SMP)]
const NO_VCPU: u32 = u32::MAX;

// SAFETY: `DEFINE_PER_CPU(uint32_t, xen_vcpu_id)` is in c-shims/percpu.c.
const VCPU_ID: PerCpu<u32> = unsafe { PerCpu::new(&raw const bindings::xen_vcpu_id) };

/// Returns the vCPU that runs this. Preemption should be off: it stays the one of the call.
#[inline]
pub(crate) fn current() -> VcpuId {
    VcpuId::from_raw(VCPU_ID.read())
}

/// Writes down which vCPU a CPU is: at boot for itself, else before it comes on line.
pub(crate) fn set(cpu: CpuId, id: VcpuId) {
    // SAFETY: Each possible CPU has a copy, and nobody asks for it at the time.
    unsafe { VCPU_ID.ptr(cpu).write_volatile(id.get()) };
}

/// Writes down that it is not known which vCPU a CPU is. It does not run yet.
#[cfg(CONFIG_SMP)]
pub(crate) fn forget(cpu: CpuId) {
    // SAFETY: Each possible CPU has a copy, and nobody asks for it at the time.
    unsafe { VCPU_ID.ptr(cpu).write_volatile(NO_VCPU) };
}

/// Returns the vCPU that is CPU `cpu`.
pub(crate) fn of(cpu: CpuId) -> VcpuId {
    // SAFETY: Each possible CPU has a copy, written before it comes on line.
    VcpuId::from_raw(unsafe { VCPU_ID.ptr(cpu).read_volatile() })
}

/// Returns whether CPU `cpu` has a vCPU: there may be more possible CPUs than Xen has vCPUs.
pub(crate) fn exists(cpu: CpuId) -> bool {
    VcpuId::new(of(cpu).get()).is_some()
}
