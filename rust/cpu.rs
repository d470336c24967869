// SPDX-License-Identifier: GPL-2.0

//! What a PV guest has in place of parts of its CPUs.

pub mod apic;
pub mod control;
// One function is for ACPI.
#[cfg_attr(not(CONFIG_ACPI), allow(dead_code))]
pub mod cpuid;
pub mod hotplug;
pub mod msr;
pub mod nmi;
pub mod pmu;
pub mod switch;
pub mod traps;
