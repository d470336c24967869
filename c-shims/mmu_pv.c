// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of a PV guest: tables in the kernel image, and the entries of
 * what is called everywhere, which save registers. What decides is Rust, mmu/,
 * and so are other stores into pv_ops.mmu: rust/ffi/mmu/ops.rs.
 */
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/linkage.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/pgtable.h>
#include <linux/spinlock.h>

#include <asm/paravirt.h>
#include <asm/tlbflush.h>

#include "../../mm/mm_internal.h"
#include "xen-ops.h"

/* Whether struct page says if a table is pinned. Before, all are. */
struct xen_mmu_state xen_mmu_state = {
	.struct_pages_ready = STATIC_KEY_FALSE_INIT,
};

void __init xen_use_struct_pages(void)
{
	static_branch_enable(&xen_mmu_state.struct_pages_ready);
}

#ifdef CONFIG_X86_VSYSCALL_EMULATION
/* L3 of the vsyscall page, for user mode */
pud_t level3_user_vsyscall[PTRS_PER_PUD] __page_aligned_bss;
#endif

/* L3 and L2 of the direct map, until it is complete */
pud_t level3_ident_pgt[PTRS_PER_PUD] __page_aligned_bss;
pmd_t level2_ident_pgt[PTRS_PER_PMD] __page_aligned_bss;

/* What is seen in place of a local APIC and of I/O APICs */
unsigned char xen_dummy_mapping[PAGE_SIZE] __page_aligned_bss;

/* Serializes exchanges of memory with Xen. */
static DEFINE_SPINLOCK(xen_reservation_lock);

unsigned long xen_lock_reservation(void)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_reservation_lock, flags);
	return flags;
}

void xen_unlock_reservation(unsigned long flags)
{
	spin_unlock_irqrestore(&xen_reservation_lock, flags);
}

#ifdef CONFIG_SPLIT_PTE_PTLOCKS
spinlock_t *xen_pte_lock(struct page *page, struct mm_struct *mm)
{
	spinlock_t *ptl = ptlock_ptr(page_ptdesc(page));

	spin_lock_nest_lock(ptl, &mm->page_table_lock);
	return ptl;
}
#endif

static noinstr void xen_write_cr2(unsigned long cr2)
{
	this_cpu_read(xen_vcpu)->arch.cr2 = cr2;
}

PV_CALLEE_SAVE_REGS_THUNK(xen_pte_val);
PV_CALLEE_SAVE_REGS_THUNK(xen_pmd_val);
PV_CALLEE_SAVE_REGS_THUNK(xen_pud_val);
PV_CALLEE_SAVE_REGS_THUNK(xen_p4d_val);
PV_CALLEE_SAVE_REGS_THUNK(xen_pgd_val);
PV_CALLEE_SAVE_REGS_THUNK(xen_make_pte_init);
PV_CALLEE_SAVE_REGS_THUNK(xen_make_pte);
PV_CALLEE_SAVE_REGS_THUNK(xen_make_pmd);
PV_CALLEE_SAVE_REGS_THUNK(xen_make_pud);
PV_CALLEE_SAVE_REGS_THUNK(xen_make_p4d);
PV_CALLEE_SAVE_REGS_THUNK(xen_make_pgd);

void __init xen_use_entry_ops(void)
{
	pv_ops.mmu.read_cr2 = __PV_IS_CALLEE_SAVE(xen_read_cr2);
	pv_ops.mmu.write_cr2 = xen_write_cr2;
	/* Each page that the kernel flushes by itself is a hypercall. */
	tlb_single_page_flush_ceiling = 1;

	pv_ops.mmu.pte_val = PV_CALLEE_SAVE(xen_pte_val);
	pv_ops.mmu.pmd_val = PV_CALLEE_SAVE(xen_pmd_val);
	pv_ops.mmu.pud_val = PV_CALLEE_SAVE(xen_pud_val);
	pv_ops.mmu.p4d_val = PV_CALLEE_SAVE(xen_p4d_val);
	pv_ops.mmu.pgd_val = PV_CALLEE_SAVE(xen_pgd_val);
	pv_ops.mmu.make_pte = PV_CALLEE_SAVE(xen_make_pte_init);
	pv_ops.mmu.make_pmd = PV_CALLEE_SAVE(xen_make_pmd);
	pv_ops.mmu.make_pud = PV_CALLEE_SAVE(xen_make_pud);
	pv_ops.mmu.make_p4d = PV_CALLEE_SAVE(xen_make_p4d);
	pv_ops.mmu.make_pgd = PV_CALLEE_SAVE(xen_make_pgd);
}

void __init xen_use_final_entry_ops(void)
{
	pv_ops.mmu.make_pte = PV_CALLEE_SAVE(xen_make_pte);
}
