/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of the helpers: rust_helper_x() is x(), where x is a macro or an
 * inline function that Rust cannot call.
 */
#ifndef XEN_C_SHIMS_HELPERS_H
#define XEN_C_SHIMS_HELPERS_H

#include <linux/clocksource.h>
#include <linux/efi.h>
#include <linux/mm_types.h>
#include <linux/smp.h>

#include <asm/desc_defs.h>

#include <xen/interface/xen.h>

bool rust_helper_boot_cpu_has(unsigned int feature);
void rust_helper_setup_force_cpu_cap(unsigned int feature);
u32 rust_helper_xen_cpuid_base(void);
void rust_helper_cpuid(u32 leaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);
u32 rust_helper_xen_tsc_mode(void);
u64 rust_helper_rdmsrq(u32 msr);
void rust_helper_wrmsrq(u32 msr, u64 value);
bool rust_helper_x86_has_rtc(void);
bool rust_helper_x86_has_vga(void);
int rust_helper_memblock_reserve(phys_addr_t base, phys_addr_t size);
void rust_helper_on_each_cpu(smp_call_func_t function, void *info, bool wait);
const struct cpumask *rust_helper_cpumask_of(unsigned int cpu);
int rust_helper_clocksource_register_hz(struct clocksource *cs, u32 hz);
int rust_helper_kexec_crash_loaded(void);
bool rust_helper_cpu_has_syscall32(void);
bool rust_helper_cpu_has_sysfast32(void);
u64 rust_helper_maxmem(void);
struct page *rust_helper_pfn_to_page(unsigned long pfn);
unsigned long rust_helper_page_to_pfn(const struct page *page);
pgprot_t rust_helper_page_kernel(void);
pte_t rust_helper_mfn_pte(unsigned long mfn, pgprot_t prot);
void rust_helper_set_pte_at(struct mm_struct *mm, unsigned long address,
			    pte_t *ptep, pte_t pte);
#ifdef CONFIG_XEN_PV
u32 rust_helper_boot_cpu_vendor(void);
u8 rust_helper_boot_cpu_family(void);
u64 rust_helper_native_read_msr_safe(u32 msr);
u32 rust_helper_cpuid_to_apicid(unsigned int cpu);
bool rust_helper_cpu_present(unsigned int cpu);
u32 rust_helper_cpu_apicid(unsigned int cpu);
unsigned int rust_helper_mpc_ioapic_addr(unsigned int apic);
unsigned long rust_helper_mfn_to_pfn(unsigned long mfn);
unsigned long rust_helper_pfn_to_mfn(unsigned long pfn);
void *rust_helper_get_cpu_gdt_rw(unsigned int cpu);
void *rust_helper_mfn_to_virt(unsigned long mfn);
pgprot_t rust_helper_page_kernel_ro(void);
u64 rust_helper_native_read_msr(u32 msr);
int rust_helper_native_try_read_msr(u32 msr, u64 *value);
void rust_helper_native_write_msr(u32 msr, u64 value);
int rust_helper_native_try_write_msr(u32 msr, u64 value);
void rust_helper_native_cpuid(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);
void rust_helper_native_tss_invalidate_io_bitmap(void);
void rust_helper_set_fixmap_bootmap(phys_addr_t address);
void *rust_helper_fix_to_virt_bootmap(void);
struct mm_struct *rust_helper_loaded_mm(void);
bool rust_helper_vma_is_pfnmap_io(const struct vm_area_struct *vma);
void rust_helper_cond_resched(void);
bool rust_helper_in_interrupt(void);
#endif
#ifdef CONFIG_XEN_PV_SMP
void rust_helper_set_nr_cpu_ids(unsigned int nr);
void rust_helper_set_cpu_present(unsigned int cpu, bool present);
bool rust_helper_ioapic_is_disabled(void);
void rust_helper_speculative_store_bypass_ht_init(void);
void rust_helper_touch_softlockup_watchdog(void);
void rust_helper_local_irq_enable(void);
void rust_helper_load_kernel_page_tables(void);
unsigned long rust_helper_task_pt_regs(struct task_struct *task);
unsigned long rust_helper_task_top_of_stack(struct task_struct *task);
unsigned long rust_helper_current_pt_regs(void);
#endif
#ifdef CONFIG_XEN_EFI
enum efi_secureboot_mode
rust_helper_efi_get_secureboot_mode(efi_get_variable_t *get_variable);
efi_status_t rust_helper_efi_get_variable(efi_char16_t *name, efi_guid_t *guid,
					  u32 *attributes, unsigned long *size,
					  void *data);
#endif

unsigned long rust_helper_local_irq_save(void);
void rust_helper_local_irq_restore(unsigned long flags);

#endif /* XEN_C_SHIMS_HELPERS_H */
