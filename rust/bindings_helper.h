/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bindgen reads for rust/raw/bindings.rs: the contract, and the kernel
 * and Xen headers whose items bindgen_parameters lets through.
 */
#include <linux/acpi.h>
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/console.h>
#include <linux/cpuidle.h>
#include <linux/crash_dump.h>
#include <linux/efi.h>
#include <linux/iscsi_ibft.h>
#include <linux/kexec.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/nmi.h>
#include <linux/panic_notifier.h>
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/pvclock_gtod.h>
#include <linux/reboot.h>
#include <linux/screen_info.h>
#include <linux/tick.h>
#include <linux/timekeeper_internal.h>
#include <linux/vmalloc.h>
#include <linux/vmcore_info.h>

#include <asm/apic.h>
#include <asm/bootparam.h>
#include <asm/clocksource.h>
#include <asm/desc.h>
#include <asm/e820/api.h>
#include <asm/early_ioremap.h>
#include <asm/hypervisor.h>
#include <asm/ia32.h>
#include <asm/idtentry.h>
#include <asm/io_apic.h>
#include <asm/io_bitmap.h>
#include <asm/msr-index.h>
#include <asm/mtrr.h>
#include <asm/numa.h>
#include <asm/pci_x86.h>
#include <asm/pvclock.h>
#include <asm/reboot.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/spec-ctrl.h>
#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>
#include <asm/xen/pci.h>
#include <asm/xen/swiotlb-xen.h>

#ifdef CONFIG_XEN_PV
#include <trace/events/xen.h>
#endif

#include <xen/acpi.h>
#include <xen/events.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvc-console.h>
#include <xen/hvm.h>
#include <xen/interface/callback.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/memory.h>
#include <xen/interface/physdev.h>
#include <xen/interface/platform.h>
#include <xen/interface/sched.h>
#include <xen/interface/vcpu.h>
#include <xen/interface/version.h>
#include <xen/interface/xen.h>
#include <xen/page.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

/* get_cpu_cap(), get_cpu_address_sizes() */
#include <../arch/x86/kernel/cpu/cpu.h>

#include "xen-ops.h"
#include "../c-shims/helpers.c"

/* Macros with casts or shifts of types, which bindgen takes for no number. */
const u32 RUST_CONST_HELPER_NMI_MASK = NMI_MASK;
const u32 RUST_CONST_HELPER_INTERRUPT_MASK = NMI_MASK | HARDIRQ_MASK | SOFTIRQ_MASK;
const u64 RUST_CONST_HELPER_TOP_OF_STACK = THREAD_SIZE - TOP_OF_KERNEL_STACK_PADDING;
#ifdef CONFIG_XEN_PV
const u32 RUST_CONST_HELPER_NULL_SEG = X86_BUG_NULL_SEG;
#ifdef CONFIG_X86_IOPL_IOPERM
const u16 RUST_CONST_HELPER_NO_IO_BITMAP = IO_BITMAP_OFFSET_INVALID;
#endif
#endif
const int RUST_CONST_HELPER_ACPI_EDGE_SENSITIVE = ACPI_EDGE_SENSITIVE;
const int RUST_CONST_HELPER_ACPI_ACTIVE_HIGH = ACPI_ACTIVE_HIGH;
#ifdef CONFIG_XEN_PV
/* Halves, as bindgen takes no number with the top bit set for one. */
const u32 RUST_CONST_HELPER_XEN_PAGE_KERNEL_LOW = (u32)__PAGE_KERNEL;
const u32 RUST_CONST_HELPER_XEN_PAGE_KERNEL_RO_LOW = (u32)__PAGE_KERNEL_RO;
const u32 RUST_CONST_HELPER_XEN_FIXADDR_TOP_LOW = (u32)FIXADDR_TOP;
const unsigned int RUST_CONST_HELPER_XEN_FIXMAP_PMD_NUM = FIXMAP_PMD_NUM;
#endif
