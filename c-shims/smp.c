// SPDX-License-Identifier: GPL-2.0
/*
 * More than one CPU: per-CPU storage, what interrupts between CPUs call, and
 * the stores into the kernel's operation table.
 */
#include <linux/hardirq.h>
#include <linux/init.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <xen/events.h>

#include "xen-ops.h"

DEFINE_PER_CPU(struct xen_cpu_irq, xen_resched_irq) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_callfunc_irq) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_callfuncsingle_irq) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_debug_irq) = { .irq = -1 };

/* The port behind xen_callfunc_irq, or 0 */
DEFINE_PER_CPU_READ_MOSTLY(evtchn_port_t, xen_callfunc_port);

irqreturn_t xen_reschedule_interrupt(int irq, void *dev_id)
{
	inc_irq_stat(RESCHEDULE);
	scheduler_ipi();

	return IRQ_HANDLED;
}

irqreturn_t xen_call_function_interrupt(int irq, void *dev_id)
{
	generic_smp_call_function_interrupt();
	inc_irq_stat(CALL_FUNCTION);

	return IRQ_HANDLED;
}

irqreturn_t xen_call_function_single_interrupt(int irq, void *dev_id)
{
	generic_smp_call_function_single_interrupt();
	inc_irq_stat(CALL_FUNCTION);

	return IRQ_HANDLED;
}

void __init xen_use_hvm_cpus(void)
{
	smp_ops.smp_prepare_boot_cpu = xen_hvm_smp_prepare_boot_cpu;
	smp_ops.smp_prepare_cpus = xen_hvm_smp_prepare_cpus;
	smp_ops.smp_cpus_done = xen_smp_cpus_done;
#ifdef CONFIG_HOTPLUG_CPU
	smp_ops.cleanup_dead_cpu = xen_hvm_cleanup_dead_cpu;
#endif
}

void __init xen_use_hvm_ipis(void)
{
	smp_ops.smp_send_reschedule = xen_smp_send_reschedule;
	smp_ops.send_call_func_ipi = xen_smp_send_call_function_ipi;
	smp_ops.send_call_func_single_ipi = xen_smp_send_call_function_single_ipi;
}
