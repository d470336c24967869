// SPDX-License-Identifier: GPL-2.0
/*
 * Stores into the kernel's operation tables.
 *
 * In C and in .init.text: objtool reads the stores there, to follow calls
 * through pv_ops when it validates noinstr code.
 */
#include <linux/acpi.h>
#include <linux/crash_dump.h>
#include <linux/init.h>

#include <asm/paravirt_types.h>

#include "xen-ops.h"

void __init xen_hvm_use_exit_mmap(void)
{
	pv_ops.mmu.exit_mmap = xen_hvm_exit_mmap;
}

#ifdef CONFIG_PROC_VMCORE
static bool vmcore_pfn_is_ram(struct vmcore_cb *cb, unsigned long pfn)
{
	return xen_vmcore_pfn_is_ram(pfn);
}

static struct vmcore_cb xen_vmcore_cb = {
	.pfn_is_ram = vmcore_pfn_is_ram,
};

void __init xen_register_vmcore_cb(void)
{
	register_vmcore_cb(&xen_vmcore_cb);
}
#endif

#ifdef CONFIG_XEN_PV
#ifdef CONFIG_ACPI
static void __iomem *xen_acpi_os_ioremap(acpi_physical_address phys,
					 acpi_size size)
{
	return x86_acpi_os_ioremap(xen_find_nonram(phys, size), size);
}
#endif

void __init xen_use_acpi_os_ioremap(void)
{
#ifdef CONFIG_ACPI
	acpi_os_ioremap = xen_acpi_os_ioremap;
#endif
}
#endif
