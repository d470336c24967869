// SPDX-License-Identifier: GPL-2.0
/*
 * The events of include/trace/events/xen.h. They print hypercalls by name,
 * with names that the build generates from include/xen/interface/xen.h.
 */
#include <linux/ftrace.h>

#include <xen/interface/xen.h>
#include <xen/interface/xen-mca.h>

#define HYPERCALL(name)	[__HYPERVISOR_##name] = "(" #name ")",
static const char * const hypercall_names[] = {
#include <asm/xen-hypercalls.h>
};
#undef HYPERCALL

static const char *xen_hypercall_name(unsigned int op)
{
	if (op >= ARRAY_SIZE(hypercall_names) || !hypercall_names[op])
		return "";
	return hypercall_names[op];
}

#define CREATE_TRACE_POINTS
#define CREATE_RUST_TRACE_POINTS
#include <trace/events/xen.h>
