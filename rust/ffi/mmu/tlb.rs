// SPDX-License-Identifier: GPL-2.0

//! TLB flushes.
//!
//! Those of this CPU wait in the buffer while the kernel is in lazy MMU mode, with the updates that
//! they are for; flushes of one address after the other then become one array.
//!
//! C ancestor: `xen_flush_tlb()` and its kin in `mmu_pv.c`.

use kernel::ffi::c_ulong;

use super::cr3;
use crate::{
    abi::pagetable::MmuextOp,
    ffi::multicall::{
        self,
        batch::{
            batch,
            Issue, //
        }, //
    },
    mmu::tlb::{
        self,
        Range, //
    },
    raw::{
        bindings,
        cpu::CpuSet,
        lazy,
        preempt::PreemptOff,
        trace,
        word::to_u64, //
    },
};

/// Has Xen do all that waits: lazy MMU mode ends, or the kernel wants to see what it did. Any
/// context but NMI.
pub(super) extern "C" fn xen_flush_lazy_mmu() {
    multicall::flush(PreemptOff::new().stays_here());
}

/// Flushes the TLB of this CPU. Any context but NMI.
pub(super) extern "C" fn xen_flush_tlb() {
    batch(Issue::UnlessMmuIsLazy, |batch| {
        batch.operation(MmuextOp::FLUSH_LOCAL);
    });
}

/// Flushes the TLBs of all CPUs. Any context but NMI.
pub(super) fn flush_all() {
    batch(Issue::UnlessMmuIsLazy, |batch| {
        batch.operation(MmuextOp::FLUSH_ALL);
    });
}

/// Flushes an address from the TLB of this CPU. Any context but NMI.
pub(super) extern "C" fn xen_flush_tlb_one_user(address: c_ulong) {
    trace::xen_mmu_flush_tlb_one_user(address);
    batch(Issue::UnlessMmuIsLazy, |batch| {
        batch.operation(MmuextOp::flush_page(to_u64(address)));
    });
}

/// Flushes a range from the TLBs of some CPUs. Any context but NMI; preemption may be on.
///
/// It does not wait, in lazy MMU mode neither: which CPUs may have the range is found out when Xen
/// has seen the updates that it is for.
///
/// # Safety
///
/// `cpus` must be a set, and `info` tell what to flush. The kernel crate does not know its fields.
pub(super) unsafe extern "C" fn xen_flush_tlb_multi(
    cpus: *const bindings::cpumask,
    info: *const kernel::bindings::flush_tlb_info,
) {
    // SAFETY: The caller's promise.
    let info = unsafe { &*info.cast::<bindings::flush_tlb_info>() };

    trace::xen_mmu_flush_tlb_multi(cpus, info.mm, info.start, info.end);
    if lazy::is_mmu_lazy() {
        multicall::flush(PreemptOff::new().stays_here());
    }
    let [start, end] = [info.start, info.end].map(to_u64);
    // SAFETY: The caller's promise.
    let cpus = unsafe { CpuSet::from_raw(cpus) };
    // SAFETY: The caller's promise; without an address space it is the kernel's, or those of many.
    let may_hold = |cpu| info.mm.is_null() || unsafe { cr3::may_hold(cpu, info.mm) };

    if !cpus.and(CpuSet::online()).any(may_hold) {
        return;
    }
    batch(Issue::Now, |batch| {
        batch.operation_on(
            |vcpus| tlb::operation(Range { start, end }, vcpus),
            CpuSet::words(),
            cpus.words_of(may_hold),
        );
    });
}
