// SPDX-License-Identifier: GPL-2.0

//! Multicalls of Rust's own: hypercalls that are queued, and go to Xen with the next flush.

use core::mem::size_of;

use zerocopy::{
    Immutable,
    IntoBytes, //
};

use super::{
    stays_here,
    ThisCpu, //
};
use crate::{
    abi::{
        hypercall::Number,
        id::DomId,
        multicall::Entry, //
    },
    multicall::Space,
    raw::{
        bug::bug_on_err,
        irqflags::IrqsOff,
        preempt::StaysHere,
        trace,
        word::to_u64, //
    },
};

/// The queue of the CPU that runs this, which stays the same.
pub(in crate::ffi) struct Calls {
    /// That it does.
    here: StaysHere,
    /// Who queues, for reports.
    caller: *const (),
}

impl Calls {
    /// Proves that the CPU stays the same, or stops. `caller` is for reports.
    #[inline(always)]
    pub(in crate::ffi) fn new(caller: *const ()) -> Self {
        Self {
            here: stays_here(),
            caller,
        }
    }

    /// Turns interrupts off, as they have to be while something is queued.
    #[inline(always)]
    pub(in crate::ffi) fn irqs_off(&self) -> IrqsOff<'_> {
        IrqsOff::save(&self.here)
    }

    /// Queues a hypercall of at most two arguments. Interrupts are off.
    ///
    /// # Safety
    ///
    /// The arguments must be what Xen expects, and none of them an address.
    #[inline(always)]
    pub(in crate::ffi) unsafe fn push(&self, number: Number, arguments: [u64; 2]) {
        let entry = self.space(0).entry;
        let [first, second, ..] = &entry.args;

        // Not by an iterator: that becomes a loop where size matters more than speed.
        entry.op.set(number.get());
        first.set(arguments[0]);
        second.set(arguments[1]);
        traced(entry, arguments.len());
    }

    /// Queues `HYPERVISOR_mmuext_op` with one operation, about this domain. Interrupts are off.
    ///
    /// # Safety
    ///
    /// It must be what Xen expects.
    #[inline(always)]
    pub(in crate::ffi) unsafe fn push_mmuext<T: IntoBytes + Immutable>(&self, operation: &T) {
        let Space { entry, arguments } = self.space(size_of::<T>());
        let [first, count, done, domain, ..] = &entry.args;

        for (to, from) in arguments.iter().zip(operation.as_bytes()) {
            to.set(*from);
        }
        entry.op.set(Number::MmuextOp.get());
        first.set(to_u64(arguments.as_ptr().expose_provenance()));
        count.set(1);
        done.set(0);
        domain.set(u64::from(DomId::SELF.get()));
        traced(entry, 4);
    }

    /// Makes the calls that are queued.
    #[inline(always)]
    pub(in crate::ffi) fn flush(&self) {
        let cpu = ThisCpu::new(&self.here);

        cpu.buffer().flush(&cpu);
    }

    /// Returns room for one more call.
    #[inline(always)]
    fn space(&self, bytes: usize) -> Space<'_> {
        let cpu = ThisCpu::new(&self.here);

        bug_on_err(
            cpu.buffer().entry(bytes, self.caller.addr(), &cpu),
            "a multicall has too many arguments",
        )
    }
}

/// Traces a call that is filled in.
#[inline(always)]
fn traced(entry: &Entry, arguments: usize) {
    trace::xen_mc_entry(
        core::ptr::from_ref(entry).cast_mut().cast(),
        super::to_u32(arguments),
    );
}
