// SPDX-License-Identifier: GPL-2.0

//! What a PV guest's CPU is made of before it runs.
//!
//! Who changes it knows that the CPU does not run: the hotplug lock is held, or this is boot.
//!
//! C ancestor: `smp_pv.c:221`.

#![expect(unsafe_code)]

use kernel::{
    alloc::{
        flags::GFP_KERNEL,
        AllocError,
        KBox, //
    },
    cpu::CpuId,
};

use crate::{
    abi::{
        context::VcpuGuestContext,
        frame::Paddr, //
    },
    raw::{
        bindings,
        percpu::PerCpu, //
    },
};

// SAFETY: `DEFINE_PER_CPU(u8, xen_vcpu_registered)` is in c-shims/percpu.c.
const REGISTERED: PerCpu<u8> = unsafe { PerCpu::new(&raw const bindings::xen_vcpu_registered) };
// SAFETY: `DEFINE_PER_CPU(unsigned long, xen_cr3)` is C's.
const PAGE_TABLES: PerCpu<u64> = unsafe { PerCpu::new((&raw const bindings::xen_cr3).cast()) };

// SAFETY: It is `FromBytes`: zeros are a value.
unsafe impl pin_init::Zeroable for VcpuGuestContext {}

/// Makes room for the registers of a vCPU, and fills it with zeros. May sleep.
///
/// # Errors
///
/// No memory.
pub(crate) fn context() -> Result<KBox<VcpuGuestContext>, AllocError> {
    KBox::zeroed(GFP_KERNEL)
}

/// Returns whether Xen has the registers of a CPU's vCPU.
pub(crate) fn is_registered(cpu: CpuId) -> bool {
    // SAFETY: Each possible CPU has a copy.
    unsafe { REGISTERED.ptr(cpu).read_volatile() != 0 }
}

/// Notes whether it has.
pub(crate) fn set_registered(cpu: CpuId, is_registered: bool) {
    // SAFETY: Each possible CPU has a copy.
    unsafe { REGISTERED.ptr(cpu).write_volatile(u8::from(is_registered)) };
}

/// Writes down which page tables a CPU starts with.
pub(crate) fn set_page_tables(cpu: CpuId, tables: Paddr) {
    // SAFETY: Each possible CPU has a copy.
    unsafe { PAGE_TABLES.ptr(cpu).write_volatile(tables.get()) };
}
