// SPDX-License-Identifier: GPL-2.0

//! Interrupts of a PV guest.
//!
//! The flag is a byte in the vCPU's record. Where it says off already, there is nothing to do;
//! otherwise it is changed here, or by the kernel's own functions where lockdep wants to know.
//!
//! Valid from the moment on that the boot CPU has a record, be it a dummy.
//!
//! C ancestor: `local_irq_save()`.

#![expect(unsafe_code)]

use core::marker::PhantomData;

use crate::raw::{
    bindings,
    preempt::StaysHere,
    shared, //
};

/// Proof that interrupts are off as long as it lives; then they are as before.
pub(crate) struct IrqsOff<'a> {
    /// What turns them on again, if they were.
    undo: Option<Undo>,
    /// That it lives no longer than the proof, and stays with its task.
    here: PhantomData<(&'a StaysHere, *mut ())>,
}

impl<'a> IrqsOff<'a> {
    /// Turns interrupts off.
    #[inline(always)]
    pub(crate) fn save(here: &'a StaysHere) -> Self {
        Self {
            undo: are_on(here).then(Undo::new),
            here: PhantomData,
        }
    }

    /// Returns what the flags register of a native CPU would have shown before.
    #[inline(always)]
    pub(crate) fn flags(&self) -> usize {
        /// `X86_EFLAGS_IF`.
        const INTERRUPTS: usize = 1 << 9;

        if self.undo.is_some() {
            INTERRUPTS
        } else {
            0
        }
    }
}

impl Drop for IrqsOff<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(undo) = self.undo.take() {
            undo.restore();
        }
    }
}

/// How interrupts are turned on again, where lockdep wants to know: what `local_irq_save()`
/// returned.
#[cfg(CONFIG_TRACE_IRQFLAGS)]
struct Undo(kernel::ffi::c_ulong);

#[cfg(CONFIG_TRACE_IRQFLAGS)]
impl Undo {
    /// Turns interrupts off.
    #[inline(always)]
    fn new() -> Self {
        // SAFETY: The flags are restored on this CPU, as long as this lives no longer than a proof.
        Self(unsafe { bindings::rust_helper_local_irq_save() })
    }

    /// Turns them on.
    #[inline(always)]
    fn restore(self) {
        // SAFETY: The flags come from this CPU.
        unsafe { bindings::rust_helper_local_irq_restore(self.0) };
    }
}

/// How interrupts are turned on again, where nobody asks.
#[cfg(not(CONFIG_TRACE_IRQFLAGS))]
struct Undo;

#[cfg(not(CONFIG_TRACE_IRQFLAGS))]
impl Undo {
    /// Turns interrupts off.
    #[inline(always)]
    fn new() -> Self {
        if let Some(vcpu) = shared::vcpu_info() {
            vcpu.set_upcall_mask(1);
        }
        Self
    }

    /// Turns them on, and takes those that came meanwhile.
    #[inline(always)]
    fn restore(self) {
        if let Some(vcpu) = shared::vcpu_info() {
            vcpu.set_upcall_mask(0);
            // What comes from here on is delivered by Xen.
            if vcpu.upcall_pending() != 0 {
                // SAFETY: It is a hypercall, on whose way back Xen delivers events.
                unsafe { bindings::xen_force_evtchn_callback() };
            }
        }
    }
}

/// Returns whether this vCPU takes interrupts.
///
/// Without the proof, a task that is moved meanwhile may see another vCPU's flag.
#[inline(always)]
pub(super) fn are_on(_here: &StaysHere) -> bool {
    shared::vcpu_info().is_some_and(|vcpu| vcpu.upcall_mask() == 0)
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_irqflags)]
mod tests {
    use super::*;
    use crate::raw::{
        domain,
        preempt::PreemptOff, //
    };

    #[test]
    fn interrupts_are_off_in_between() {
        if !domain::is_pv() {
            return;
        }
        let preempt = PreemptOff::new();
        let here = preempt.stays_here();

        assert!(are_on(here));
        {
            let _outer = IrqsOff::save(here);

            assert!(!are_on(here));
            drop(IrqsOff::save(here));
            assert!(!are_on(here));
        }
        assert!(are_on(here));
    }
}
