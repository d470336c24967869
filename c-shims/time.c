// SPDX-License-Identifier: GPL-2.0
/* sched_clock(), which is noinstr, and the static calls that lead to it. */
#include <linux/init.h>
#include <linux/sched/cputime.h>
#include <linux/static_call.h>

#include <asm/pvclock.h>
#include <asm/timer.h>

#include "xen-ops.h"

u64 xen_sched_clock_offset __read_mostly;

static noinstr u64 xen_sched_clock(void)
{
	struct pvclock_vcpu_time_info *src;

	src = &__this_cpu_read(xen_vcpu)->time;
	return pvclock_clocksource_read_nowd(src) - xen_sched_clock_offset;
}

void __init xen_use_sched_clock(void)
{
	static_call_update(pv_steal_clock, xen_steal_clock);
	paravirt_set_sched_clock(xen_sched_clock);
}
