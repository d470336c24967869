// SPDX-License-Identifier: GPL-2.0

//! Interrupts between CPUs by the numbers that local APICs have for them: what the APIC driver of PV
//! guests is asked to send.
//!
//! C ancestor: `xen_send_IPI_mask()` and its kin in `smp.c`.

use kernel::ffi::c_int;

use super::ipi::{
    send_to,
    Kind, //
};
use crate::{
    raw::{
        bindings,
        cpu::{
            self,
            CpuSet, //
        },
        print::{
            printk,
            ERR, //
        },
    },
    smp::ipi::{
        broadcast,
        Ipi,
        Sender, //
    },
};

/// Interrupts those CPUs of a set that are online, but not the one that runs this.
fn send_to_others(mask: CpuSet, ipi: Ipi) {
    let this = cpu::current();

    broadcast(
        &Kind(ipi),
        mask.and(CpuSet::online()).filter(|&cpu| cpu != this),
    );
}

/// Returns what a vector of the local APIC means.
fn map_vector(vector: c_int) -> Option<Ipi> {
    let ipi = u32::try_from(vector).ok().and_then(Ipi::from_vector);

    if ipi.is_none() {
        printk!(ERR, "xen: vector {:#x} is not implemented\n", vector);
    }
    ipi
}

/// Interrupts CPUs. Any context.
///
/// # Safety
///
/// `mask` must be a CPU mask.
pub(in crate::ffi) unsafe extern "C" fn xen_send_ipi_mask(
    mask: *const bindings::cpumask,
    vector: c_int,
) {
    if let Some(ipi) = map_vector(vector) {
        // SAFETY: The caller's promise.
        send_to(unsafe { CpuSet::from_raw(mask) }, ipi);
    }
}

/// Interrupts CPUs other than this one. Any context.
///
/// # Safety
///
/// `mask` must be a CPU mask.
pub(in crate::ffi) unsafe extern "C" fn xen_send_ipi_mask_allbutself(
    mask: *const bindings::cpumask,
    vector: c_int,
) {
    if let Some(ipi) = map_vector(vector) {
        // SAFETY: The caller's promise.
        send_to_others(unsafe { CpuSet::from_raw(mask) }, ipi);
    }
}

/// Interrupts all other CPUs. Any context.
pub(in crate::ffi) extern "C" fn xen_send_ipi_allbutself(vector: c_int) {
    if let Some(ipi) = map_vector(vector) {
        send_to_others(CpuSet::online(), ipi);
    }
}

/// Interrupts all CPUs. Any context.
pub(in crate::ffi) extern "C" fn xen_send_ipi_all(vector: c_int) {
    if let Some(ipi) = map_vector(vector) {
        send_to(CpuSet::online(), ipi);
    }
}

/// Interrupts this CPU. Any context.
pub(in crate::ffi) extern "C" fn xen_send_ipi_self(vector: c_int) {
    if let Some(ipi) = map_vector(vector) {
        Kind(ipi).send(cpu::current());
    }
}
