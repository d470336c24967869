// SPDX-License-Identifier: GPL-2.0
/*
 * Which instruction enters Xen from an HVM or PVH guest.
 *
 * In C: it is about a static call and a noinstr function, and the first
 * hypercall may come before .bss is cleared.
 */
#include <linux/export.h>
#include <linux/instrumentation.h>
#include <linux/static_call.h>

#include <asm/cpu.h>
#include <asm/processor.h>
#include <asm/setup.h>
#include <asm/xen/hypercall.h>

#include "xen-ops.h"

DEFINE_STATIC_CALL(xen_hypercall, xen_hypercall_hvm);
EXPORT_STATIC_CALL_TRAMP(xen_hypercall);

/* vmmcall for AMD and its licensee, vmcall for everybody else. */
static __always_inline void *vendor_func(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return xen_hypercall_amd;
	default:
		return xen_hypercall_intel;
	}
}

void xen_hypercall_setfunc(void)
{
	/* A hypercall came before, or this is a PV guest. */
	if (static_call_query(xen_hypercall) != xen_hypercall_hvm)
		return;

	static_call_update(xen_hypercall, vendor_func());
}

/* Early hypercalls come before early_cpu_init(). */
static __ref void detect_vendor(void)
{
	init_cpu_devs();
	cpuid_scan_cpu(&boot_cpu_data);
	cpu_detect(&boot_cpu_data);
	get_cpu_vendor(&boot_cpu_data);
}

/*
 * Called by xen_hypercall_hvm, the first target of the static call. noinstr
 * is for PV guests, whose noinstr code makes hypercalls; they never get here,
 * so the body may be instrumented.
 */
noinstr void *__xen_hypercall_setfunc(void)
{
	void *func;

	instrumentation_begin();

	detect_vendor();
	func = vendor_func();
	static_call_update_early(xen_hypercall, func);

	instrumentation_end();

	return func;
}
