// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of a PV guest: per-CPU data, tables in the kernel image, the
 * register-saving entries of what is called everywhere, and the stores into
 * the kernel's operation tables. What decides is Rust, mmu/.
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
#include <asm/x86_init.h>

#include <xen/swiotlb-xen.h>

#include "xen-ops.h"

/*
 * xen_cr3 is what this CPU has loaded, or will have when its multicalls are
 * flushed; xen_current_cr3 is what Xen has seen, for other CPUs to look at.
 */
DEFINE_PER_CPU(unsigned long, xen_cr3);
DEFINE_PER_CPU(unsigned long, xen_current_cr3);

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

/* Modules, for which bindgen reads headers, do not see what is in info. */
static void flush_tlb_multi_info(const struct cpumask *cpus,
				 const struct flush_tlb_info *info)
{
	xen_flush_tlb_multi(cpus, info->mm, info->start, info->end);
}

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

void __init xen_use_mmu_ops(void)
{
	x86_init.paging.pagetable_init = xen_pagetable_init;
	x86_init.hyper.init_after_bootmem = xen_after_bootmem;

	pv_ops.mmu.read_cr2 = __PV_IS_CALLEE_SAVE(xen_read_cr2);
	pv_ops.mmu.write_cr2 = xen_write_cr2;
	pv_ops.mmu.read_cr3 = xen_read_cr3;
	pv_ops.mmu.write_cr3 = xen_write_cr3;
	pv_ops.mmu.flush_tlb_user = xen_flush_tlb;
	pv_ops.mmu.flush_tlb_kernel = xen_flush_tlb;
	pv_ops.mmu.flush_tlb_one_user = xen_flush_tlb_one_user;
	pv_ops.mmu.flush_tlb_multi = flush_tlb_multi_info;
	pv_ops.mmu.enter_mmap = xen_enter_mmap;
	pv_ops.mmu.exit_mmap = xen_exit_mmap;
	pv_ops.mmu.lazy_mode_flush = xen_flush_lazy_mmu;
	pv_ops.mmu.set_fixmap = xen_set_fixmap;

	pv_ops.mmu.pgd_alloc = xen_pgd_alloc;
	pv_ops.mmu.pgd_free = xen_pgd_free;
	pv_ops.mmu.alloc_pte = xen_alloc_pte_init;
	pv_ops.mmu.alloc_pmd = xen_alloc_pmd_init;
	pv_ops.mmu.alloc_pud = xen_alloc_pmd_init;
	pv_ops.mmu.release_pte = xen_release_pte_init;
	pv_ops.mmu.release_pmd = xen_release_pmd_init;
	pv_ops.mmu.release_pud = xen_release_pmd_init;

	pv_ops.mmu.set_pte = xen_set_pte_init;
	pv_ops.mmu.set_pmd = xen_set_pmd;
	pv_ops.mmu.set_pud = xen_set_pud;
	pv_ops.mmu.set_p4d = xen_set_p4d;
	pv_ops.mmu.ptep_modify_prot_start = xen_ptep_modify_prot_start;
	pv_ops.mmu.ptep_modify_prot_commit = xen_ptep_modify_prot_commit;

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

/* Most tables are known to Xen by now, so that it need not find out by a fault. */
void __init xen_use_set_pte(void)
{
	pv_ops.mmu.set_pte = xen_set_pte;
}

/* Before the calls through pv_ops are patched. */
void __init xen_use_final_mmu_ops(void)
{
	pv_ops.mmu.alloc_pte = xen_alloc_pte;
	pv_ops.mmu.alloc_pmd = xen_alloc_pmd;
	pv_ops.mmu.alloc_pud = xen_alloc_pud;
	pv_ops.mmu.release_pte = xen_release_pte;
	pv_ops.mmu.release_pmd = xen_release_pmd;
	pv_ops.mmu.release_pud = xen_release_pud;
	pv_ops.mmu.make_pte = PV_CALLEE_SAVE(xen_make_pte);
}
