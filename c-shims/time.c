// SPDX-License-Identifier: GPL-2.0
/*
 * Time: sched_clock(), which is noinstr, the tables that the kernel's time
 * code is given, and the stores into its operation tables.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/init.h>
#include <linux/pvclock_gtod.h>
#include <linux/sched/cputime.h>
#include <linux/static_call.h>
#include <linux/timekeeper_internal.h>

#include <asm/pvclock.h>
#include <asm/timer.h>
#include <asm/x86_init.h>

#include "xen-ops.h"

/* Nanoseconds that an event is at least away, unless xen_timer_slop= says otherwise. */
#define TIMER_SLOP	1

u64 xen_sched_clock_offset __read_mostly;

static noinstr u64 xen_sched_clock(void)
{
	struct pvclock_vcpu_time_info *src;

	src = &__this_cpu_read(xen_vcpu)->time;
	return pvclock_clocksource_read_nowd(src) - xen_sched_clock_offset;
}

static int xen_cs_enable(struct clocksource *cs)
{
	vclocks_set_used(VDSO_CLOCKMODE_PVCLOCK);
	return 0;
}

struct clocksource xen_clocksource __read_mostly = {
	.name	= "xen",
	.rating	= 400,
	.read	= xen_clocksource_get_cycles,
	.mask	= CLOCKSOURCE_MASK(64),
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
	.enable = xen_cs_enable,
};

/* What timers of both interfaces have in common: one tick is one nanosecond. */
#define XEN_CLOCKEVENT					\
	.name			= "xen",		\
	.features		= CLOCK_EVT_FEAT_ONESHOT, \
	.max_delta_ns		= 0xffffffff,		\
	.max_delta_ticks	= 0xffffffff,		\
	.min_delta_ns		= TIMER_SLOP,		\
	.min_delta_ticks	= TIMER_SLOP,		\
	.mult			= 1,			\
	.shift			= 0,			\
	.rating			= 500

struct clock_event_device xen_timerop_clockevent __ro_after_init = {
	XEN_CLOCKEVENT,
	.set_state_shutdown	= xen_timerop_shutdown,
	.set_next_event		= xen_timerop_set_next_event,
};

struct clock_event_device xen_vcpuop_clockevent __ro_after_init = {
	XEN_CLOCKEVENT,
	.set_state_shutdown	= xen_vcpuop_shutdown,
	.set_state_oneshot	= xen_vcpuop_set_oneshot,
	.set_next_event		= xen_vcpuop_set_next_event,
};

DEFINE_PER_CPU(struct xen_clock_event_device, xen_clock_events) = {
	.evt.irq = -1,
};

static int xen_pvclock_gtod_notify(struct notifier_block *nb,
				   unsigned long was_set, void *priv)
{
	const struct timekeeper *tk = priv;

	return xen_sync_wallclock(tk->xtime_sec,
				  tk->tkr_mono.xtime_nsec >> tk->tkr_mono.shift,
				  was_set);
}

static struct notifier_block xen_pvclock_gtod_notifier = {
	.notifier_call = xen_pvclock_gtod_notify,
};

void __init xen_use_wallclock_notifier(void)
{
	pvclock_gtod_register_notifier(&xen_pvclock_gtod_notifier);
}

void __init xen_use_sched_clock(void)
{
	static_call_update(pv_steal_clock, xen_steal_clock);
	paravirt_set_sched_clock(xen_sched_clock);

	x86_platform.calibrate_tsc = xen_tsc_khz;
	x86_platform.get_wallclock = xen_get_wallclock;
}

void __init xen_use_pv_timers(void)
{
	x86_init.timers.timer_init = xen_time_init;
	x86_init.timers.setup_percpu_clockev = x86_init_noop;
	x86_cpuinit.setup_percpu_clockev = x86_init_noop;
}

void __init xen_use_hvm_timers(void)
{
	x86_init.timers.setup_percpu_clockev = xen_time_init;
	x86_cpuinit.setup_percpu_clockev = xen_hvm_setup_cpu_clockevents;
}

void __init xen_use_no_rtc(void)
{
	x86_platform.set_wallclock = xen_set_wallclock;
}
