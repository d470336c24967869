// SPDX-License-Identifier: GPL-2.0
/* Guest state: plain data that C, assembly and modules read by name. */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/virtio_anchor.h>

#include <xen/interface/xen.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>

#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>

#include "xen-ops.h"

unsigned long *machine_to_phys_mapping = (void *)MACH2PHYS_VIRT_START;
EXPORT_SYMBOL(machine_to_phys_mapping);
unsigned long machine_to_phys_nr;
EXPORT_SYMBOL(machine_to_phys_nr);

struct start_info *xen_start_info;
EXPORT_SYMBOL_GPL(xen_start_info);

/* The shared page, and what stands for it until it is mapped. */
struct shared_info xen_dummy_shared_info;
struct shared_info *HYPERVISOR_shared_info = &xen_dummy_shared_info;

bool xen_have_vector_callback __read_mostly = true;
EXPORT_SYMBOL_GPL(xen_have_vector_callback);

/* Not in .bss, which is cleared after the PVH entry has written these. */
enum xen_domain_type xen_domain_type __ro_after_init = XEN_NATIVE;
EXPORT_SYMBOL_GPL(xen_domain_type);
uint32_t xen_start_flags __ro_after_init;
EXPORT_SYMBOL(xen_start_flags);
#ifdef CONFIG_XEN_PVH
bool xen_pvh __ro_after_init;
#endif

#ifdef CONFIG_XEN_PV
/* The memory map would allow PCI passthrough. */
bool xen_pv_pci_possible;
#endif

/* Pages that a PV domain was built with and gave back at boot. */
unsigned long xen_released_pages;

/* Pages that may be populated later: guest/extra_memory.rs. */
struct xen_memory_region xen_extra_mem[XEN_EXTRA_MEM_MAX_REGIONS] __initdata;

#ifdef CONFIG_XEN_VIRTIO
void __init xen_use_grants_for_virtio(void)
{
	virtio_set_mem_acc_cb(xen_virtio_restricted_mem_acc);
}
#endif
