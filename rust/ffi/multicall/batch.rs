// SPDX-License-Identifier: GPL-2.0

//! Batches: what Rust queues between one moment with interrupts off and the next.
//!
//! A batch borrows the proof that interrupts are off, so it neither outlives them nor nests: who is
//! given one cannot be given the CPU again. At its end the buffer is flushed, unless a lazy mode
//! lets it wait.
//!
//! C ancestor: `xen_mc_batch()`, `xen_mc_issue()`, `xen_extend_mmu_update()` in `mmu_pv.c`.

use core::{
    arch::asm,
    cell::Cell,
    mem::size_of, //
};

use zerocopy::IntoBytes;

use super::{
    Callback,
    ThisCpu, //
};
use crate::{
    abi::{
        hypercall::Number,
        id::DomId,
        pagetable::{
            Flush,
            Machine,
            MmuUpdate,
            MmuextOp,
            Pte, //
        },
    },
    multicall::Space,
    raw::{
        bug::bug,
        irqflags::IrqsOff,
        lazy,
        preempt::PreemptOff,
        task,
        trace,
        word::to_u64, //
    },
};

/// When Xen sees what was queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Issue {
    /// At the end of the batch.
    Now,
    /// Then, or when lazy MMU mode ends.
    UnlessMmuIsLazy,
    /// Then, or at the end of the context switch.
    UnlessCpuIsLazy,
    /// With what is queued next and need not wait, at the latest when lazy MMU mode ends, in which
    /// it is queued, or with the next context switch.
    Later,
}

impl Issue {
    /// Returns whether the batch ends with a flush.
    #[inline(always)]
    fn flushes(self) -> bool {
        match self {
            Self::Now => true,
            Self::UnlessMmuIsLazy => !lazy::is_mmu_lazy(),
            Self::UnlessCpuIsLazy => !task::is_switching(),
            Self::Later => false,
        }
    }
}

/// What this CPU queues, interrupts off.
pub(crate) struct Batch<'a> {
    /// The CPU.
    cpu: ThisCpu<'a>,
}

/// Has `work` queue what it wants. Any context but NMI.
#[inline(always)]
pub(crate) fn batch(issue: Issue, work: impl FnOnce(&Batch<'_>)) {
    let preempt = PreemptOff::new();
    let irqs = IrqsOff::save(preempt.stays_here());
    let cpu = ThisCpu::new(preempt.stays_here());
    let flags = irqs.flags();

    trace::xen_mc_batch(flags);
    work(&Batch { cpu });
    let flush = issue.flushes();

    trace::xen_mc_issue(flush, flags);
    if flush {
        cpu.buffer.flush(&cpu);
    }
}

impl Batch<'_> {
    /// Queues more elements for a hypercall that takes an array of them: with the last call, if
    /// that is one of the same.
    #[inline(always)]
    fn push<T: IntoBytes>(&self, caller: usize, number: Number, elements: T, count: u64) {
        if let Some(space) = self
            .cpu
            .buffer
            .extend(number.get(), size_of::<T>(), &self.cpu)
        {
            let [_, total, ..] = &space.entry.args;

            total.set(total.get().wrapping_add(count));
            fill(space.arguments, elements);
            return;
        }
        let space = self.call(
            caller,
            number,
            size_of::<T>(),
            |place| [place, count, 0, u64::from(DomId::SELF.get())],
            4,
        );

        fill(space.arguments, elements);
    }

    /// Queues a call whose arguments depend on where its memory is, and returns that memory.
    #[inline(always)]
    fn call(
        &self,
        caller: usize,
        number: Number,
        bytes: usize,
        arguments: impl FnOnce(u64) -> [u64; 4],
        count: u32,
    ) -> Space<'_> {
        // No room in an empty buffer: a constant of this file is wrong.
        let Ok(space) = self.cpu.buffer.entry(bytes, caller, &self.cpu) else {
            bug("a multicall has too many arguments");
        };
        let place = to_u64(space.arguments.as_ptr().expose_provenance());

        space.entry.op.set(number.get());
        // One by one: to walk along an array by value is a call for each element.
        let [first, second, third, fourth, ..] = &space.entry.args;
        let values = arguments(place);

        first.set(values[0]);
        second.set(values[1]);
        third.set(values[2]);
        fourth.set(values[3]);
        trace::xen_mc_entry(core::ptr::from_ref(space.entry).cast_mut().cast(), count);
        space
    }

    /// Queues a hypercall of at most two arguments.
    ///
    /// # Safety
    ///
    /// They must be what Xen expects, and none of them the address of memory.
    #[inline(always)]
    pub(crate) unsafe fn hypercall(&self, number: Number, [first, second]: [u64; 2]) {
        self.call(caller(), number, 0, |_| [first, second, 0, 0], 2);
    }

    /// Queues an update of an entry.
    #[inline(always)]
    pub(crate) fn update(&self, update: MmuUpdate) {
        self.push(caller(), Number::MmuUpdate, update, 1);
    }

    /// Queues an operation.
    #[inline(always)]
    pub(crate) fn operation(&self, operation: MmuextOp) {
        self.operation_of(caller(), operation);
    }

    /// Queues one of `caller`'s.
    ///
    /// Not in a copy for each of them: boot code sorts and patches the static branches in it.
    #[inline(never)]
    fn operation_of(&self, caller: usize, operation: MmuextOp) {
        self.push(caller, Number::MmuextOp, operation, 1);
    }

    /// Queues two operations, one after the other.
    #[inline(always)]
    pub(crate) fn operations(&self, operations: [MmuextOp; 2]) {
        self.push(caller(), Number::MmuextOp, operations, 2);
    }

    /// Queues an operation on the vCPUs of a bitmap of so many words, which `bitmap` yields.
    ///
    /// The bitmap comes first: what is queued next may continue the array of operations.
    #[inline(always)]
    pub(crate) fn operation_on(
        &self,
        operation: impl FnOnce(u64) -> MmuextOp,
        words: usize,
        bitmap: impl Iterator<Item = u64>,
    ) {
        let size = words * size_of::<u64>();
        let space = self.call(
            caller(),
            Number::MmuextOp,
            size + size_of::<MmuextOp>(),
            |place| [place + to_u64(size), 1, 0, u64::from(DomId::SELF.get())],
            4,
        );
        let (head, tail) = space.arguments.split_at_checked(size).unwrap_or_default();

        for (place, word) in head.chunks(size_of::<u64>()).zip(bitmap) {
            fill(place, word);
        }
        fill(tail, operation(to_u64(head.as_ptr().expose_provenance())));
    }

    /// Queues a change of what maps an address of the kernel's.
    #[inline(always)]
    pub(crate) fn remap(&self, address: u64, entry: Pte<Machine>, flush: Flush) {
        self.remap_of(caller(), address, entry, flush);
    }

    /// Queues one of `caller`'s, not in a copy for each.
    #[inline(never)]
    fn remap_of(&self, caller: usize, address: u64, entry: Pte<Machine>, flush: Flush) {
        self.call(
            caller,
            Number::UpdateVaMapping,
            0,
            |_| [address, entry.get(), flush.get(), 0],
            3,
        );
    }

    /// Has a function called, interrupts off, when Xen has seen what is queued by now.
    #[inline(always)]
    pub(crate) fn defer(&self, work: Callback) {
        self.cpu.buffer.defer(work, &self.cpu);
    }
}

/// Returns who queues a call, for the report: the function that this is inlined into.
#[inline(always)]
fn caller() -> usize {
    let address: usize;

    // SAFETY: It computes an address. It may be left out where nobody looks.
    unsafe {
        asm!(
            "lea {address}, [rip]",
            address = out(reg) address,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    address
}

/// Writes an element to the memory that was asked for.
#[inline(always)]
fn fill<T: IntoBytes>(cells: &[Cell<u8>], element: T) {
    if cells.len() >= size_of::<T>() {
        // SAFETY: There is as much room; cells may be written through a shared reference.
        unsafe {
            cells
                .as_ptr()
                .cast_mut()
                .cast::<T>()
                .write_unaligned(element)
        };
    }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_ffi_multicall_batch)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn what_follows_an_operation_with_a_bitmap_is_the_next_of_its_array() {
        let found = Cell::new(None);

        if !domain::is_pv() {
            return;
        }
        batch(Issue::Now, |batch| {
            // The vCPU of the boot CPU; the other words are empty.
            let bitmap = core::iter::once(1).chain(core::iter::repeat(0));

            batch.operation_on(MmuextOp::flush_multi, 2, bitmap);
            batch.operation(MmuextOp::FLUSH_LOCAL);
            found.set(
                batch
                    .cpu
                    .buffer
                    .extend(Number::MmuextOp.get(), 0, &batch.cpu)
                    .map(|space| {
                        let [start, count, ..] = &space.entry.args;

                        (
                            start.get() + count.get() * to_u64(size_of::<MmuextOp>()),
                            count.get(),
                            to_u64(space.arguments.as_ptr().addr()),
                        )
                    }),
            );
        });
        let (end, count, memory_end) = found.get().unwrap_or_default();

        assert_eq!(end, memory_end);
        assert!(count >= 2);
    }
}
