// SPDX-License-Identifier: GPL-2.0

//! Staying on one CPU for a few instructions.
//!
//! As `preempt_disable_notrace()`: no C call unless the scheduler is wanted, and nothing that
//! tracers see, for they read clocks themselves. Valid in any context.
//!
//! C ancestor: `arch/x86/include/asm/preempt.h`.

#![cfg_attr(CONFIG_PREEMPT_COUNT, expect(unsafe_code))]

use core::marker::PhantomData;

/// Proof that this task is not moved to another CPU, because somebody up the stack sees to that.
pub(crate) struct StaysHere(PhantomData<*mut ()>);

#[cfg(CONFIG_XEN_PV)]
impl StaysHere {
    /// Proves it in a PV guest: preemption or interrupts are off. As `!preemptible()`.
    ///
    /// A kernel that does not count who holds preemption off never moves a task that is in it.
    #[inline(always)]
    pub(crate) fn check() -> Option<Self> {
        #[cfg(CONFIG_PREEMPT_COUNT)]
        if count::is_zero() && count::interrupts_are_on() {
            return None;
        }
        Some(Self(PhantomData))
    }
}

/// Proof that this task is not moved to another CPU as long as it lives.
pub(crate) struct PreemptOff(StaysHere);

impl PreemptOff {
    /// Holds preemption off.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        #[cfg(CONFIG_PREEMPT_COUNT)]
        count::raise();
        Self(StaysHere(PhantomData))
    }

    /// Lends the proof.
    #[cfg(CONFIG_XEN_PV)]
    #[inline(always)]
    pub(crate) fn stays_here(&self) -> &StaysHere {
        &self.0
    }
}

impl Drop for PreemptOff {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(CONFIG_PREEMPT_COUNT)]
        count::lower();
    }
}

/// Returns whether this is an interrupt, or bottom halves are held off: `in_interrupt()`.
#[cfg(CONFIG_XEN_PV)]
#[inline(always)]
pub(crate) fn in_interrupt() -> bool {
    #[cfg(all(CONFIG_PREEMPT_COUNT, not(CONFIG_PREEMPT_RT)))]
    {
        count::read() & crate::raw::bindings::RUST_CONST_HELPER_INTERRUPT_MASK != 0
    }
    // SAFETY: It only looks.
    #[cfg(not(all(CONFIG_PREEMPT_COUNT, not(CONFIG_PREEMPT_RT))))]
    unsafe {
        crate::raw::bindings::rust_helper_in_interrupt()
    }
}

/// The count of those who hold preemption off, whose top bit says that nobody waits for this CPU.
#[cfg(CONFIG_PREEMPT_COUNT)]
mod count {
    use core::arch::asm;
    #[cfg(CONFIG_XEN_PV)]
    use core::mem::offset_of;

    use crate::raw::{
        bindings,
        percpu::segment, //
    };
    #[cfg(CONFIG_XEN_PV)]
    use crate::{
        abi::shared_info::VcpuInfo,
        raw::percpu::PerCpu, //
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

    /// The bit of the count's lower half that is not part of the number.
    #[cfg(CONFIG_XEN_PV)]
    const NEED_RESCHED: u32 = if cfg!(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS) {
        0
    } else {
        1 << 31
    };

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

    /// Returns whether nobody holds preemption off.
    #[cfg(CONFIG_XEN_PV)]
    #[inline(always)]
    pub(super) fn is_zero() -> bool {
        read() & !NEED_RESCHED == 0
    }

    /// Reads the lower half of the count.
    #[cfg(CONFIG_XEN_PV)]
    #[inline(always)]
    pub(super) fn read() -> u32 {
        let count: u32;

        // SAFETY: Each CPU has a count. A task that is moved meanwhile finds zero on either CPU.
        unsafe {
            asm!(
                concat!("mov {count:e}, dword ptr ", segment!(), "[rip + {address}]"),
                count = out(reg) count,
                address = sym bindings::__preempt_count,
                options(nostack, preserves_flags, readonly),
            );
        }
        count
    }

    /// Returns whether this vCPU takes interrupts, in one instruction: the task may be moved.
    ///
    /// The vCPU must have its record where it stays. Before that nobody lets go of preemption.
    #[cfg(CONFIG_XEN_PV)]
    #[cold]
    pub(super) fn interrupts_are_on() -> bool {
        let mask = (&raw const bindings::xen_vcpu_info)
            .cast::<u8>()
            .wrapping_add(offset_of!(VcpuInfo, evtchn_upcall_mask));

        // SAFETY: `DEFINE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info)` is in enlighten.c.
        let mask = unsafe { PerCpu::new(mask) };

        mask.read() == 0
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
