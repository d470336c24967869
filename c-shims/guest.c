// SPDX-License-Identifier: GPL-2.0
/*
 * Guest state: plain data that C, assembly and modules read by name, and the
 * panic notifier's place in the kernel's list.
 */
#include <linux/export.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/percpu.h>

#include <xen/interface/xen.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>

#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>

#include "xen-ops.h"

/*
 * What Xen tells a vCPU: its own record below once that is registered, until
 * then its place in the shared page, or NULL where it has none there.
 */
DEFINE_PER_CPU(struct vcpu_info *, xen_vcpu);

/* A cache line each, so that none crosses a page, which Xen would refuse. */
DEFINE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info);
static_assert(sizeof(struct vcpu_info) <= SMP_CACHE_BYTES);

/* Xen's number of the vCPU that a CPU is. */
DEFINE_PER_CPU(uint32_t, xen_vcpu_id);
EXPORT_PER_CPU_SYMBOL(xen_vcpu_id);

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

/* Pages that a PV domain was built with and gave back at boot. */
unsigned long xen_released_pages;

/* Pages that may be populated later: guest/extra_memory.rs. */
struct xen_memory_region xen_extra_mem[XEN_EXTRA_MEM_MAX_REGIONS] __initdata;

static struct notifier_block xen_panic_block = {
	.notifier_call	= xen_panic_event,
	.priority	= INT_MIN,
};

int xen_panic_handler_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &xen_panic_block);
	return 0;
}
