// SPDX-License-Identifier: GPL-2.0

//! `pv_ops.mmu`: what a PV guest's kernel does to page tables, of which each is a function here.
//!
//! rustc compares a function with the field that it is stored into, so these have no prototype.
//! Those that keep registers, or are noinstr, are stored by c-shims/mmu_pv.c.
//!
//! C ancestor: `mmu_pv.c:2181`.

use super::{
    access::{
        xen_alloc_pmd_init,
        xen_alloc_pte_init,
        xen_release_pmd_init,
        xen_release_pte_init,
        xen_set_fixmap, //
    },
    cleanup::xen_pagetable_init,
    cr3::{
        xen_read_cr3,
        xen_write_cr3, //
    },
    entry::{
        xen_ptep_modify_prot_commit,
        xen_ptep_modify_prot_start,
        xen_set_p4d,
        xen_set_pmd,
        xen_set_pte,
        xen_set_pte_init,
        xen_set_pud, //
    },
    pin::{
        xen_after_bootmem,
        xen_alloc_pmd,
        xen_alloc_pte,
        xen_alloc_pud,
        xen_enter_mmap,
        xen_exit_mmap,
        xen_pgd_alloc,
        xen_pgd_free,
        xen_release_pmd,
        xen_release_pte,
        xen_release_pud, //
    },
    tlb::{
        xen_flush_lazy_mmu,
        xen_flush_tlb,
        xen_flush_tlb_multi,
        xen_flush_tlb_one_user, //
    },
};
use crate::raw::{
    bindings::{
        self,
        pv_ops,
        x86_init, //
    },
    section::init, //
};

init! {
    /// Has the kernel use them, and those of boot code where there are two. PV start.
    pub(super) fn use_ops() {
        // SAFETY: Boot code, on the one CPU, before calls through the table are patched.
        unsafe {
            x86_init.paging.pagetable_init = Some(xen_pagetable_init);
            x86_init.hyper.init_after_bootmem = Some(xen_after_bootmem);

            bindings::xen_use_entry_ops();
            pv_ops.mmu.read_cr3 = Some(xen_read_cr3);
            pv_ops.mmu.write_cr3 = Some(xen_write_cr3);
            pv_ops.mmu.flush_tlb_user = Some(xen_flush_tlb);
            pv_ops.mmu.flush_tlb_kernel = Some(xen_flush_tlb);
            pv_ops.mmu.flush_tlb_one_user = Some(xen_flush_tlb_one_user);
            pv_ops.mmu.flush_tlb_multi = Some(xen_flush_tlb_multi);
            pv_ops.mmu.enter_mmap = Some(xen_enter_mmap);
            pv_ops.mmu.exit_mmap = Some(xen_exit_mmap);
            pv_ops.mmu.lazy_mode_flush = Some(xen_flush_lazy_mmu);
            pv_ops.mmu.set_fixmap = Some(xen_set_fixmap);

            pv_ops.mmu.pgd_alloc = Some(xen_pgd_alloc);
            pv_ops.mmu.pgd_free = Some(xen_pgd_free);
            pv_ops.mmu.alloc_pte = Some(xen_alloc_pte_init);
            pv_ops.mmu.alloc_pmd = Some(xen_alloc_pmd_init);
            pv_ops.mmu.alloc_pud = Some(xen_alloc_pmd_init);
            pv_ops.mmu.release_pte = Some(xen_release_pte_init);
            pv_ops.mmu.release_pmd = Some(xen_release_pmd_init);
            pv_ops.mmu.release_pud = Some(xen_release_pmd_init);

            pv_ops.mmu.set_pte = Some(xen_set_pte_init);
            pv_ops.mmu.set_pmd = Some(xen_set_pmd);
            pv_ops.mmu.set_pud = Some(xen_set_pud);
            pv_ops.mmu.set_p4d = Some(xen_set_p4d);
            pv_ops.mmu.ptep_modify_prot_start = Some(xen_ptep_modify_prot_start);
            pv_ops.mmu.ptep_modify_prot_commit = Some(xen_ptep_modify_prot_commit);
        }
    }
}

init! {
    /// Has the kernel queue entries: Xen knows most tables by now, and need not find out by a fault.
    pub(super) fn use_set_pte() {
        // SAFETY: As above.
        unsafe { pv_ops.mmu.set_pte = Some(xen_set_pte) };
    }
}

init! {
    /// Has the kernel use those of which there are two for good.
    pub(super) fn use_final_ops() {
        // SAFETY: As above.
        unsafe {
            pv_ops.mmu.alloc_pte = Some(xen_alloc_pte);
            pv_ops.mmu.alloc_pmd = Some(xen_alloc_pmd);
            pv_ops.mmu.alloc_pud = Some(xen_alloc_pud);
            pv_ops.mmu.release_pte = Some(xen_release_pte);
            pv_ops.mmu.release_pmd = Some(xen_release_pmd);
            pv_ops.mmu.release_pud = Some(xen_release_pud);
            bindings::xen_use_final_entry_ops();
        }
    }
}
