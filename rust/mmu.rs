// SPDX-License-Identifier: GPL-2.0

//! Addresses and page tables.

#[allow(dead_code)]
pub mod p2m;
pub mod translate;
