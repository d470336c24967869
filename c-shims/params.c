// SPDX-License-Identifier: GPL-2.0
/*
 * Boot parameters, see Documentation/admin-guide/kernel-parameters.txt, and
 * initcalls: Rust's module!() has only the level of device drivers.
 */
#include <linux/init.h>

#include "xen-ops.h"

early_param("xen_emul_unplug", xen_parse_emul_unplug);
early_param("xen_legacy_crash", xen_parse_legacy_crash);
early_param("xen_timer_slop", xen_parse_timer_slop);
early_param("xen_nopv", xen_parse_nopv);
early_param("xen_no_vector_callback", xen_parse_no_vector_callback);
#ifdef CONFIG_XEN_PV
early_param("xen_msr_safe", xen_parse_msr_safe);
#endif

#ifdef CONFIG_XEN_PVH
/* Before __gnttab_init(), which takes over the frames that this sets up. */
core_initcall(xen_pvh_gnttab_setup);
#endif
