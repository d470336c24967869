// SPDX-License-Identifier: GPL-2.0

//! Addresses and page tables.

pub mod translate;
