// SPDX-License-Identifier: GPL-2.0
/* What each CPU of a PV guest keeps of its registers and tables. */
#include <linux/percpu.h>

#include "xen-ops.h"

DEFINE_PER_CPU(u8, xen_cpu_lazy_mode);
DEFINE_PER_CPU(struct xen_tls_held, xen_tls_held);
DEFINE_PER_CPU(struct xen_switch, xen_switch);
DEFINE_PER_CPU(u64, xen_cr0_value);
