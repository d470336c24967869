// SPDX-License-Identifier: GPL-2.0
/* What the interrupts between CPUs call: the kernel has it as inlines. */
#include <linux/hardirq.h>
#include <linux/irq_work.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "xen-ops.h"

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

#ifdef CONFIG_XEN_PV_SMP
irqreturn_t xen_irq_work_interrupt(int irq, void *dev_id)
{
	irq_work_run();
	inc_irq_stat(IRQ_WORK);

	return IRQ_HANDLED;
}
#endif
