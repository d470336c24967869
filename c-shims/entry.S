/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where Xen enters a PV guest's kernel, how the kernel returns to user space,
 * and what pv_ops calls so often, or with so little context, that it is asm.
 *
 * C and Rust use these by name, see include/xen-ops.h.
 */
#include <linux/init.h>
#include <linux/linkage.h>
#include <linux/objtool.h>

#include <asm/asm.h>
#include <asm/asm-offsets.h>
#include <asm/errno.h>
#include <asm/frame.h>
#include <asm/percpu.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

#include <xen/interface/xen.h>

#include "../../../entry/calling.h"

	.pushsection .noinstr.text, "ax"
/*
 * The target of the static call xen_hypercall in PV guests.
 *
 * %rax: the hypercall's number, and its answer
 * %rdi, %rsi, %rdx, %r10, %r8: its arguments
 *
 * No other register changes; those that syscall itself uses are put back.
 */
SYM_FUNC_START(xen_hypercall_pv)
	ANNOTATE_NOENDBR
	pushq	%rcx
	pushq	%r11
	UNWIND_HINT_SAVE
	syscall
	UNWIND_HINT_RESTORE
	popq	%r11
	popq	%rcx
	RET
SYM_FUNC_END(xen_hypercall_pv)

/*
 * The interrupt flag is a byte in the vCPU's record, with the opposite sense:
 * events are held off while it is not zero. Callers of these expect all other
 * registers as they were.
 */
SYM_FUNC_START(xen_irq_disable_direct)
	ENDBR
	movb	$1, PER_CPU_VAR(xen_vcpu_info + XEN_vcpu_info_mask)
	RET
SYM_FUNC_END(xen_irq_disable_direct)

/*
 * An event that came while they were held off is not delivered by itself. It
 * does not matter if the task moves in between: then that has been done.
 */
SYM_FUNC_START(xen_irq_enable_direct)
	ENDBR
	FRAME_BEGIN
	movb	$0, PER_CPU_VAR(xen_vcpu_info + XEN_vcpu_info_mask)
	testb	$0xff, PER_CPU_VAR(xen_vcpu_info + XEN_vcpu_info_pending)
	jnz	.Lforce_events
.Lenabled:
	FRAME_END
	RET

.Lforce_events:
	.irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	pushq	%\register
	.endr
	call	xen_force_evtchn_callback
	.irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	popq	%\register
	.endr
	jmp	.Lenabled
SYM_FUNC_END(xen_irq_enable_direct)

/* Bit 9 of the answer is X86_EFLAGS_IF; nobody looks at bits above %ah. */
SYM_FUNC_START(xen_save_fl_direct)
	ENDBR
	testb	$0xff, PER_CPU_VAR(xen_vcpu_info + XEN_vcpu_info_mask)
	setz	%ah
	addb	%ah, %ah
	RET
SYM_FUNC_END(xen_save_fl_direct)

/* Where the last page fault was: until the record has its place, and then. */
SYM_FUNC_START(xen_read_cr2)
	ENDBR
	FRAME_BEGIN
	movq	PER_CPU_VAR(xen_vcpu), %rax
	movq	XEN_vcpu_info_arch_cr2(%rax), %rax
	FRAME_END
	RET
SYM_FUNC_END(xen_read_cr2)

SYM_FUNC_START(xen_read_cr2_direct)
	ENDBR
	FRAME_BEGIN
	movq	PER_CPU_VAR(xen_vcpu_info + XEN_vcpu_info_arch_cr2), %rax
	FRAME_END
	RET
SYM_FUNC_END(xen_read_cr2_direct)
	.popsection

/*
 * Xen enters with the frame of an exception on the kernel's stack, and two
 * registers on top of it that the processor would not have put there.
 */
.macro pop_xen_registers
	popq	%rcx
	popq	%r11
.endm

/* An exception: once they are gone, all is as on a machine. */
.macro xen_pv_trap name
SYM_CODE_START(xen_\name)
	UNWIND_HINT_ENTRY
	ENDBR
	pop_xen_registers
	jmp	\name
SYM_CODE_END(xen_\name)
_ASM_NOKPROBE(xen_\name)
.endm

	.irp name, asm_exc_divide_error, asm_xenpv_exc_debug, asm_exc_int3, \
		asm_xenpv_exc_nmi, asm_exc_overflow, asm_exc_bounds, \
		asm_exc_invalid_op, asm_exc_device_not_available, \
		asm_xenpv_exc_double_fault, asm_exc_coproc_segment_overrun, \
		asm_exc_invalid_tss, asm_exc_segment_not_present, \
		asm_exc_stack_segment, asm_exc_general_protection, \
		asm_exc_page_fault, asm_exc_spurious_interrupt_bug, \
		asm_exc_coprocessor_error, asm_exc_alignment_check, \
		asm_exc_simd_coprocessor_error, asm_exc_xen_unknown_trap, \
		asm_exc_xen_hypervisor_callback
	xen_pv_trap \name
	.endr
#ifdef CONFIG_X86_CET
	xen_pv_trap asm_exc_control_protection
#endif
#ifdef CONFIG_X86_MCE
	xen_pv_trap asm_xenpv_exc_machine_check
#endif
#ifdef CONFIG_IA32_EMULATION
	xen_pv_trap asm_int80_emulation
#endif

	__INIT
/* The same for boot code's handlers: entries of one size, one for each. */
SYM_CODE_START(xen_early_idt_handler_array)
	i = 0
	.rept NUM_EXCEPTION_VECTORS
	UNWIND_HINT_UNDEFINED
	ENDBR
	pop_xen_registers
	jmp	early_idt_handler_array + i*EARLY_IDT_HANDLER_SIZE
	i = i + 1
	.fill xen_early_idt_handler_array + i*XEN_EARLY_IDT_HANDLER_SIZE - ., 1, 0xcc
	.endr
SYM_CODE_END(xen_early_idt_handler_array)
	__FINIT

/*
 * Xen returns to where the frame on the stack says, and to the mode that it
 * says. It wants flags above the frame, of which none is needed, and on top of
 * them three registers, which it loads.
 */
.macro xen_hypercall_iret
	pushq	$0
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2
.endm

SYM_CODE_START(xen_iret)
	UNWIND_HINT_UNDEFINED
	ANNOTATE_NOENDBR
	xen_hypercall_iret
SYM_CODE_END(xen_iret)

/*
 * The end of a system call, an exception or an event from user space.
 *
 * The kernel's own code for this moves to the stack of the entry trampoline,
 * and pushes the frame there. Here both stacks are one: the frame would be
 * below %rsp for a while, where an NMI overwrites it.
 */
SYM_CODE_START(xenpv_restore_regs_and_return_to_usermode)
	UNWIND_HINT_REGS
	POP_REGS
	STACKLEAK_ERASE_NOCLOBBER
	addq	$8, %rsp	/* orig_ax */
	jmp	xen_iret
SYM_CODE_END(xenpv_restore_regs_and_return_to_usermode)

/*
 * A system call: Xen enters as for an exception, but knows no better than the
 * kernel which segments the user had, and has put guesses of its own there.
 */
.macro xen_pv_syscall name, cs, target
SYM_CODE_START(\name)
	UNWIND_HINT_ENTRY
	ENDBR
	pop_xen_registers
	movq	$__USER_DS, 4*8(%rsp)
	movq	$\cs, 1*8(%rsp)
	jmp	\target
SYM_CODE_END(\name)
.endm

xen_pv_syscall xen_entry_SYSCALL_64, __USER_CS, entry_SYSCALL_64_after_hwframe

#ifdef CONFIG_IA32_EMULATION
xen_pv_syscall xen_entry_SYSCALL_compat, __USER32_CS, \
	entry_SYSCALL_compat_after_hwframe
/* Xen clears the trap flag, so this is not single-stepped. */
xen_pv_syscall xen_entry_SYSENTER_compat, __USER32_CS, \
	entry_SYSENTER_compat_after_hwframe
#endif

/* Either of these two where the kernel has no system calls of 32-bit programs. */
SYM_CODE_START(xen_entry_compat_ignore)
	UNWIND_HINT_ENTRY
	ENDBR
	pop_xen_registers
	movq	$-ENOSYS, %rax
	xen_hypercall_iret
SYM_CODE_END(xen_entry_compat_ignore)
