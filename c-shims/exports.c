// SPDX-License-Identifier: GPL-2.0
/*
 * What modules may use of the code that is Rust: the names and licences that
 * they have always had. In C, because modversions reads C objects only.
 */
#include <linux/export.h>

#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>

#include <xen/acpi.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "xen-ops.h"

EXPORT_SYMBOL_GPL(arbitrary_virt_to_machine);
EXPORT_SYMBOL_GPL(xen_unmap_domain_gfn_range);
#ifdef CONFIG_XEN_PV
EXPORT_SYMBOL_GPL(xen_remap_pfn);
#endif

EXPORT_SYMBOL_GPL(xen_percpu_upcall);
#ifdef CONFIG_XEN_PVH
EXPORT_SYMBOL_GPL(xen_pvh);
#ifdef CONFIG_XEN_DOM0
EXPORT_SYMBOL_GPL(xen_pvh_setup_gsi);
#endif
#endif

#ifdef CONFIG_XEN_PV
EXPORT_SYMBOL_GPL(xen_p2m_addr);
EXPORT_SYMBOL_GPL(xen_p2m_size);
EXPORT_SYMBOL_GPL(xen_max_p2m_pfn);
EXPORT_SYMBOL_GPL(get_phys_to_machine);
EXPORT_SYMBOL(xen_alloc_p2m_entry);
#endif

EXPORT_SYMBOL_GPL(xen_has_pv_devices);
EXPORT_SYMBOL_GPL(xen_has_pv_nic_devices);
EXPORT_SYMBOL_GPL(xen_has_pv_disk_devices);
EXPORT_SYMBOL_GPL(xen_has_pv_and_legacy_disk_devices);

#ifdef CONFIG_HOTPLUG_CPU
EXPORT_SYMBOL(xen_arch_register_cpu);
EXPORT_SYMBOL(xen_arch_unregister_cpu);
#endif
