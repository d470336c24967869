/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where Xen enters the kernel, how the kernel enters Xen, and the ELF notes
 * by which Xen's domain builder knows what it loads.
 *
 * Not an object of this directory: head_64.S includes it by its path, so that
 * the entry points are in the part of the image that runs first.
 */
#ifdef CONFIG_XEN

#include <linux/elfnote.h>
#include <linux/init.h>

#include <asm/asm.h>
#include <asm/frame.h>
#include <asm/msr-index.h>
#include <asm/page_types.h>
#include <asm/pgtable_types.h>
#include <asm/unwind_hints.h>

#include <xen/interface/elfnote.h>
#include <xen/interface/features.h>

#ifdef CONFIG_XEN_PV
	__INIT
/*
 * PV entry: the kernel is in its final place, on page tables of the domain
 * builder's, with events masked and without an IDT.
 *
 * %rsi: start_info
 */
SYM_CODE_START(startup_xen)
	UNWIND_HINT_END_OF_STACK
	ANNOTATE_NOENDBR
	cld
	leaq	__top_init_kernel_stack(%rip), %rsp

	/* A GS base of zero makes per-CPU accesses find the templates. */
	xorl	%eax, %eax
	xorl	%edx, %edx
	movl	$MSR_GS_BASE, %ecx
	wrmsr

	movq	%rsi, %rdi
	call	xen_start_kernel
SYM_CODE_END(startup_xen)
	__FINIT

#ifdef CONFIG_XEN_PV_SMP
	.pushsection .text
/* PV entry of a vCPU after the first: on its idle task's stack, events masked. */
SYM_CODE_START(asm_cpu_bringup_and_idle)
	UNWIND_HINT_END_OF_STACK
	ENDBR
	call	cpu_bringup_and_idle
SYM_CODE_END(asm_cpu_bringup_and_idle)

/*
 * A CPU that was off line comes back: it leaves its idle task's old frames.
 *
 * %rdi: the new stack pointer, where a pt_regs lies
 */
SYM_CODE_START(xen_cpu_bringup_again)
	UNWIND_HINT_FUNC
	movq	%rdi, %rsp
	UNWIND_HINT_REGS
	call	cpu_bringup_and_idle
SYM_CODE_END(xen_cpu_bringup_again)
	.popsection
#endif
#endif

	.pushsection .noinstr.text, "ax"
/*
 * The targets of the static call xen_hypercall in HVM and PVH guests; that of
 * PV guests is in c-shims/entry.S.
 *
 * %rax: the hypercall's number, and its answer
 * %rdi, %rsi, %rdx, %r10, %r8: its arguments
 *
 * No other register changes.
 */

/* The first target: finds out which instruction this CPU has, and patches. */
SYM_FUNC_START(xen_hypercall_hvm)
	ENDBR
	FRAME_BEGIN
	.irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	pushq	%\register
	.endr

	call	__xen_hypercall_setfunc

	/* The flags hold the answer while the registers come back. */
	leaq	xen_hypercall_amd(%rip), %rcx
	cmpq	%rcx, %rax
	.irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	popq	%\register
	.endr
	FRAME_END
	je	xen_hypercall_amd
	jmp	xen_hypercall_intel
SYM_FUNC_END(xen_hypercall_hvm)

SYM_FUNC_START(xen_hypercall_amd)
	ANNOTATE_NOENDBR
	vmmcall
	RET
SYM_FUNC_END(xen_hypercall_amd)

SYM_FUNC_START(xen_hypercall_intel)
	ANNOTATE_NOENDBR
	vmcall
	RET
SYM_FUNC_END(xen_hypercall_intel)
	.popsection

/* Notes for any guest: include/xen/interface/elfnote.h tells what each means. */
	ELFNOTE(Xen, XEN_ELFNOTE_GUEST_OS,	.asciz "linux")
	ELFNOTE(Xen, XEN_ELFNOTE_GUEST_VERSION,	.asciz "2.6")
	ELFNOTE(Xen, XEN_ELFNOTE_XEN_VERSION,	.asciz "xen-3.0")
	ELFNOTE(Xen, XEN_ELFNOTE_LOADER,	.asciz "generic")
	ELFNOTE(Xen, XEN_ELFNOTE_SUSPEND_CANCEL, .long 1)

/* Features that this kernel can use; PV and PVH are features among others. */
#ifdef CONFIG_XEN_PV
# define FEATURES_PV	(1 << XENFEAT_writable_page_tables)
#else
# define FEATURES_PV	0
#endif
#ifdef CONFIG_XEN_PVH
# define FEATURES_PVH	(1 << XENFEAT_linux_rsdp_unrestricted)
#else
# define FEATURES_PVH	0
#endif
#ifdef CONFIG_XEN_DOM0
# define FEATURES_DOM0	(1 << XENFEAT_dom0)
#else
# define FEATURES_DOM0	0
#endif
	ELFNOTE(Xen, XEN_ELFNOTE_SUPPORTED_FEATURES,
		.long FEATURES_PV | FEATURES_PVH | FEATURES_DOM0)

#ifdef CONFIG_XEN_PV
/* Notes for PV: where things lie, and that page tables are read-only. */
	ELFNOTE(Xen, XEN_ELFNOTE_VIRT_BASE,	.quad __START_KERNEL_map)
	ELFNOTE(Xen, XEN_ELFNOTE_PADDR_OFFSET,	.quad 0)
	/* The p2m list starts where a top-level entry of user space does. */
	ELFNOTE(Xen, XEN_ELFNOTE_INIT_P2M,	.quad (PUD_SIZE * PTRS_PER_PUD))
	/* The linker script computes the value; it is relative to the note. */
	ELFNOTE(Xen, XEN_ELFNOTE_ENTRY,		.globl xen_elfnote_entry;
		xen_elfnote_entry: .quad xen_elfnote_entry_value - .)
	ELFNOTE(Xen, XEN_ELFNOTE_FEATURES,	.ascii "!writable_page_tables")
	ELFNOTE(Xen, XEN_ELFNOTE_PAE_MODE,	.asciz "yes")
	ELFNOTE(Xen, XEN_ELFNOTE_L1_MFN_VALID,
		.quad _PAGE_PRESENT; .quad _PAGE_PRESENT)
	ELFNOTE(Xen, XEN_ELFNOTE_MOD_START_PFN,	.long 1)
#endif

#endif /* CONFIG_XEN */
