// SPDX-License-Identifier: GPL-2.0
/*
 * The start of a PV guest: what of it patches the kernel's text. Built without
 * stack protector, as this runs before the canary has its place.
 */
#include <linux/init.h>
#include <linux/static_call.h>

#include <asm/text-patching.h>
#include <asm/xen/hypercall.h>

#include "xen-ops.h"

/* In entry_64.S: a jump that has to lead to xen_iret before there are alternatives. */
extern void early_xen_iret_patch(void);

void __init xen_pv_use_hypercalls(void)
{
	__text_gen_insn(&early_xen_iret_patch, JMP32_INSN_OPCODE,
			&early_xen_iret_patch, &xen_iret, JMP32_INSN_SIZE);
	static_call_update_early(xen_hypercall, xen_hypercall_pv);
}
