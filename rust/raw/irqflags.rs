// SPDX-License-Identifier: GPL-2.0

//! Interrupts of a PV guest.
//!
//! The flag is a byte in the vCPU's record. Where it says off already, which is what most callers
//! find, there is nothing to do; otherwise the kernel's own functions change it, because lockdep
//! wants to know.
//!
//! Valid from the moment on that the boot CPU has a record, be it a dummy.
//!
//! C ancestor: `local_irq_save()`.

#![expect(unsafe_code)]

use core::marker::PhantomData;

use kernel::ffi::c_ulong;

use crate::raw::{
    bindings,
    preempt::StaysHere,
    shared, //
};

/// Proof that interrupts are off as long as it lives; then they are as before.
pub(crate) struct IrqsOff<'a> {
    /// What `local_irq_save()` returned, if it was needed.
    flags: Option<c_ulong>,
    /// That it lives no longer than the proof, and stays with its task.
    here: PhantomData<(&'a StaysHere, *mut ())>,
}

impl<'a> IrqsOff<'a> {
    /// Turns interrupts off.
    #[inline(always)]
    pub(crate) fn save(here: &'a StaysHere) -> Self {
        let flags = are_on(here).then(|| {
            // SAFETY: The flags are restored by `drop()`, on this CPU.
            unsafe { bindings::rust_helper_local_irq_save() }
        });

        Self {
            flags,
            here: PhantomData,
        }
    }
}

impl Drop for IrqsOff<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(flags) = self.flags {
            // SAFETY: They come from this CPU, which the borrowed proof keeps us on.
            unsafe { bindings::rust_helper_local_irq_restore(flags) };
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
