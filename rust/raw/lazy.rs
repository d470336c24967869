// SPDX-License-Identifier: GPL-2.0

//! Lazy MMU mode: whether page-table updates may wait.
//!
//! It is a state of the task, and does not hold in interrupts, which would have to wait for whom
//! they interrupt. The lazy mode of a CPU, a context switch, is in `raw::task`.
//!
//! Valid in any context.
//!
//! C ancestor: `is_lazy_mmu_mode_active()`.

#![expect(unsafe_code)]

use crate::raw::{
    preempt,
    task::Task, //
};

/// Returns whether the kernel is in lazy MMU mode: its task is, and no interrupt is on top.
#[inline(always)]
pub(crate) fn is_mmu_lazy() -> bool {
    let state = Task::current().lazy_mmu_state();

    if preempt::in_interrupt() {
        return false;
    }
    // SAFETY: The task that runs this exists, and only it changes its state.
    let state = unsafe { state.read_volatile() };

    state.enable_count > 0 && state.pause_count == 0
}

/// Lazy MMU mode of this task, for tests. What waits when it ends, its owner flushes.
#[cfg(CONFIG_XEN_KUNIT_TEST)]
pub(crate) struct InLazyMmu(());

#[cfg(CONFIG_XEN_KUNIT_TEST)]
impl InLazyMmu {
    /// Enters it, once more if the task is in it.
    pub(crate) fn enter() -> Self {
        // SAFETY: As in `is_mmu_lazy()`.
        unsafe { (*Task::current().lazy_mmu_state()).enable_count += 1 };
        Self(())
    }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
impl Drop for InLazyMmu {
    fn drop(&mut self) {
        // SAFETY: As above; it was counted.
        unsafe { (*Task::current().lazy_mmu_state()).enable_count -= 1 };
    }
}
