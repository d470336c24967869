// SPDX-License-Identifier: GPL-2.0

//! Going to sleep on one host and waking on another.

pub mod cpu;
pub mod hvm;
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub mod pv;
