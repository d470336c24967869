// SPDX-License-Identifier: GPL-2.0

//! The CPUs that are online.
//!
//! C ancestor: `for_each_online_cpu()`.

#![expect(unsafe_code)]

use crate::raw::bindings;

/// Goes through the CPUs that are online.
///
/// The set must not change meanwhile: hold the hotplug lock, or be inside `stop_machine()`.
pub(crate) fn online() -> impl Iterator<Item = u32> {
    core::iter::successors(next_online(-1), |&cpu| next_online(cpu))
        .filter_map(|cpu| u32::try_from(cpu).ok())
}

/// Returns the first CPU above `cpu` that is online.
fn next_online(cpu: i32) -> Option<i32> {
    let mask = &raw const bindings::__cpu_online_mask;
    // SAFETY: The mask always exists, and a number from -1 up is in range.
    let next = unsafe { bindings::rust_helper_cpumask_next(cpu, mask) };

    i32::try_from(next)
        .ok()
        .filter(|_| next < kernel::cpu::nr_cpu_ids())
}
