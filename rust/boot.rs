// SPDX-License-Identifier: GPL-2.0

//! What this kernel learns from Xen before it starts as Linux.

// Each serves one of the kernel's options, and is tested without it.
#[cfg_attr(not(CONFIG_XEN_EFI), allow(dead_code))]
pub mod efi;
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub mod memory_map;
#[cfg_attr(not(all(CONFIG_XEN_PV, CONFIG_MTRR, CONFIG_ACPI)), allow(dead_code))]
pub mod pv;
#[cfg_attr(not(CONFIG_XEN_PVH), allow(dead_code))]
pub mod pvh;
#[cfg_attr(not(CONFIG_XEN_DOM0), allow(dead_code))]
pub mod vga;

/// How much extra memory there is at most, as a multiple of the memory that the domain has.
///
/// Each of its pages has a `struct page` from the start, taken from that memory.
pub const EXTRA_MEM_RATIO: u64 = 10;
