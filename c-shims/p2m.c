// SPDX-License-Identifier: GPL-2.0
/*
 * The p2m list: the words that inlines all over the kernel read, the lock of
 * those who change what maps it, and what only C can say to the page tables.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include <asm/pgalloc.h>
#include <asm/tlbflush.h>
#include <asm/xen/page.h>

#include "xen-ops.h"

unsigned long *xen_p2m_addr __read_mostly;
unsigned long xen_p2m_size __read_mostly;
unsigned long xen_max_p2m_pfn __read_mostly;

static DEFINE_SPINLOCK(p2m_update_lock);

unsigned long xen_p2m_lock(void)
{
	unsigned long flags;

	spin_lock_irqsave(&p2m_update_lock, flags);
	return flags;
}

void xen_p2m_unlock(unsigned long flags)
{
	spin_unlock_irqrestore(&p2m_update_lock, flags);
}

/* Before there are pages to allocate. */
void * __ref xen_p2m_alloc_early(unsigned long size)
{
	return memblock_alloc_or_panic(size, PAGE_SIZE);
}

void __ref xen_p2m_free_early(void *page)
{
	memblock_free(page, PAGE_SIZE);
}

/* Addresses for the list, in whole page-table pages. */
void * __init xen_p2m_reserve(unsigned long size)
{
	static struct vm_struct vm;

	vm.flags = VM_ALLOC;
	vm.size = size;
	vm_area_register_early(&vm, PMD_SIZE);
	return vm.addr;
}

void xen_p2m_announce_table(void *table)
{
	paravirt_alloc_pte(&init_mm, __pa(table) >> PAGE_SHIFT);
}

void xen_p2m_retract_table(void *table)
{
	paravirt_release_pte(__pa(table) >> PAGE_SHIFT);
}

void xen_p2m_map(pte_t *ptep, void *page)
{
	set_pte(ptep, pfn_pte(PFN_DOWN(__pa(page)), PAGE_KERNEL));
}

void xen_p2m_map_shared(pte_t *ptep, void *page)
{
	set_pte(ptep, pfn_pte(PFN_DOWN(__pa(page)), PAGE_KERNEL_RO));
}

void xen_p2m_set_table(pmd_t *pmdp, void *table)
{
	set_pmd(pmdp, __pmd(__pa(table) | _KERNPG_TABLE));
}

void xen_p2m_flush(unsigned long addr)
{
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
}
