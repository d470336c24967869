// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of a PV guest while it boots, halting, and the forced event
 * callback. These are called with the least context that there is: noinstr.
 *
 * The flag itself is a byte in vcpu_info, which entry.S sets and clears once
 * the boot CPU has a place for it.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/smp.h>

#include <asm/paravirt_types.h>
#include <asm/x86_init.h>
#include <asm/xen/hypercall.h>

#include <xen/events.h>
#include <xen/interface/sched.h>
#include <xen/interface/vcpu.h>
#include <xen/xen-ops.h>

#include "xen-ops.h"

/* Any hypercall will do: on its way back Xen looks whether an event waits. */
noinstr void xen_force_evtchn_callback(void)
{
	(void)HYPERVISOR_xen_version(0, NULL);
}

/* Xen unmasks events before it blocks, so none is slept through. */
static noinstr void xen_safe_halt(void)
{
	if (HYPERVISOR_sched_op(SCHEDOP_block, NULL) != 0)
		BUG();
}

/* With interrupts off nothing is to wake this vCPU: take it down. */
static void xen_halt(void)
{
	if (irqs_disabled())
		HYPERVISOR_vcpu_op(VCPUOP_down,
				   xen_vcpu_nr(smp_processor_id()), NULL);
	else
		xen_safe_halt();
}

void __init xen_init_irq_ops(void)
{
	/* Until the flag has its place, interrupts are off and stay so. */
	pv_ops.irq.save_fl = __PV_IS_CALLEE_SAVE(paravirt_ret0);
	pv_ops.irq.irq_disable = __PV_IS_CALLEE_SAVE(paravirt_nop);
	pv_ops.irq.irq_enable = __PV_IS_CALLEE_SAVE(BUG_func);
	pv_ops.irq.safe_halt = xen_safe_halt;
	pv_ops.irq.halt = xen_halt;

	x86_init.irqs.intr_init = xen_init_IRQ;
}

/* The flag is in the vCPU's own record now: no need to look for it. */
void __init xen_use_direct_ops(void)
{
	pv_ops.irq.save_fl = __PV_IS_CALLEE_SAVE(xen_save_fl_direct);
	pv_ops.irq.irq_disable = __PV_IS_CALLEE_SAVE(xen_irq_disable_direct);
	pv_ops.irq.irq_enable = __PV_IS_CALLEE_SAVE(xen_irq_enable_direct);
	pv_ops.mmu.read_cr2 = __PV_IS_CALLEE_SAVE(xen_read_cr2_direct);
}
