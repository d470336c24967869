// SPDX-License-Identifier: GPL-2.0

//! What only hardware-virtualised guests do.

#[cfg_attr(not(CONFIG_SMP), allow(dead_code))]
pub mod cpu;
#[cfg_attr(not(CONFIG_PROC_VMCORE), allow(dead_code))]
pub mod memory;
pub mod platform;
pub mod shared_info;
pub mod unplug;
