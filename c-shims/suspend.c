// SPDX-License-Identifier: GPL-2.0
/* What each CPU remembers while the domain sleeps. */
#include <linux/percpu.h>

#include "xen-ops.h"

DEFINE_PER_CPU(u64, xen_spec_ctrl);
