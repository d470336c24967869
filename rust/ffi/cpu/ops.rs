// SPDX-License-Identifier: GPL-2.0

//! `pv_ops.cpu`: what a PV guest's kernel does to its CPUs, of which each is a function here.
//!
//! rustc compares a function with the field that it is stored into, so these have no prototype.
//! The stores are in `.init.text`, where objtool finds them when it follows noinstr code's calls
//! through `pv_ops`; noinstr functions are in c-shims.
//!
//! C ancestor: `enlighten_pv.c:1304`, `enlighten_pv.c:1357`.

#![expect(unsafe_code)]

#[cfg(CONFIG_X86_IOPL_IOPERM)]
use super::control::ports::{
    xen_invalidate_io_bitmap,
    xen_update_io_bitmap, //
};
use super::{
    control::{
        xen_read_cr0,
        xen_store_tr,
        xen_write_cr0,
        xen_write_cr4, //
    },
    cpuid::xen_cpuid,
    descriptor::{
        xen_alloc_ldt,
        xen_free_ldt,
        xen_load_gdt,
        xen_load_gdt_boot,
        xen_set_ldt,
        xen_write_gdt_entry,
        xen_write_gdt_entry_boot,
        xen_write_ldt_entry, //
    },
    msr::{
        xen_read_msr,
        xen_read_msr_safe,
        xen_write_msr,
        xen_write_msr_safe, //
    },
    pmu::xen_read_pmc,
    switch::{
        xen_end_context_switch,
        xen_load_gs_index,
        xen_load_sp0,
        xen_load_tls,
        xen_start_context_switch, //
    },
    traps::{
        xen_load_idt,
        xen_write_idt_entry, //
    },
};
use crate::raw::{
    bindings::{
        self,
        pv_ops, //
    },
    section::init, //
};

init! {
    /// Has the kernel use them. PV start: they do without anything else.
    pub(in crate::ffi) fn use_ops() {
        // SAFETY: Boot code, on the one CPU, before calls through the table are patched.
        unsafe {
            bindings::pv_info = bindings::pv_info {
                extra_user_64bit_cs: bindings::FLAT_USER_CS64 as u16, // CAST: A selector.
                io_delay: false,
                name: c"Xen".as_ptr().cast(),
            };
            pv_ops.cpu.cpuid = Some(xen_cpuid);
            pv_ops.cpu.set_debugreg = Some(bindings::xen_set_debugreg);
            pv_ops.cpu.get_debugreg = Some(bindings::xen_get_debugreg);
            pv_ops.cpu.read_cr0 = Some(xen_read_cr0);
            pv_ops.cpu.write_cr0 = Some(xen_write_cr0);
            pv_ops.cpu.write_cr4 = Some(xen_write_cr4);
            pv_ops.cpu.read_msr = Some(xen_read_msr);
            pv_ops.cpu.write_msr = Some(xen_write_msr);
            pv_ops.cpu.read_msr_safe = Some(xen_read_msr_safe);
            pv_ops.cpu.write_msr_safe = Some(xen_write_msr_safe);
            pv_ops.cpu.read_pmc = Some(xen_read_pmc);
            pv_ops.cpu.store_tr = Some(xen_store_tr);
            pv_ops.cpu.load_sp0 = Some(xen_load_sp0);
            #[cfg(CONFIG_X86_IOPL_IOPERM)]
            {
                pv_ops.cpu.invalidate_io_bitmap = Some(xen_invalidate_io_bitmap);
                pv_ops.cpu.update_io_bitmap = Some(xen_update_io_bitmap);
            }
            pv_ops.cpu.start_context_switch = Some(xen_start_context_switch);
            pv_ops.cpu.end_context_switch = Some(xen_end_context_switch);
        }
        use_descriptors();
    }
}

init! {
    /// Has the kernel use those that are about descriptors.
    fn use_descriptors() {
        // SAFETY: Boot code, on the one CPU, before calls through the table are patched.
        unsafe {
            pv_ops.cpu.load_tr_desc = Some(bindings::nop_func);
            pv_ops.cpu.set_ldt = Some(xen_set_ldt);
            pv_ops.cpu.load_gdt = Some(xen_load_gdt);
            pv_ops.cpu.load_idt = Some(xen_load_idt);
            pv_ops.cpu.load_tls = Some(xen_load_tls);
            pv_ops.cpu.load_gs_index = Some(xen_load_gs_index);
            pv_ops.cpu.alloc_ldt = Some(xen_alloc_ldt);
            pv_ops.cpu.free_ldt = Some(xen_free_ldt);
            pv_ops.cpu.write_ldt_entry = Some(xen_write_ldt_entry);
            pv_ops.cpu.write_gdt_entry = Some(xen_write_gdt_entry);
            pv_ops.cpu.write_idt_entry = Some(xen_write_idt_entry);
        }
    }
}

init! {
    /// Loads the boot CPU's descriptors, which Xen does. This table is mapped only once.
    ///
    /// # Safety
    ///
    /// PV start, when page tables can be read.
    pub(in crate::ffi) unsafe fn load_boot_descriptors() {
        // SAFETY: The caller's promise; on the one CPU, which has this number.
        unsafe {
            pv_ops.cpu.write_gdt_entry = Some(xen_write_gdt_entry_boot);
            pv_ops.cpu.load_gdt = Some(xen_load_gdt_boot);
            bindings::switch_gdt_and_percpu_base(0);
            pv_ops.cpu.write_gdt_entry = Some(xen_write_gdt_entry);
            pv_ops.cpu.load_gdt = Some(xen_load_gdt);
        }
    }
}
