// SPDX-License-Identifier: GPL-2.0
/*
 * HVM and PVH guests: the entry of the callback vector, which is noinstr, the
 * descriptor that the kernel finds Xen by, and stores into its tables.
 */
#include <linux/hardirq.h>
#include <linux/init.h>
#include <linux/virtio_anchor.h>

#include <xen/events.h>

#include <asm/apic.h>
#include <asm/hypervisor.h>
#include <asm/idtentry.h>
#include <asm/paravirt_types.h>
#include <asm/reboot.h>
#include <asm/x86_init.h>

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

static bool __init x2apic_available(void)
{
	return x2apic_supported();
}

struct hypervisor_x86 x86_hyper_xen_hvm __initdata = {
	.name			= "Xen HVM",
	.detect			= xen_hvm_detect,
	.type			= X86_HYPER_XEN_HVM,
	.init.init_platform	= xen_hvm_guest_init,
	.init.x2apic_available	= x2apic_available,
	.init.init_mem_mapping	= xen_hvm_init_mem_mapping,
	.init.guest_late_init	= xen_hvm_guest_late_init,
	.init.msi_ext_dest_id	= xen_hvm_msi_ext_dest_id,
	.runtime.pin_vcpu	= xen_pin_vcpu,
	.ignore_nopv		= true,
};

/* As without Xen; only what finds PVH guests out has to stay. */
void __init xen_hvm_use_native_hooks(void)
{
	struct x86_hyper_init *init = &x86_hyper_xen_hvm.init;

	init->init_platform = x86_init_noop;
	init->x2apic_available = bool_x86_init_noop;
	init->init_mem_mapping = x86_init_noop;
	init->init_after_bootmem = x86_init_noop;
	x86_hyper_xen_hvm.runtime.pin_vcpu = x86_op_int_noop;
}

void __init xen_hvm_set_name(const char *name)
{
	pv_info.name = name;
}

void __init xen_hvm_use_hooks(void)
{
#ifdef CONFIG_XEN_VIRTIO_FORCE_GRANT
	virtio_set_mem_acc_cb(xen_virtio_restricted_mem_acc);
#endif
	x86_init.irqs.intr_init = xen_init_IRQ;
#ifdef CONFIG_KEXEC_CORE
	machine_ops.shutdown = xen_hvm_shutdown;
#endif
#ifdef CONFIG_CRASH_DUMP
	machine_ops.crash_shutdown = xen_hvm_crash_shutdown;
#endif
}
