// SPDX-License-Identifier: GPL-2.0

//! What a PV guest has in place of parts of its CPUs, as C calls it.

mod apic;
mod control;
mod cpuid;
mod descriptor;
pub(super) mod gdt;
pub(super) mod hotplug;
mod msr;
pub(super) mod pmu;
mod switch;
pub(super) mod traps;

#[cfg(CONFIG_ACPI)]
pub(super) use cpuid::set_mwait_hints;
