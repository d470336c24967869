/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bindgen reads for rust/raw/bindings.rs: the contract, and the kernel
 * and Xen headers whose items bindgen_parameters lets through.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/console.h>
#include <linux/efi.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/screen_info.h>
#include <linux/tick.h>
#include <linux/vmalloc.h>

#include <asm/bootparam.h>
#include <asm/msr-index.h>
#include <asm/pvclock.h>
#include <asm/setup.h>
#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>

#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/hvc-console.h>
#include <xen/hvm.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/memory.h>
#include <xen/interface/platform.h>
#include <xen/interface/sched.h>
#include <xen/interface/vcpu.h>
#include <xen/interface/version.h>
#include <xen/interface/xen.h>
#include <xen/page.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "xen-ops.h"
#include "../c-shims/helpers.h"

/* Macros that bindgen cannot evaluate */
const u32 RUST_CONST_HELPER_NMI_MASK = NMI_MASK;
