// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs of a PV guest: per-CPU storage, what their interrupts call, and the
 * stores into the kernel's operation tables.
 */
#include <linux/hardirq.h>
#include <linux/init.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <asm/x86_init.h>

#include "xen-ops.h"

DEFINE_PER_CPU(struct xen_cpu_irq, xen_irq_work) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_pmu_irq) = { .irq = -1 };
DEFINE_PER_CPU(u8, xen_vcpu_registered);

irqreturn_t xen_irq_work_interrupt(int irq, void *dev_id)
{
	irq_work_run();
	inc_irq_stat(IRQ_WORK);

	return IRQ_HANDLED;
}

static const struct smp_ops xen_smp_ops __initconst = {
	.smp_prepare_boot_cpu	= xen_pv_smp_prepare_boot_cpu,
	.smp_prepare_cpus	= xen_pv_smp_prepare_cpus,
	.smp_cpus_done		= xen_smp_cpus_done,

	.kick_ap_alive		= xen_pv_kick_ap,
	.cpu_die		= xen_pv_cpu_die,
	.cleanup_dead_cpu	= xen_pv_cleanup_dead_cpu,
	.poll_sync_state	= xen_pv_poll_sync_state,
	.cpu_disable		= xen_pv_cpu_disable,
	.play_dead		= xen_pv_play_dead,

	.stop_other_cpus	= xen_pv_stop_other_cpus,
	.smp_send_reschedule	= xen_smp_send_reschedule,

	.send_call_func_ipi	= xen_smp_send_call_function_ipi,
	.send_call_func_single_ipi = xen_smp_send_call_function_single_ipi,
};

void __init xen_use_pv_cpus(void)
{
	smp_ops = xen_smp_ops;

	/* There is no BIOS whose tables could be searched for. */
	x86_init.mpparse.find_mptable		= x86_init_noop;
	x86_init.mpparse.early_parse_smp_cfg	= x86_init_noop;
	x86_init.mpparse.parse_smp_cfg		= x86_init_noop;
}

void __init xen_use_pv_topology(void)
{
	x86_init.mpparse.parse_smp_cfg		= xen_pv_smp_config;
}
