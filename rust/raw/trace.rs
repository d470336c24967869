// SPDX-License-Identifier: GPL-2.0

//! The events of `include/trace/events/xen.h` that Rust code causes.
//!
//! While an event is off, asking whether it is on is one instruction that does nothing; boot code
//! and the tracer patch it. What is traced then is a C call: the kernel's
//! tracing makes a `rust_do_trace_` function of each event, in `c-shims/trace.c`.
//!
//! Valid in any context in which tracing is.

#![cfg_attr(CONFIG_TRACEPOINTS, expect(unsafe_code))]

use kernel::ffi::{
    c_int,
    c_uint,
    c_void, //
};

use crate::raw::bindings::{
    cpumask,
    desc_ptr,
    desc_struct,
    gate_desc,
    mm_struct,
    multicall_entry,
    p4d_t,
    pgd_t,
    pmd_t,
    pte_t,
    pud_t, //
};

/// Defines a function for each event.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $event:ident($($argument:ident: $type:ty),* $(,)?);
    )*) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[cfg_attr(not(CONFIG_TRACEPOINTS), expect(unused_variables))]
        pub(crate) fn $event($($argument: $type),*) {
            #[cfg(CONFIG_TRACEPOINTS)]
            kernel::macros::paste! {
                // SAFETY: The key is a tracepoint's, in c-shims/trace.c.
                let enabled = unsafe {
                    kernel::jump_label::static_branch_unlikely!(
                        crate::raw::bindings::[<__tracepoint_ $event>],
                        crate::raw::bindings::tracepoint,
                        key
                    )
                };

                if enabled {
                    // SAFETY: It writes its arguments down, and follows none of them.
                    unsafe { crate::raw::bindings::[<rust_do_trace_ $event>]($($argument),*) };
                }
            }
        }
    )*};
}

events! {
    /// A batch begins, with these interrupt flags.
    xen_mc_batch(flags: usize);
    /// It ends, with or without a flush.
    xen_mc_issue(flush: bool, flags: usize);
    /// A multicall has its arguments.
    xen_mc_entry(entry: *mut multicall_entry, count: u32);
    /// A multicall is queued.
    xen_mc_entry_alloc(bytes: usize);
    /// A multicall may have grown: `XEN_MC_XE_*` says whether.
    xen_mc_extend_args(op: usize, bytes: usize, outcome: u32);
    /// A function is to be called when Xen has seen the multicalls.
    xen_mc_callback(function: Option<unsafe extern "C" fn(*mut c_void)>, data: *mut c_void);
    /// Multicalls are flushed because something is full: `XEN_MC_FL_*` says what.
    xen_mc_flush_reason(reason: u32);
    /// Multicalls are flushed.
    xen_mc_flush(entries: u32, argument_bytes: u32, callbacks: u32);
    /// An entry of the last level is stored.
    xen_mmu_set_pte(place: *mut pte_t, value: pte_t);
    /// An entry of the second level is stored.
    xen_mmu_set_pmd(place: *mut pmd_t, value: pmd_t);
    /// An entry of the third level is stored.
    xen_mmu_set_pud(place: *mut pud_t, value: pud_t);
    /// An entry of the top level is stored.
    xen_mmu_set_p4d(place: *mut p4d_t, user_place: *mut p4d_t, value: p4d_t);
    /// An entry is going to be changed.
    xen_mmu_ptep_modify_prot_start(mm: *mut mm_struct, address: usize, place: *mut pte_t, value: pte_t);
    /// It is changed.
    xen_mmu_ptep_modify_prot_commit(mm: *mut mm_struct, address: usize, place: *mut pte_t, value: pte_t);
    /// An address space has a new table.
    xen_mmu_alloc_ptpage(mm: *mut mm_struct, pfn: usize, level: u32, pinned: bool);
    /// A table is freed.
    xen_mmu_release_ptpage(pfn: usize, level: u32, pinned: bool);
    /// An address space is pinned.
    xen_mmu_pgd_pin(mm: *mut mm_struct, pgd: *mut pgd_t);
    /// An address space is unpinned.
    xen_mmu_pgd_unpin(mm: *mut mm_struct, pgd: *mut pgd_t);
    /// An address is flushed.
    xen_mmu_flush_tlb_one_user(address: usize);
    /// A range is flushed on several CPUs.
    xen_mmu_flush_tlb_multi(cpus: *const cpumask, mm: *mut mm_struct, address: usize, end: usize);
    /// The page tables of a CPU are others.
    xen_mmu_write_cr3(kernel: bool, cr3: usize);
    /// An entry of a local descriptor table is written.
    xen_cpu_write_ldt_entry(table: *mut desc_struct, entry: c_int, descriptor: u64);
    /// An entry of an interrupt descriptor table is written.
    xen_cpu_write_idt_entry(table: *mut gate_desc, entry: c_int, gate: *const gate_desc);
    /// An interrupt descriptor table is loaded.
    xen_cpu_load_idt(table: *const desc_ptr);
    /// An entry of a global descriptor table is written.
    xen_cpu_write_gdt_entry(
        table: *mut desc_struct,
        entry: c_int,
        descriptor: *const c_void,
        kind: c_int,
    );
    /// A local descriptor table is loaded.
    xen_cpu_set_ldt(address: *const c_void, entries: c_uint);
}
