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
#include <trace/events/xen.h>

/*
 * For Rust, which calls them only while the event is enabled, see
 * rust/raw/trace.rs.
 */
#include "helpers.h"

void rust_helper_trace_xen_mc_entry_alloc(size_t args)
{
	trace_xen_mc_entry_alloc(args);
}

void rust_helper_trace_xen_mc_extend_args(unsigned long op, size_t args,
					  enum xen_mc_extend_args res)
{
	trace_xen_mc_extend_args(op, args, res);
}

void rust_helper_trace_xen_mc_callback(xen_mc_callback_fn_t fn, void *data)
{
	trace_xen_mc_callback(fn, data);
}

void rust_helper_trace_xen_mc_flush_reason(enum xen_mc_flush_reason reason)
{
	trace_xen_mc_flush_reason(reason);
}

void rust_helper_trace_xen_mc_flush(unsigned int mcidx, unsigned int argidx,
				    unsigned int cbidx)
{
	trace_xen_mc_flush(mcidx, argidx, cbidx);
}
