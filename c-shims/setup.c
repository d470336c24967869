// SPDX-License-Identifier: GPL-2.0
/* Setup of a PV guest: what the kernel reads by name, and what it does without. */
#include <linux/acpi.h>
#include <linux/bug.h>
#include <linux/cpufreq.h>
#include <linux/cpuidle.h>
#include <linux/init.h>

#include <asm/numa.h>
#include <asm/processor.h>

#include <xen/xen.h>

#include "xen-ops.h"

/* The memory map would allow PCI passthrough. */
bool xen_pv_pci_possible;

void __init xen_use_no_acpi(void)
{
	disable_acpi();
}

/* Idle by safe_halt(), which is a hypercall; Xen sees to the rest, and to nodes. */
void __init xen_use_xen_idle(void)
{
	disable_cpuidle();
	disable_cpufreq();
	WARN_ON(xen_set_default_idle());
#ifdef CONFIG_NUMA
	numa_off = 1;
#endif
}
