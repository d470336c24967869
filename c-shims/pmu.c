// SPDX-License-Identifier: GPL-2.0
/* Performance counters: what perf keeps to itself. */
#include "../../events/perf_event.h"

#include "xen-ops.h"

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
