// SPDX-License-Identifier: GPL-2.0
/* Initcalls: Rust's module!() has only the level of device drivers. */
#include <linux/init.h>

#include "xen-ops.h"

/* Before __gnttab_init(), which takes over the frames that this sets up. */
core_initcall(xen_pvh_gnttab_setup);
