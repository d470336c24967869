// SPDX-License-Identifier: GPL-2.0

//! Addresses and page tables.

#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code, unused_imports))]
pub mod p2m;
pub mod translate;
