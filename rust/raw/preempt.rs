// SPDX-License-Identifier: GPL-2.0

//! Staying on one CPU for a few instructions.
//!
//! As `preempt_disable_notrace()`: no C call unless the scheduler is wanted, and nothing that
//! tracers see, for they read clocks themselves. Valid in any context.
//!
//! C ancestor: `arch/x86/include/asm/preempt.h`.

#![expect(unsafe_code)]

use core::marker::PhantomData;

// Linux 7.3 offers x86 no preemption model but PREEMPT and PREEMPT_LAZY, and both lead to it.
const _: () = assert!(cfg!(CONFIG_PREEMPTION));
// PREEMPTION selects it: who holds preemption off is counted.
const _: () = assert!(cfg!(CONFIG_PREEMPT_COUNT));
// x86-64 selects it with PREEMPT_COUNT: the count is a word whose lower half is the number alone.
const _: () = assert!(cfg!(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS));

/// Proof that this task is not moved to another CPU, because somebody up the stack sees to that.
pub(crate) struct StaysHere(PhantomData<*mut ()>);

#[cfg(CONFIG_XEN_PV)]
impl StaysHere {
    /// Proves it in a PV guest: preemption or interrupts are off. As `!preemptible()`.
    #[inline(always)]
    pub(crate) fn check() -> Option<Self> {
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
        count::lower();
    }
}

/// Returns whether this is an interrupt, or bottom halves are held off: `in_interrupt()`.
#[cfg(CONFIG_XEN_PV)]
#[inline(always)]
pub(crate) fn in_interrupt() -> bool {
    #[cfg(not(CONFIG_PREEMPT_RT))]
    {
        count::read() & crate::raw::bindings::RUST_CONST_HELPER_INTERRUPT_MASK != 0
    }
    // SAFETY: It only looks.
    #[cfg(CONFIG_PREEMPT_RT)]
    unsafe {
        crate::raw::bindings::rust_helper_in_interrupt()
    }
}

/// The count of those who hold preemption off, whose top bit says that nobody waits for this CPU.
pub(super) mod count {
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

    /// Calls the scheduler, which spares all registers, if the count was lowered to zero.
    #[cfg(CONFIG_PREEMPT_DYNAMIC)]
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
    #[cfg(not(CONFIG_PREEMPT_DYNAMIC))]
    macro_rules! reschedule {
        () => {
            "jnz 2f\ncall preempt_schedule_notrace_thunk\n2:"
        };
    }

    /// Returns whether nobody holds preemption off.
    #[cfg(CONFIG_XEN_PV)]
    #[inline(always)]
    pub(super) fn is_zero() -> bool {
        read() == 0
    }

    /// Reads the lower half of the count, which has a field for each kind of who is counted.
    #[cfg(any(CONFIG_XEN_PV, CONFIG_PARAVIRT_SPINLOCKS))]
    #[inline(always)]
    pub(in crate::raw) fn read() -> u32 {
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

        // SAFETY: `DEFINE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info)` is in c-shims/percpu.c.
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
                concat!("inc qword ptr ", segment!(), "[rip + {count}]"),
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
                concat!("dec qword ptr ", segment!(), "[rip + {count}]"),
                reschedule!(),
                count = sym bindings::__preempt_count,
            );
        }
    }
}
