// SPDX-License-Identifier: GPL-2.0
/* Multicalls: the switch of xen_mc_debug. */
#include <linux/init.h>
#include <linux/jump_label.h>

#include "xen-ops.h"

struct xen_mc_debug xen_mc_debug __ro_after_init = {
	.enabled = STATIC_KEY_FALSE_INIT,
};

static int __init xen_parse_mc_debug(char *arg)
{
	static_branch_enable(&xen_mc_debug.enabled);
	return 0;
}
early_param("xen_mc_debug", xen_parse_mc_debug);

void __init xen_mc_debug_disable(void)
{
	static_branch_disable(&xen_mc_debug.enabled);
}

/* Before a second CPU exists. */
early_initcall(xen_mc_debug_init);
