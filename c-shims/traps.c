// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions and events of a PV guest: their bodies, which are noinstr, and
 * the table of where Xen enters the kernel for each.
 *
 * Xen switches no stacks, so exceptions that have one of their own elsewhere
 * have to be told from which mode they come.
 */
#include <linux/entry-common.h>
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/init.h>
#include <linux/percpu.h>

#include <xen/events.h>
#include <xen/xen-ops.h>

#include <asm/idtentry.h>
#include <asm/irq_stack.h>
#include <asm/mach_traps.h>
#include <asm/mce.h>
#include <asm/segment.h>
#include <asm/traps.h>
#include <asm/xen/hypercall.h>

#include "xen-ops.h"

void noist_exc_debug(struct pt_regs *regs);

DEFINE_IDTENTRY_RAW(xenpv_exc_nmi)
{
	exc_nmi(regs);
}

DEFINE_IDTENTRY_RAW_ERRORCODE(xenpv_exc_double_fault)
{
	exc_double_fault(regs, error_code);
}

DEFINE_IDTENTRY_RAW(xenpv_exc_debug)
{
	if (user_mode(regs))
		noist_exc_debug(regs);
	else
		exc_debug(regs);
}

#ifdef CONFIG_X86_MCE
DEFINE_IDTENTRY_RAW(xenpv_exc_machine_check)
{
	if (user_mode(regs))
		noist_exc_machine_check(regs);
	else
		exc_machine_check(regs);
}
#endif

DEFINE_IDTENTRY_RAW(exc_xen_unknown_trap)
{
	/* There is no way to handle what nobody knows. */
	instrumentation_begin();
	pr_err("Unknown trap in Xen PV mode.");
	BUG();
	instrumentation_end();
}

#ifndef CONFIG_PREEMPTION
/*
 * A hypercall of the tools may take minutes. privcmd sets this around one, and
 * the task may be preempted in it although the kernel is not preemptible.
 */
DEFINE_PER_CPU(bool, xen_in_preemptible_hcall);
EXPORT_PER_CPU_SYMBOL_GPL(xen_in_preemptible_hcall);

/* The flag is the task's: it must not stay behind, and has to come along. */
static __always_inline bool get_and_clear_inhcall(void)
{
	bool inhcall = __this_cpu_read(xen_in_preemptible_hcall);

	__this_cpu_write(xen_in_preemptible_hcall, false);
	return inhcall;
}

static __always_inline void restore_inhcall(bool inhcall)
{
	__this_cpu_write(xen_in_preemptible_hcall, inhcall);
}
#else
static __always_inline bool get_and_clear_inhcall(void) { return false; }
static __always_inline void restore_inhcall(bool inhcall) { }
#endif

static void xen_handle_events(struct pt_regs *regs)
{
	struct pt_regs *old_regs = set_irq_regs(regs);

	inc_irq_stat(HYPERVISOR_CALLBACK);
	xen_evtchn_do_upcall();
	set_irq_regs(old_regs);
}

__visible noinstr void xen_pv_evtchn_do_upcall(struct pt_regs *regs)
{
	irqentry_state_t state = irqentry_enter(regs);
	bool inhcall;

	instrumentation_begin();
	run_sysvec_on_irqstack_cond(xen_handle_events, regs);

	inhcall = get_and_clear_inhcall();
	if (inhcall && !WARN_ON_ONCE(state.exit_rcu)) {
		irqentry_exit_cond_resched();
		instrumentation_end();
		restore_inhcall(inhcall);
	} else {
		instrumentation_end();
		irqentry_exit(regs, state);
	}
}

#define ENTRY(name)		{ asm_##name, xen_asm_##name, false }
/* Has a stack of its own elsewhere, and a body above. */
#define ENTRY_IST(name)		{ asm_##name, xen_asm_xenpv_##name, true }

const struct xen_trap_entry xen_trap_entries[] = {
	ENTRY_IST(exc_debug),
	ENTRY_IST(exc_double_fault),
#ifdef CONFIG_X86_MCE
	ENTRY_IST(exc_machine_check),
#endif
	ENTRY_IST(exc_nmi),
	ENTRY(exc_int3),
	ENTRY(exc_overflow),
#ifdef CONFIG_IA32_EMULATION
	ENTRY(int80_emulation),
#endif
	ENTRY(exc_page_fault),
	ENTRY(exc_divide_error),
	ENTRY(exc_bounds),
	ENTRY(exc_invalid_op),
	ENTRY(exc_device_not_available),
	ENTRY(exc_coproc_segment_overrun),
	ENTRY(exc_invalid_tss),
	ENTRY(exc_segment_not_present),
	ENTRY(exc_stack_segment),
	ENTRY(exc_general_protection),
	ENTRY(exc_spurious_interrupt_bug),
	ENTRY(exc_coprocessor_error),
	ENTRY(exc_alignment_check),
	ENTRY(exc_simd_coprocessor_error),
#ifdef CONFIG_X86_CET
	ENTRY(exc_control_protection),
#endif
};
const unsigned int xen_trap_entries_count = ARRAY_SIZE(xen_trap_entries);

/* What has no entry is this. */
void (* const xen_unknown_trap)(void) = xen_asm_exc_xen_unknown_trap;

noinstr void xen_set_debugreg(int reg, unsigned long val)
{
	HYPERVISOR_set_debugreg(reg, val);
}

noinstr unsigned long xen_get_debugreg(int reg)
{
	return HYPERVISOR_get_debugreg(reg);
}
