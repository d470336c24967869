// SPDX-License-Identifier: GPL-2.0

//! A PV guest's descriptor tables, as memory: pages that nobody may write once Xen uses them.
//!
//! C ancestor: `enlighten_pv.c:450`, `smp_pv.c:221`.

#![expect(unsafe_code)]

use core::ffi::c_void;

use crate::{
    abi::frame::{
        Mfn,
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    ffi::mmu::{
        access::protect,
        machine_address, //
    },
    mmu::pin::Access,
    raw::{
        address,
        bindings,
        frames,
        percpu::PerCpu,
        word::to_u64, //
    },
};

// SAFETY: `DEFINE_PER_CPU_PAGE_ALIGNED(struct gdt_page, gdt_page)` is in arch/x86/kernel/cpu/common.c.
pub(crate) const GDT: PerCpu<bindings::gdt_page> =
    unsafe { PerCpu::new(&raw const bindings::gdt_page) };

/// A global descriptor table: one page, in the per-CPU area and in the direct map.
pub(crate) struct Descriptors {
    /// In the per-CPU area.
    table: *mut c_void,
    /// The frame.
    frame: Mfn,
}

impl Descriptors {
    /// Names the table of a CPU, if it is a page of its own.
    #[cfg(CONFIG_XEN_PV_SMP)]
    pub(crate) fn of(cpu: kernel::cpu::CpuId) -> Option<Self> {
        Self::at(GDT.ptr(cpu).cast())
    }

    /// Names the table at `table`, if it is a page of its own.
    pub(crate) fn at(table: *mut c_void) -> Option<Self> {
        let address = to_u64(table.addr());

        Some(Self {
            table,
            frame: Mfn::new(machine_address(address) >> PAGE_SHIFT)?,
        })
        .filter(|_| address % PAGE_SIZE == 0)
    }

    /// Returns the frame.
    pub(crate) fn frame(&self) -> Mfn {
        self.frame
    }

    /// Returns where the direct map has it, as it does what is this domain's.
    fn alias(&self) -> Option<*mut c_void> {
        frames::page_of(self.frame).map(|page| address::physical_to_linear(page.base()))
    }

    /// Makes it one that Xen takes: nobody can write it but by hypercalls.
    pub(crate) fn protect(&self) {
        self.set_access(Access::ReadOnly);
    }

    /// Makes it writable again. Stops if Xen uses it.
    #[cfg(CONFIG_XEN_PV_SMP)]
    pub(crate) fn unprotect(&self) {
        self.set_access(Access::Writable);
    }

    /// Makes all mappings of it read-only or writable.
    fn set_access(&self, access: Access) {
        for mapping in [Some(self.table), self.alias()].into_iter().flatten() {
            protect(to_u64(mapping.addr()), access);
        }
    }
}
