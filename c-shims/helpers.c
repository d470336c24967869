// SPDX-License-Identifier: GPL-2.0
/*
 * Macros and inline functions of the kernel's headers as functions, for Rust.
 *
 * Each is a real call, so nothing on a hot path belongs here.
 */
#include <linux/clocksource.h>
#include <linux/cpumask.h>
#include <linux/kexec.h>
#include <linux/memblock.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/nmi.h>
#include <linux/pgtable.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/cpuid/api.h>
#include <asm/desc.h>
#include <asm/fixmap.h>
#include <asm/io_bitmap.h>
#include <asm/io_apic.h>
#include <asm/mmu_context.h>
#include <asm/msr.h>
#include <asm/spec-ctrl.h>
#include <asm/tlbflush.h>
#include <asm/x86_init.h>
#include <asm/xen/cpuid.h>
#include <asm/xen/hypervisor.h>

#include <xen/page.h>

#include "helpers.h"

bool rust_helper_boot_cpu_has(unsigned int feature)
{
	return boot_cpu_has(feature);
}

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

/* Leaf 4, sub-leaf 0 (0x40000x03) */
u32 rust_helper_xen_tsc_mode(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid_count(xen_cpuid_base() + 3, 0, &eax, &ebx, &ecx, &edx);
	return ebx;
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

bool __init rust_helper_x86_has_rtc(void)
{
	return x86_platform.legacy.rtc;
}

bool __init rust_helper_x86_has_vga(void)
{
	return !x86_platform.legacy.no_vga;
}

int __init rust_helper_memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	return memblock_reserve(base, size);
}

void rust_helper_on_each_cpu(smp_call_func_t function, void *info, bool wait)
{
	on_each_cpu(function, info, wait);
}

const struct cpumask *rust_helper_cpumask_of(unsigned int cpu)
{
	return cpumask_of(cpu);
}

int rust_helper_clocksource_register_hz(struct clocksource *cs, u32 hz)
{
	return clocksource_register_hz(cs, hz);
}

int rust_helper_kexec_crash_loaded(void)
{
	return kexec_crash_loaded();
}

bool rust_helper_cpu_has_syscall32(void)
{
	return cpu_feature_enabled(X86_FEATURE_SYSCALL32);
}

bool rust_helper_cpu_has_sysfast32(void)
{
	return cpu_feature_enabled(X86_FEATURE_SYSFAST32);
}

u64 rust_helper_maxmem(void)
{
	return MAXMEM;
}

struct page *rust_helper_pfn_to_page(unsigned long pfn)
{
	return pfn_to_page(pfn);
}

unsigned long rust_helper_page_to_pfn(const struct page *page)
{
	return page_to_pfn(page);
}

pgprot_t rust_helper_page_kernel(void)
{
	return PAGE_KERNEL;
}

pte_t rust_helper_mfn_pte(unsigned long mfn, pgprot_t prot)
{
	return mfn_pte(mfn, prot);
}

void rust_helper_set_pte_at(struct mm_struct *mm, unsigned long address,
			    pte_t *ptep, pte_t pte)
{
	set_pte_at(mm, address, ptep, pte);
}

#ifdef CONFIG_XEN_PV
u32 rust_helper_boot_cpu_vendor(void)
{
	return boot_cpu_data.x86_vendor;
}

u8 rust_helper_boot_cpu_family(void)
{
	return boot_cpu_data.x86;
}

u64 rust_helper_native_read_msr_safe(u32 msr)
{
	u64 val = 0;

	native_read_msr_safe(msr, &val);
	return val;
}

u32 rust_helper_cpuid_to_apicid(unsigned int cpu)
{
	return cpuid_to_apicid[cpu];
}

bool rust_helper_cpu_present(unsigned int cpu)
{
	return cpu_present(cpu);
}

u32 rust_helper_cpu_apicid(unsigned int cpu)
{
	return cpu_data(cpu).topo.apicid;
}

unsigned int rust_helper_mpc_ioapic_addr(unsigned int apic)
{
	return mpc_ioapic_addr(apic);
}

unsigned long rust_helper_mfn_to_pfn(unsigned long mfn)
{
	return mfn_to_pfn(mfn);
}

unsigned long rust_helper_pfn_to_mfn(unsigned long pfn)
{
	return pfn_to_mfn(pfn);
}

void *rust_helper_get_cpu_gdt_rw(unsigned int cpu)
{
	return get_cpu_gdt_rw(cpu);
}

void *rust_helper_mfn_to_virt(unsigned long mfn)
{
	return mfn_to_virt(mfn);
}

pgprot_t rust_helper_page_kernel_ro(void)
{
	return PAGE_KERNEL_RO;
}

u64 rust_helper_native_read_msr(u32 msr)
{
	return native_read_msr(msr);
}

int rust_helper_native_try_read_msr(u32 msr, u64 *value)
{
	return native_read_msr_safe(msr, value);
}

void rust_helper_native_write_msr(u32 msr, u64 value)
{
	native_write_msr(msr, value);
}

int rust_helper_native_try_write_msr(u32 msr, u64 value)
{
	return native_write_msr_safe(msr, value);
}

void rust_helper_native_cpuid(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	native_cpuid(eax, ebx, ecx, edx);
}

#ifdef CONFIG_X86_IOPL_IOPERM
void rust_helper_native_tss_invalidate_io_bitmap(void)
{
	native_tss_invalidate_io_bitmap();
}
#endif

void rust_helper_set_fixmap_bootmap(phys_addr_t address)
{
	set_fixmap(FIX_PARAVIRT_BOOTMAP, address);
}

void *rust_helper_fix_to_virt_bootmap(void)
{
	return (void *)fix_to_virt(FIX_PARAVIRT_BOOTMAP);
}

struct mm_struct *rust_helper_loaded_mm(void)
{
	return this_cpu_read(cpu_tlbstate.loaded_mm);
}

bool rust_helper_vma_is_pfnmap_io(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_PFNMAP | VM_IO)) == (VM_PFNMAP | VM_IO);
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

void __init rust_helper_set_cpu_present(unsigned int cpu, bool present)
{
	set_cpu_present(cpu, present);
}

bool __init rust_helper_ioapic_is_disabled(void)
{
	return ioapic_is_disabled;
}

void rust_helper_speculative_store_bypass_ht_init(void)
{
	speculative_store_bypass_ht_init();
}

void rust_helper_touch_softlockup_watchdog(void)
{
	touch_softlockup_watchdog();
}

void rust_helper_local_irq_enable(void)
{
	local_irq_enable();
}

void rust_helper_load_kernel_page_tables(void)
{
	load_cr3(swapper_pg_dir);
}

unsigned long rust_helper_task_pt_regs(struct task_struct *task)
{
	return (unsigned long)task_pt_regs(task);
}

unsigned long rust_helper_task_top_of_stack(struct task_struct *task)
{
	return task_top_of_stack(task);
}

unsigned long rust_helper_current_pt_regs(void)
{
	return (unsigned long)task_pt_regs(current);
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

efi_status_t rust_helper_efi_get_variable(efi_char16_t *name, efi_guid_t *guid,
					  u32 *attributes, unsigned long *size,
					  void *data)
{
	return efi.get_variable(name, guid, attributes, size, data);
}
#endif
