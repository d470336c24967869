// SPDX-License-Identifier: GPL-2.0

//! What a PV guest has in place of parts of its CPUs, as C calls it.

mod apic;
mod control;
mod cpuid;
mod descriptor;
pub(super) mod gdt;
pub(super) mod hotplug;
mod msr;
mod ops;
pub(super) mod pmu;
mod switch;
pub(super) mod traps;

pub(super) use apic::use_io_apics;
pub(super) use control::xen_get_nmi_reason;
#[cfg(CONFIG_ACPI)]
pub(super) use cpuid::set_mwait_hints;
pub(super) use ops::{
    load_boot_descriptors,
    use_ops, //
};
