// SPDX-License-Identifier: GPL-2.0
/* The entry of the callback vector of HVM and PVH guests, which is noinstr. */
#include <linux/hardirq.h>

#include <xen/events.h>

#include <asm/apic.h>
#include <asm/idtentry.h>

#include "xen-ops.h"

/* Does each vCPU name its own vector? drivers/xen/events finds out. */
bool xen_percpu_upcall __ro_after_init;

DEFINE_IDTENTRY_SYSVEC(sysvec_xen_hvm_callback)
{
	struct pt_regs *old_regs = set_irq_regs(regs);

	/* Such a vector comes through the local APIC, the domain's does not. */
	if (xen_percpu_upcall)
		apic_eoi();

	inc_irq_stat(HYPERVISOR_CALLBACK);

	xen_evtchn_do_upcall();

	set_irq_regs(old_regs);
}
