// SPDX-License-Identifier: GPL-2.0
/* Per-CPU variables: rust/raw/percpu.rs reads them, and DEFINE_PER_CPU() is C's. */
#include <linux/export.h>
#include <linux/percpu.h>

#include <asm/xen/hypervisor.h>

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

DEFINE_PER_CPU(struct xen_clock_event_device, xen_clock_events) = {
	.evt.irq = -1,
};

/* What is remembered while the domain sleeps. */
DEFINE_PER_CPU(u64, xen_spec_ctrl);

#ifdef CONFIG_SMP
DEFINE_PER_CPU(struct xen_cpu_irq, xen_resched_irq) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_callfunc_irq) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_callfuncsingle_irq) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_debug_irq) = { .irq = -1 };

/* The port behind xen_callfunc_irq, or 0 */
DEFINE_PER_CPU_READ_MOSTLY(evtchn_port_t, xen_callfunc_port);
#endif

#ifdef CONFIG_PARAVIRT_SPINLOCKS
DEFINE_PER_CPU(struct xen_cpu_irq, lock_kicker_irq) = { .irq = -1 };
DEFINE_PER_CPU(u32, xen_qlock_wait_nest);
#endif

#ifdef CONFIG_XEN_PV_SMP
DEFINE_PER_CPU(struct xen_cpu_irq, xen_irq_work) = { .irq = -1 };
DEFINE_PER_CPU(struct xen_cpu_irq, xen_pmu_irq) = { .irq = -1 };
DEFINE_PER_CPU(u8, xen_vcpu_registered);
#endif

#ifdef CONFIG_XEN_PV
/* Registers and tables */
DEFINE_PER_CPU(u8, xen_cpu_lazy_mode);
DEFINE_PER_CPU(struct xen_tls_held, xen_tls_held);
DEFINE_PER_CPU(struct xen_switch, xen_switch);
DEFINE_PER_CPU(u64, xen_cr0_value);

/*
 * xen_cr3 is what this CPU has loaded, or will have when its multicalls are
 * flushed; xen_current_cr3 is what Xen has seen, for other CPUs to look at.
 */
DEFINE_PER_CPU(unsigned long, xen_cr3);
DEFINE_PER_CPU(unsigned long, xen_current_cr3);

DEFINE_PER_CPU(struct xen_mc_buffer, xen_mc_buffer);

DEFINE_PER_CPU(struct xenpmu, xenpmu_shared);
static_assert(sizeof(struct xen_pmu_data) <= PAGE_SIZE);
#endif
