// SPDX-License-Identifier: GPL-2.0

//! Context switches: everything that Xen is told, in one list.
//!
//! [`xen_start_context_switch`] opens it. What page tables and descriptors need is queued, together
//! with what a task has queued in lazy MMU mode and has not flushed: the mode is the task's, and so
//! are its counters, which are not touched. [`xen_end_context_switch`] adds the stack and the
//! segments of the next task, and flushes. The kernel then does the same again, up to
//! [`xen_load_sp0`], and finds it done.
//!
//! C ancestor: `enlighten_pv.c:420`, `enlighten_pv.c:586`, `enlighten_pv.c:1002`.

#![expect(unsafe_code)]

use kernel::ffi::{
    c_uint,
    c_ulong, //
};

use crate::{
    abi::{
        descriptor::SegmentBase,
        hypercall::Number, //
    },
    cpu::switch::{
        Plan,
        Processor,
        Segment,
        Segments, //
    },
    ffi::{
        cpu::gdt::GDT,
        mmu::machine_address,
        multicall::batch::{
            batch,
            Batch,
            Issue, //
        },
    },
    raw::{
        bindings,
        bug::bug_on_err,
        cpu::has_feature,
        hypercall::descriptor::set_segment_base,
        percpu::PerCpu,
        task::{
            self,
            Task, //
        },
        word::to_u64, //
    },
};

/// The stack segment of the kernel.
const KERNEL_DS: u64 = bindings::__KERNEL_DS as u64; // CAST: It widens.
/// Descriptors for thread-local storage.
const TLS_ENTRIES: usize = bindings::GDT_ENTRY_TLS_ENTRIES as usize; // CAST: It widens.
/// What is no address, and so no base.
const NO_BASE: u64 = 1 << 63;

// SAFETY: `DEFINE_PER_CPU(struct xen_tls_held, xen_tls_held)` is in c-shims/percpu.c.
const TLS_HELD: PerCpu<[u64; TLS_ENTRIES]> =
    unsafe { PerCpu::new((&raw const bindings::xen_tls_held).cast()) };
// SAFETY: `DEFINE_PER_CPU(struct xen_switch, xen_switch)` is in c-shims/percpu.c.
const FS_BASE: PerCpu<u64> = unsafe { PerCpu::new(&raw const bindings::xen_switch.fs_base) };
// SAFETY: As above.
const GS_BASE: PerCpu<u64> = unsafe { PerCpu::new(&raw const bindings::xen_switch.gs_base) };
// SAFETY: As above.
const IS_OPEN: PerCpu<u8> = unsafe { PerCpu::new(&raw const bindings::xen_switch.is_open) };
// SAFETY: `DEFINE_PER_CPU_PAGE_ALIGNED(struct tss_struct, cpu_tss_rw)` is in
// arch/x86/kernel/process.c. The stack is that which Xen has, at first one that there is not.
const STACK: PerCpu<u64> =
    unsafe { PerCpu::new((&raw const bindings::cpu_tss_rw.x86_tss.sp0).cast()) };

/// Begins a switch: what is asked of Xen waits. Interrupts are off.
pub(super) extern "C" fn xen_start_context_switch(_prev: *mut bindings::task_struct) {
    task::set_switching(true);
}

/// Gives this CPU the descriptors of a task for thread-local storage.
///
/// # Safety
///
/// `thread` must be the task's.
pub(super) unsafe extern "C" fn xen_load_tls(thread: *mut bindings::thread_struct, _cpu: c_uint) {
    if task::is_switching() {
        // It may name a descriptor that changes. The kernel has saved it.
        task::clear_fs();
    }
    // SAFETY: The caller's promise; a descriptor is a word of 8 bytes.
    let wanted = unsafe {
        (&raw const (*thread).tls_array)
            .cast::<[u64; TLS_ENTRIES]>()
            .read()
    };
    // SAFETY: This CPU's own, which no interrupt uses.
    let held = unsafe { &mut *TLS_HELD.this_cpu_ptr() };

    if differ(held, &wanted) {
        write_tls(held, wanted);
    }
}

/// Returns whether descriptors differ. Not by `!=`, which is a call.
#[inline(always)]
const fn differ(held: &[u64; TLS_ENTRIES], wanted: &[u64; TLS_ENTRIES]) -> bool {
    (held[0] ^ wanted[0]) | (held[1] ^ wanted[1]) | (held[2] ^ wanted[2]) != 0
}

/// Has Xen write the descriptors that differ from those that it has.
#[inline(never)]
fn write_tls(held: &mut [u64; TLS_ENTRIES], wanted: [u64; TLS_ENTRIES]) {
    let table = to_u64(GDT.this_cpu_ptr().addr());
    let first = table + to_u64(bindings::GDT_ENTRY_TLS_MIN as usize) * 8; // CAST: It widens.

    batch(Issue::UnlessCpuIsLazy, |calls| {
        for ((held, wanted), offset) in held.iter_mut().zip(wanted).zip((0..).step_by(8)) {
            if *held != wanted {
                let place = machine_address(first + offset);

                *held = wanted;
                // SAFETY: The entry is one of this CPU's, for user space; Xen checks the
                // descriptor.
                unsafe { calls.hypercall(Number::UpdateDescriptor, [place, wanted]) };
            }
        }
    });
}

/// Returns what a task has in its segment registers.
#[inline(always)]
fn segments(task: Task) -> Segments {
    let segment = |(selector, base)| Segment { selector, base };

    Segments {
        fs: segment(task.fs()),
        gs: segment(task.gs()),
    }
}

/// Ends a switch: Xen is told everything about the next task. Interrupts are off.
///
/// # Safety
///
/// `next` must be the task that this CPU switches to, and the current one that which it leaves.
pub(super) unsafe extern "C" fn xen_end_context_switch(next: *mut bindings::task_struct) {
    // SAFETY: The caller's promise.
    let next = unsafe { Task::from_raw(next) };
    let processor = Processor {
        has_fsgsbase: has_feature(bindings::X86_FEATURE_FSGSBASE),
        keeps_base: has_feature(bindings::RUST_CONST_HELPER_NULL_SEG),
    };
    let wanted = segments(next);
    let plan = Plan::new(processor, segments(Task::current()), wanted);
    let stack = next.top_of_stack();

    batch(Issue::Now, |calls| {
        // A kernel thread never enters from user space: whose stack Xen has is all the same.
        if STACK.read() != stack && !next.is_kernel_thread() {
            // SAFETY: It is the next task's.
            unsafe { switch_stack(calls, stack) };
        }
        if let Some(base) = plan.fs_base {
            // SAFETY: The kernel does not use fs.
            unsafe { push_base(calls, SegmentBase::Fs, base) };
        }
        if let Some(selector) = plan.gs_selector {
            // SAFETY: It is about user space.
            unsafe { push_base(calls, SegmentBase::GsUserSelector, u64::from(selector)) };
        }
        if let Some(base) = plan.gs_base {
            // SAFETY: It is about user space.
            unsafe { push_base(calls, SegmentBase::GsUser, base) };
        }
        open(plan.fs_base.unwrap_or(NO_BASE), wanted.gs.base);
    });
    task::set_switching(false);
}

/// Notes what Xen has, for when the kernel sets it.
#[inline(always)]
fn open(fs_base: u64, gs_base: u64) {
    // SAFETY: The variables are this module's.
    unsafe {
        FS_BASE.write(fs_base);
        GS_BASE.write(gs_base);
        IS_OPEN.write(1);
    }
}

/// Queues a base or a selector.
///
/// # Safety
///
/// As for [`set_segment_base`].
#[inline(always)]
unsafe fn push_base(calls: &Batch<'_>, segment: SegmentBase, base: u64) {
    // SAFETY: The caller's promise.
    unsafe { calls.hypercall(Number::SetSegmentBase, [segment.get(), base]) };
}

/// Queues a stack for entries from user space.
///
/// # Safety
///
/// It must be that of the task that will run there.
#[inline(always)]
unsafe fn switch_stack(calls: &Batch<'_>, stack: u64) {
    // SAFETY: The caller's promise: Xen writes to it then.
    unsafe { calls.hypercall(Number::StackSwitch, [KERNEL_DS, stack]) };
    // SAFETY: The field is for this.
    unsafe { STACK.write(stack) };
}

/// Sets the stack for entries from user space, if Xen has another. In a switch, this comes last: it
/// only ends what [`xen_end_context_switch`] has left open.
///
/// # Safety
///
/// It must be a stack.
pub(super) unsafe extern "C" fn xen_load_sp0(sp0: c_ulong) {
    if IS_OPEN.read() != 0 {
        // SAFETY: The variable is this module's.
        unsafe { IS_OPEN.write(0) };
    } else if STACK.read() != to_u64(sp0) {
        // SAFETY: The caller's promise.
        unsafe { load_stack(to_u64(sp0)) };
    }
}

/// Sets the stack for entries from user space.
///
/// # Safety
///
/// It must be a stack.
#[inline(never)]
unsafe fn load_stack(stack: u64) {
    batch(Issue::UnlessCpuIsLazy, |calls| {
        // SAFETY: The caller's promise.
        unsafe { switch_stack(calls, stack) };
    });
}

/// Loads the user's `gs`. In a switch, Xen has it.
pub(super) extern "C" fn xen_load_gs_index(selector: c_uint) {
    if IS_OPEN.read() == 0 {
        // SAFETY: It is about user space.
        let answer = unsafe { set_segment_base(SegmentBase::GsUserSelector, u64::from(selector)) };

        bug_on_err(answer, "a selector cannot be loaded");
    }
}

/// Returns whether Xen was given this base of `fs` in the switch that goes on.
#[inline(always)]
pub(super) fn was_given_fs(base: u64) -> bool {
    IS_OPEN.read() != 0 && FS_BASE.read() == base
}

/// Returns whether Xen was given this base of the user's `gs` in the switch that goes on.
#[inline(always)]
pub(super) fn was_given_gs(base: u64) -> bool {
    IS_OPEN.read() != 0 && GS_BASE.read() == base
}
