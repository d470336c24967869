// SPDX-License-Identifier: GPL-2.0

//! What a PV guest's CPU is made of before it runs.
//!
//! Who changes it knows that the CPU does not run: the hotplug lock is held, or this is boot.
//!
//! C ancestor: `smp_pv.c:221`.

#![expect(unsafe_code)]

use core::ffi::c_void;

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
        frame::{
            Mfn,
            Paddr,
            PAGE_SIZE, //
        }, //
    },
    raw::{
        bindings,
        percpu::PerCpu,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

// SAFETY: `DEFINE_PER_CPU(u8, xen_vcpu_registered)` is in c-shims/smp_pv.c.
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

/// A CPU's descriptor table: one page, in its per-CPU area and in the direct map.
pub(crate) struct Descriptors {
    /// In the per-CPU area.
    table: *mut c_void,
    /// The frame.
    frame: Mfn,
}

impl Descriptors {
    /// Names the table of a CPU, if it is a page of its own.
    pub(crate) fn of(cpu: CpuId) -> Option<Self> {
        // SAFETY: Each possible CPU has one.
        let table = unsafe { bindings::rust_helper_get_cpu_gdt_rw(cpu.as_u32()) };
        // SAFETY: It is mapped.
        let frame = unsafe { bindings::arbitrary_virt_to_mfn(table) };

        Some(Self {
            table,
            frame: Mfn::new(to_u64(frame))?,
        })
        .filter(|_| to_u64(table.addr()) % PAGE_SIZE == 0)
    }

    /// Returns the frame.
    pub(crate) fn frame(&self) -> Mfn {
        self.frame
    }

    /// Returns where the direct map has it.
    fn alias(&self) -> *mut c_void {
        // SAFETY: The frame is one of ours.
        unsafe { bindings::rust_helper_mfn_to_virt(to_usize(self.frame.get())) }
    }

    /// Makes it one that Xen takes: nobody can write it.
    pub(crate) fn protect(&self) {
        for mapping in [self.table, self.alias()] {
            // SAFETY: Entries are changed by hypercalls only, which do without.
            unsafe { bindings::make_lowmem_page_readonly(mapping) };
        }
    }

    /// Makes it writable again.
    ///
    /// # Safety
    ///
    /// Xen must not use it.
    pub(crate) unsafe fn unprotect(&self) {
        for mapping in [self.table, self.alias()] {
            // SAFETY: Xen lets nobody have it writable that uses it, and does not by the caller's
            // promise.
            unsafe { bindings::make_lowmem_page_readwrite(mapping) };
        }
    }
}
