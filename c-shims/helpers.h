/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of the helpers: rust_helper_x() is x(), where x is a macro or an
 * inline function that Rust cannot call.
 */
#ifndef XEN_C_SHIMS_HELPERS_H
#define XEN_C_SHIMS_HELPERS_H

#include <linux/efi.h>
#include <linux/mm_types.h>

unsigned int rust_helper_cpumask_next(int cpu, const struct cpumask *mask);
pgprot_t rust_helper_page_kernel(void);
pte_t rust_helper_mfn_pte(unsigned long mfn, pgprot_t prot);
void rust_helper_set_pte_at(struct mm_struct *mm, unsigned long address,
			    pte_t *ptep, pte_t pte);
#ifdef CONFIG_XEN_EFI
enum efi_secureboot_mode
rust_helper_efi_get_secureboot_mode(efi_get_variable_t *get_variable);
efi_status_t rust_helper_efi_get_variable(efi_char16_t *name, efi_guid_t *guid,
					  u32 *attributes, unsigned long *size,
					  void *data);
#endif

#endif /* XEN_C_SHIMS_HELPERS_H */
