// SPDX-License-Identifier: GPL-2.0

//! What a context switch reads of tasks and of the processor, and the mode that it is in.
//!
//! C ancestor: `asm/switch_to.h`, `enlighten_pv.c:420`.

#![expect(unsafe_code)]

use core::arch::asm;

use crate::raw::{
    bindings,
    percpu::PerCpu,
    preempt::count,
    word::to_u64, //
};

// SAFETY: `DEFINE_PER_CPU(u8, xen_cpu_lazy_mode)` is in c-shims/percpu.c.
const LAZY_MODE: PerCpu<u8> = unsafe { PerCpu::new(&raw const bindings::xen_cpu_lazy_mode) };
// SAFETY: `DEFINE_PER_CPU_CACHE_HOT(struct task_struct *, current_task)` is in
// arch/x86/kernel/cpu/common.c.
const CURRENT: PerCpu<u64> =
    unsafe { PerCpu::new((&raw const bindings::current_task).cast::<u64>()) };

/// Returns whether this CPU is in the part of a context switch in which what it asks of Xen waits.
///
/// An NMI in it is not.
#[inline(always)]
pub(crate) fn is_switching() -> bool {
    LAZY_MODE.read() != 0 && count::read() & bindings::RUST_CONST_HELPER_INTERRUPT_MASK == 0
}

/// Begins or ends that part. Interrupts are off.
#[inline(always)]
pub(crate) fn set_switching(is_switching: bool) {
    // SAFETY: The variable is this module's.
    unsafe { LAZY_MODE.write(u8::from(is_switching)) };
}

/// A task that is switched from or to.
///
/// # Invariants
///
/// The pointer leads to a task that stays one while the value is used.
#[derive(Clone, Copy)]
pub(crate) struct Task(*const bindings::task_struct);

impl Task {
    /// Returns the task that this CPU runs, or leaves.
    #[inline(always)]
    pub(crate) fn current() -> Self {
        // INVARIANT: A CPU always runs a task, which is not freed before it is left.
        // CAST: Both have 64 bits.
        Self(core::ptr::with_exposed_provenance(CURRENT.read() as usize))
    }

    /// Takes a task from C.
    ///
    /// # Safety
    ///
    /// It must stay one while the value is used.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(task: *const bindings::task_struct) -> Self {
        // INVARIANT: The caller's promise.
        Self(task)
    }

    /// Returns whether it is one that never runs in user space: such a task cannot become another.
    #[inline(always)]
    pub(crate) fn is_kernel_thread(self) -> bool {
        // SAFETY: By the type invariant; this flag never changes.
        unsafe { (&raw const (*self.0).flags).read() & bindings::PF_KTHREAD != 0 }
    }

    /// Returns selector and base of `fs`, as they were when the task was left.
    #[inline(always)]
    pub(crate) fn fs(self) -> (u16, u64) {
        // SAFETY: By the type invariant; nobody else changes it in a context switch.
        let thread = unsafe { &raw const (*self.0).thread };

        // SAFETY: As above.
        unsafe { ((*thread).fsindex, to_u64((*thread).fsbase)) }
    }

    /// Returns selector and base of the user's `gs`, as they were when the task was left.
    #[inline(always)]
    pub(crate) fn gs(self) -> (u16, u64) {
        // SAFETY: By the type invariant; nobody else changes it in a context switch.
        let thread = unsafe { &raw const (*self.0).thread };

        // SAFETY: As above.
        unsafe { ((*thread).gsindex, to_u64((*thread).gsbase)) }
    }

    /// Returns where its lazy MMU mode is.
    #[inline(always)]
    pub(super) fn lazy_mmu_state(self) -> *mut bindings::lazy_mmu_state {
        // SAFETY: By the type invariant; nothing is read.
        unsafe { &raw mut (*self.0.cast_mut()).lazy_mmu_state }
    }

    /// Returns where its stack begins when it enters the kernel from user space.
    #[inline(always)]
    pub(crate) fn top_of_stack(self) -> u64 {
        // SAFETY: By the type invariant; a task keeps its stack while it runs.
        let stack = to_u64(unsafe { (&raw const (*self.0).stack).read() }.addr());

        stack.wrapping_add(bindings::RUST_CONST_HELPER_TOP_OF_STACK)
    }

    /// Returns where its registers are when it enters the kernel from user space: `task_pt_regs()`.
    #[cfg(CONFIG_XEN_PV_SMP)]
    pub(crate) fn registers(self) -> u64 {
        const SIZE: usize = size_of::<bindings::pt_regs>();

        self.top_of_stack().wrapping_sub(to_u64(SIZE))
    }
}

/// Loads the selector of no segment into `fs`.
#[inline(always)]
pub(crate) fn clear_fs() {
    // SAFETY: It never faults, and the kernel does not use `fs`.
    unsafe { asm!("mov fs, {zero:e}", zero = in(reg) 0, options(nostack, preserves_flags)) };
}
