// SPDX-License-Identifier: GPL-2.0
/*
 * Performance counters: per-CPU storage, and what perf keeps to itself.
 */
#include <linux/percpu.h>
#include <linux/perf_event.h>

/* x86_pmu */
#include "../../events/perf_event.h"

#include "xen-ops.h"

static_assert(sizeof(struct xen_pmu_data) <= PAGE_SIZE);

DEFINE_PER_CPU(struct xenpmu, xenpmu_shared);

static struct perf_guest_info_callbacks xen_guest_cbs = {
	.state	= xen_guest_state,
	.get_ip	= xen_get_guest_ip,
};

void xen_use_guest_info_callbacks(void)
{
	perf_register_guest_info_callbacks(&xen_guest_cbs);
}

bool xen_pmu_handle_overflow(unsigned long ip, unsigned long sp,
			     unsigned short cs)
{
	struct pt_regs regs = {
		.ip = ip,
		.sp = sp,
		.cs = cs,
	};

	return x86_pmu.handle_irq(&regs);
}
