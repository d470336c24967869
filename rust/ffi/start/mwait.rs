// SPDX-License-Identifier: GPL-2.0

//! Whether the kernel sees `mwait`.
//!
//! A guest does not execute it. But it is ACPI in the initial domain that tells Xen of sleep states,
//! and of those that are entered by `mwait` only if the kernel has it, and the machine's hints.
//!
//! C ancestor: `enlighten_pv.c:289`.

use crate::{
    boot::pv::{
        wants_mwait,
        SLEEP_CAPABILITIES, //
    },
    cpu::cpuid::{
        has_mwait,
        MwaitHints,
        MWAIT, //
    },
    ffi::cpu::set_mwait_hints,
    raw::{
        cpuid::ask_processor,
        domain,
        hypercall::{
            platform::set_pdc,
            version::version, //
        },
    },
};

/// Returns whether it does, and notes the hints if Xen wants ACPI to know them.
pub(super) fn is_exposed() -> bool {
    // Older ones would have dom0 put processors to sleep by itself.
    let is_recent = version().is_ok_and(|xen| (xen.major, xen.minor) >= (4, 2));

    if !domain::is_initial() || !is_recent || !has_mwait(ask_processor(1).ecx) {
        return false;
    }
    // Without hints ACPI takes states that are entered by a port.
    if set_pdc(SLEEP_CAPABILITIES).is_ok_and(|[_, _, wanted]| wants_mwait(wanted)) {
        let leaf = ask_processor(MWAIT);

        set_mwait_hints(MwaitHints {
            ecx: leaf.ecx,
            edx: leaf.edx,
        });
    }
    true
}
