// SPDX-License-Identifier: GPL-2.0
/*
 * Macros and inline functions of the kernel's headers as functions, for Rust.
 *
 * Each is a real call, so nothing on a hot path belongs here. As in the
 * kernel's rust/helpers/, bindgen reads this file: there are no prototypes.
 */
#include <linux/efi.h>
#include <linux/irqflags.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <asm/cpufeature.h>
#include <asm/cpuid/api.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>
#include <asm/xen/hypervisor.h>

#include <xen/acpi.h>
#include <xen/page.h>

void rust_helper_setup_force_cpu_cap(unsigned int feature)
{
	setup_force_cpu_cap(feature);
}

u32 rust_helper_xen_cpuid_base(void)
{
	return xen_cpuid_base();
}

void rust_helper_cpuid(u32 leaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	cpuid(leaf, eax, ebx, ecx, edx);
}

u64 rust_helper_rdmsrq(u32 msr)
{
	u64 value;

	rdmsrq(msr, value);
	return value;
}

void rust_helper_wrmsrq(u32 msr, u64 value)
{
	wrmsrq(msr, value);
}

int __init rust_helper_memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	return memblock_reserve(base, size);
}

void rust_helper_on_each_cpu(smp_call_func_t function, void *info, bool wait)
{
	on_each_cpu(function, info, wait);
}

struct page *rust_helper_pfn_to_page(unsigned long pfn)
{
	return pfn_to_page(pfn);
}

unsigned long rust_helper_page_to_pfn(const struct page *page)
{
	return page_to_pfn(page);
}

pte_t rust_helper_mfn_pte(unsigned long mfn)
{
	return mfn_pte(mfn, PAGE_KERNEL);
}

void rust_helper_set_pte_at(struct mm_struct *mm, unsigned long address,
			    pte_t *ptep, pte_t pte)
{
	set_pte_at(mm, address, ptep, pte);
}

#ifdef CONFIG_XEN_PV
void __init rust_helper_cr4_init_shadow(void)
{
	cr4_init_shadow();
}

void __init rust_helper_xen_acpi_sleep_register(void)
{
	xen_acpi_sleep_register();
}

u64 rust_helper_native_read_msr(u32 msr)
{
	return native_read_msr(msr);
}

int rust_helper_native_read_msr_safe(u32 msr, u64 *value)
{
	return native_read_msr_safe(msr, value);
}

void rust_helper_native_write_msr(u32 msr, u64 value)
{
	native_write_msr(msr, value);
}

int rust_helper_native_write_msr_safe(u32 msr, u64 value)
{
	return native_write_msr_safe(msr, value);
}

void rust_helper_cond_resched(void)
{
	cond_resched();
}

bool rust_helper_in_interrupt(void)
{
	return in_interrupt();
}
#endif

#ifdef CONFIG_XEN_PV_SMP
void __init rust_helper_set_nr_cpu_ids(unsigned int nr)
{
	set_nr_cpu_ids(nr);
}

void rust_helper_local_irq_enable(void)
{
	local_irq_enable();
}
#endif

unsigned long rust_helper_local_irq_save(void)
{
	unsigned long flags;

	local_irq_save(flags);
	return flags;
}

void rust_helper_local_irq_restore(unsigned long flags)
{
	local_irq_restore(flags);
}

#ifdef CONFIG_XEN_EFI
enum efi_secureboot_mode
rust_helper_efi_get_secureboot_mode(efi_get_variable_t *get_variable)
{
	return efi_get_secureboot_mode(get_variable);
}
#endif
