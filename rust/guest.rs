// SPDX-License-Identifier: GPL-2.0

//! What kind of guest this is, and what all kinds have in common.
//!
//! Their vCPUs and where Xen keeps what it tells them, memory that comes
//! later, consoles, and the way out: shutdown and panic.
//!
//! C ancestor: `enlighten.c`.

pub mod console;
pub mod extra_memory;
pub mod hotplug;
pub mod mode;
pub mod pin;
pub mod shutdown;
pub mod vcpu_info;
