// SPDX-License-Identifier: GPL-2.0

//! Lazy modes: whether hypercalls may wait.
//!
//! The kernel's lazy MMU mode is a state of the task: page-table updates may wait until it ends.
//! The lazy mode of a CPU is Xen's own, and lasts from the beginning to the end of a context
//! switch. Neither holds in interrupts, which would have to wait for whom they interrupt.
//!
//! Valid in any context.
//!
//! C ancestor: `is_lazy_mmu_mode_active()`, `xen_is_cpu_lazy_mode()`.

#![expect(unsafe_code)]

use core::mem::offset_of;

use crate::raw::{
    bindings,
    percpu::PerCpu,
    preempt,
    word::to_usize, //
};

// SAFETY: `DEFINE_PER_CPU_CACHE_HOT(struct task_struct *, current_task)` is in
// arch/x86/kernel/cpu/common.c.
const CURRENT: PerCpu<u64> = unsafe { PerCpu::new((&raw const bindings::current_task).cast()) };

/// Returns whether the kernel is in lazy MMU mode: its task is, and no interrupt is on top.
#[inline(always)]
pub(crate) fn is_mmu_lazy() -> bool {
    let task = core::ptr::with_exposed_provenance::<u8>(to_usize(CURRENT.read()));
    let state = task
        .wrapping_add(offset_of!(bindings::task_struct, lazy_mmu_state))
        .cast::<bindings::lazy_mmu_state>();

    if preempt::in_interrupt() {
        return false;
    }
    // SAFETY: The task that runs this exists, and only it changes its state.
    let state = unsafe { state.read_volatile() };

    state.enable_count > 0 && state.pause_count == 0
}

/// Returns whether this CPU is in the middle of a context switch, and in no interrupt.
#[inline(always)]
pub(crate) fn is_cpu_lazy() -> bool {
    // SAFETY: It only looks.
    unsafe { bindings::xen_is_cpu_lazy_mode() }
}
