// SPDX-License-Identifier: GPL-2.0
/* PVH guests: stores into the kernel's tables, and drivers that are not for them. */
#include <linux/cpufreq.h>
#include <linux/cpuidle.h>
#include <linux/init.h>

#include <xen/xen.h>

#include <asm/paravirt_types.h>
#include <asm/processor.h>
#include <asm/reboot.h>
#include <asm/x86_init.h>

#include "xen-ops.h"

/* Written before .bss is cleared, so it must not lie there. */
bool xen_pvh __ro_after_init;

void __init xen_pvh_use_hooks(void)
{
	x86_init.oem.arch_setup = xen_pvh_arch_setup;
	x86_init.oem.banner = xen_banner;
}

void __init xen_pvh_use_restart(void)
{
	machine_ops.emergency_restart = xen_emergency_restart;
	pv_info.name = "Xen PVH";
}

#ifdef CONFIG_XEN_DOM0
/*
 * ACPI tables of a dom0 are the machine's, and describe CPUs that are Xen's
 * to put to sleep and to slow down. Those of other domains do not.
 */
void __init xen_pvh_use_no_power_drivers(void)
{
	disable_cpuidle();
	disable_cpufreq();
	WARN_ON(xen_set_default_idle());
}
#endif
