// SPDX-License-Identifier: GPL-2.0

//! The boot parameter `xen_mc_debug`: each CPU keeps notes on the multicalls that are queued.
//!
//! C ancestor: `get_mc_debug()` and `mc_debug_enable()` in `multicalls.c`.

use core::mem::{
    align_of,
    size_of, //
};

use kernel::{
    ffi::c_int,
    prelude::*, //
};

use super::flush;
use crate::{
    ffi::contract,
    multicall::trail::Trail,
    raw::{
        atomic::Word,
        bindings,
        percpu::PerCpu,
        preempt::PreemptOff,
        print::{
            printk,
            ERR,
            INFO, //
        },
        section::{
            init,
            init_data,
            init_ref,
            ro_after_init, //
        },
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

contract!(xen_mc_debug_init());

ro_after_init! {
    /// Where `xen_mc_debug` keeps its notes, as a per-CPU address: 0 while they are in [`EARLY`].
    static TRAILS: Word = Word::new(0);
}

/// Notes of the boot CPU.
struct BootCpu(Trail);

// SAFETY: There is no other CPU while they are used.
unsafe impl Sync for BootCpu {}

init_data! {
    /// The notes before memory can be allocated.
    static EARLY: BootCpu = BootCpu(Trail::new());
}

/// Returns whether the user wants notes to be taken.
#[inline(always)]
pub(super) fn is_enabled() -> bool {
    // SAFETY: The key is in c-shims/multicalls.c.
    unsafe {
        kernel::jump_label::static_branch_unlikely!(
            bindings::xen_mc_debug,
            bindings::xen_mc_debug,
            enabled
        )
    }
}

init_ref! {
    /// Returns this CPU's notes. Preemption is off.
    #[cold]
    pub(super) fn current_trail() -> *const Trail {
        match TRAILS.read() {
            0 => &raw const EARLY.0,
            trails => per_cpu_trail(trails).this_cpu_ptr(),
        }
    }
}

/// Names the per-CPU notes at `trails`.
fn per_cpu_trail(trails: u64) -> PerCpu<Trail> {
    let address = core::ptr::with_exposed_provenance(to_usize(trails));

    // SAFETY: `xen_mc_debug_init()` has allocated them for this type, with zeros, which are a trail.
    unsafe { PerCpu::new(address) }
}

init! {
    /// Gives each CPU notes of its own, while there is one CPU.
    ///
    /// Returns 0, or `-ENOMEM`, with which nothing is noted any more.
    #[no_mangle]
    extern "C" fn xen_mc_debug_init() -> c_int {
        if !is_enabled() {
            return 0;
        }
        // SAFETY: It allocates, and may sleep here.
        let trails = unsafe {
            bindings::pcpu_alloc_noprof(
                size_of::<Trail>(),
                align_of::<Trail>(),
                false,
                bindings::GFP_KERNEL,
            )
        };

        if trails.is_null() {
            printk!(ERR, "xen_mc_debug inactive\n");
            // SAFETY: It may sleep, too.
            unsafe { bindings::xen_mc_debug_disable() };
            return ENOMEM.to_errno();
        }
        let preempt = PreemptOff::new();

        // What is queued was noted elsewhere.
        flush(preempt.stays_here());
        TRAILS.write(to_u64(trails.expose_provenance()));
        drop(preempt);
        printk!(INFO, "xen_mc_debug active\n");
        0
    }
}
