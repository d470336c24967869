// SPDX-License-Identifier: GPL-2.0

//! The page tables that a CPU has loaded, and who still has which.
//!
//! A vCPU has two top-level tables, since the guest's kernel and its processes run in one ring: Xen
//! switches between them on system calls. `xen_cr3` says what this CPU has loaded or is about to,
//! `xen_current_cr3` what Xen has seen: other CPUs look at the latter.
//!
//! C ancestor: `xen_write_cr3()`, `xen_drop_mm_ref()` in `mmu_pv.c`.

use core::ffi::c_void;

use kernel::ffi::c_ulong;

use super::{
    entry::user_table,
    tables::frame, //
};
use crate::{
    abi::{
        frame::{
            Paddr,
            Pfn, //
        },
        pagetable::MmuextOp, //
    },
    ffi::multicall::{
        self,
        batch::{
            batch,
            Issue, //
        },
        Callback, //
    },
    mmu::tlb,
    raw::{
        address,
        bindings,
        bug::bug,
        cpu,
        pagetable::{
            has_struct_pages,
            TablePage, //
        },
        percpu::PerCpu,
        preempt::{
            PreemptOff,
            StaysHere, //
        },
        trace,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

// SAFETY: `DEFINE_PER_CPU(unsigned long, xen_cr3)` is in c-shims/percpu.c.
const CR3: PerCpu<u64> = unsafe { PerCpu::new((&raw const bindings::xen_cr3).cast()) };
// SAFETY: `DEFINE_PER_CPU(unsigned long, xen_current_cr3)` is in c-shims/percpu.c.
const SEEN: PerCpu<u64> = unsafe { PerCpu::new((&raw const bindings::xen_current_cr3).cast()) };
// SAFETY: `DEFINE_PER_CPU_SHARED_ALIGNED(struct tlb_state, cpu_tlbstate)` is in arch/x86/mm/tlb.c.
const LOADED: PerCpu<u64> =
    unsafe { PerCpu::new((&raw const bindings::cpu_tlbstate.loaded_mm).cast()) };

/// Returns what this CPU has loaded. Any context.
pub(super) extern "C" fn xen_read_cr3() -> c_ulong {
    to_usize(CR3.read())
}

/// Notes that Xen has seen what this CPU loads.
///
/// # Safety
///
/// `cr3` must be that, as an address.
unsafe extern "C" fn note_seen(cr3: *mut c_void) {
    // SAFETY: It is ours to change, here only.
    unsafe { SEEN.write(to_u64(cr3.addr())) };
}

/// Loads page tables: those for the kernel at physical address `cr3`, and with them those for user
/// mode, or none. Preemption is off.
///
/// The multicall waits for the end of a context switch.
pub(in crate::ffi) extern "C" fn xen_write_cr3(cr3: c_ulong) {
    if StaysHere::check().is_none() {
        bug("page tables are loaded while preemption is on");
    }
    let top = Paddr::new(to_u64(cr3)).map(Paddr::frame);
    let user = top
        .filter(|_| has_struct_pages())
        .and_then(|top| user_table(TablePage::of(top)))
        .map(|user| address::known_linear(to_u64(user.addr())));

    batch(Issue::UnlessCpuIsLazy, |batch| {
        trace::xen_mmu_write_cr3(true, cr3);
        trace::xen_mmu_write_cr3(false, to_usize(user.map_or(0, Paddr::get)));
        batch.operations([
            MmuextOp::kernel_base(frame(top.unwrap_or(Pfn::MAX))),
            MmuextOp::user_base(user.map(|user| frame(user.frame()))),
        ]);
        // SAFETY: The variable is ours. Interrupts are off, so an IPI finds both done or none.
        unsafe { CR3.write(to_u64(cr3)) };
        // SAFETY: It is an address that is not followed.
        batch.defer(unsafe { Callback::new(note_seen, core::ptr::without_provenance_mut(cr3)) });
    });
}

/// Has this CPU let go of an address space. Interrupts or preemption are off.
///
/// # Safety
///
/// `mm` must be an address space.
unsafe extern "C" fn drop_here(mm: *mut c_void) {
    let mm = mm.cast::<bindings::mm_struct>();

    if LOADED.read() == to_u64(mm.addr()) {
        // SAFETY: The kernel has another one to load.
        unsafe { bindings::leave_mm() };
    }
    // SAFETY: The caller's promise.
    let top = to_u64(unsafe { super::pin::top_of(mm) }.addr());

    // What was loaded instead may still wait.
    if SEEN.read() == address::known_linear(top).get() {
        multicall::flush(PreemptOff::new().stays_here());
    }
}

/// Returns whether a CPU has an address space loaded, as far as Xen knows.
fn is_seen_on(cpu: u32, top: u64) -> bool {
    // SAFETY: Each CPU has one, which changes in one store.
    cpu::id(cpu).is_some_and(|cpu| unsafe { SEEN.ptr(cpu).read_volatile() } == top)
}

/// Returns whether the TLB of a CPU may have something of an address space. Preemption may be on.
///
/// # Safety
///
/// `mm` must be an address space.
pub(super) unsafe fn may_hold(cpu: u32, mm: *mut bindings::mm_struct) -> bool {
    let Some(id) = cpu::id(cpu) else {
        return false;
    };
    // SAFETY: Each CPU has one, which changes in one store.
    let loaded = unsafe { LOADED.ptr(id).read_volatile() };
    // SAFETY: The caller's promise.
    let top = to_u64(unsafe { super::pin::top_of(mm) }.addr());

    tlb::may_hold(loaded, to_u64(mm.addr()), || {
        is_seen_on(cpu, address::known_linear(top).get())
    })
}

/// Returns whether a CPU is to be asked.
///
/// # Safety
///
/// `mm` must be an address space.
#[cfg(CONFIG_SMP)]
unsafe extern "C" fn is_asked(cpu: kernel::ffi::c_int, mm: *mut c_void) -> bool {
    // SAFETY: The caller's promise.
    let top = to_u64(unsafe { super::pin::top_of(mm.cast()) }.addr());

    is_seen_on(
        crate::raw::word::from_int(cpu),
        address::known_linear(top).get(),
    )
}

/// Has all CPUs let go of an address space with this top-level table. Task context.
///
/// One that has switched to another may not have told Xen yet; it is made to.
pub(super) fn drop_everywhere(mm: *mut bindings::mm_struct, top: Pfn) {
    let _preempt = PreemptOff::new();

    // SAFETY: The caller has an address space.
    unsafe { drop_here(mm.cast()) };
    #[cfg(CONFIG_SMP)]
    if cpu::online().any(|cpu| is_seen_on(cpu, top.base().get())) {
        let online = &raw const bindings::__cpu_online_mask;

        // SAFETY: Both functions take an address space, which lives until they are done.
        unsafe {
            bindings::on_each_cpu_cond_mask(
                Some(is_asked),
                Some(drop_here),
                mm.cast(),
                true,
                online,
            );
        }
    }
    #[cfg(not(CONFIG_SMP))]
    let _ = top;
}
