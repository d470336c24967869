// SPDX-License-Identifier: GPL-2.0

//! What a PV guest has in place of parts of its CPUs, as C calls it.

mod apic;
pub(super) mod pmu;
