// SPDX-License-Identifier: GPL-2.0

//! Staying on one CPU for a few instructions.
//!
//! As `preempt_disable_notrace()`: no C call unless the scheduler is wanted, and nothing that
//! tracers see, for they read clocks themselves. Valid in any context.
//!
//! C ancestor: `arch/x86/include/asm/preempt.h`.

#![cfg_attr(CONFIG_PREEMPT_COUNT, expect(unsafe_code))]

use core::marker::PhantomData;

/// Proof that this task is not moved to another CPU as long as it lives.
pub(crate) struct PreemptOff(PhantomData<*mut ()>);

impl PreemptOff {
    /// Holds preemption off.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        #[cfg(CONFIG_PREEMPT_COUNT)]
        count::raise();
        Self(PhantomData)
    }
}

impl Drop for PreemptOff {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(CONFIG_PREEMPT_COUNT)]
        count::lower();
    }
}

/// The count of those who hold preemption off, whose top bit says that nobody waits for this CPU.
#[cfg(CONFIG_PREEMPT_COUNT)]
mod count {
    use core::arch::asm;

    use crate::raw::{
        bindings,
        percpu::segment, //
    };

    /// The width of the count.
    #[cfg(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS)]
    macro_rules! width {
        () => {
            "qword"
        };
    }
    #[cfg(not(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS))]
    macro_rules! width {
        () => {
            "dword"
        };
    }

    /// Calls the scheduler, which spares all registers, if the count was lowered to zero.
    #[cfg(all(CONFIG_PREEMPTION, CONFIG_PREEMPT_DYNAMIC))]
    macro_rules! reschedule {
        () => {
            concat!(
                "jnz 2f\n",
                // A reference to the key, so that objtool may name it in this object.
                ".globl __SCK__preempt_schedule_notrace\n",
                "call __SCT__preempt_schedule_notrace\n",
                "2:"
            )
        };
    }
    #[cfg(all(CONFIG_PREEMPTION, not(CONFIG_PREEMPT_DYNAMIC)))]
    macro_rules! reschedule {
        () => {
            "jnz 2f\ncall preempt_schedule_notrace_thunk\n2:"
        };
    }
    #[cfg(not(CONFIG_PREEMPTION))]
    macro_rules! reschedule {
        () => {
            ""
        };
    }

    /// Raises the count.
    #[inline(always)]
    pub(super) fn raise() {
        // SAFETY: The count is this CPU's, or that of the CPU it is on by then. What follows is not
        // moved before it, as it may change any memory for all that the compiler knows.
        unsafe {
            asm!(
                concat!("inc ", width!(), " ptr ", segment!(), "[rip + {count}]"),
                count = sym bindings::__preempt_count,
                options(nostack),
            );
        }
    }

    /// Lowers the count, and lets the scheduler in if it waits and nobody else holds it off.
    #[inline(always)]
    pub(super) fn lower() {
        // SAFETY: This task has raised it, and was not moved since. The scheduler may be called
        // whenever the count is zero; it spares all registers, and the asm may use the stack.
        unsafe {
            asm!(
                concat!("dec ", width!(), " ptr ", segment!(), "[rip + {count}]"),
                reschedule!(),
                count = sym bindings::__preempt_count,
            );
        }
    }
}
