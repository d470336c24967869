// SPDX-License-Identifier: GPL-2.0

//! Addresses and page tables.

#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod contiguous;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod foreign;
#[cfg_attr(not(all(CONFIG_XEN_PV, CONFIG_ACPI)), allow(dead_code, unused_imports))]
pub mod p2m;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod pin;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod pte;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod relocate;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod store;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod tlb;
pub mod translate;
#[cfg_attr(not(any(test, CONFIG_XEN_PV)), allow(dead_code))]
pub mod walk;
