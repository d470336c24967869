/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of the helpers: rust_helper_x() is x(), where x is a macro or an
 * inline function that Rust cannot call.
 */
#ifndef XEN_C_SHIMS_HELPERS_H
#define XEN_C_SHIMS_HELPERS_H

#include <linux/efi.h>
#include <linux/mm_types.h>
#include <linux/smp.h>

void rust_helper_setup_force_cpu_cap(unsigned int feature);
u32 rust_helper_xen_cpuid_base(void);
void rust_helper_cpuid(u32 leaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);
u64 rust_helper_rdmsrq(u32 msr);
void rust_helper_wrmsrq(u32 msr, u64 value);
int rust_helper_memblock_reserve(phys_addr_t base, phys_addr_t size);
void rust_helper_on_each_cpu(smp_call_func_t function, void *info, bool wait);
struct page *rust_helper_pfn_to_page(unsigned long pfn);
unsigned long rust_helper_page_to_pfn(const struct page *page);
pte_t rust_helper_mfn_pte(unsigned long mfn);
void rust_helper_set_pte_at(struct mm_struct *mm, unsigned long address,
			    pte_t *ptep, pte_t pte);
#ifdef CONFIG_XEN_PV
void rust_helper_cr4_init_shadow(void);
void rust_helper_xen_acpi_sleep_register(void);
u64 rust_helper_native_read_msr(u32 msr);
int rust_helper_native_read_msr_safe(u32 msr, u64 *value);
void rust_helper_native_write_msr(u32 msr, u64 value);
int rust_helper_native_write_msr_safe(u32 msr, u64 value);
struct mm_struct *rust_helper_loaded_mm(void);
void rust_helper_cond_resched(void);
bool rust_helper_in_interrupt(void);
#endif
#ifdef CONFIG_XEN_PV_SMP
void rust_helper_set_nr_cpu_ids(unsigned int nr);
void rust_helper_local_irq_enable(void);
#endif
unsigned long rust_helper_local_irq_save(void);
void rust_helper_local_irq_restore(unsigned long flags);
#ifdef CONFIG_XEN_EFI
enum efi_secureboot_mode
rust_helper_efi_get_secureboot_mode(efi_get_variable_t *get_variable);
#endif

#endif /* XEN_C_SHIMS_HELPERS_H */
