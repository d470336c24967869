// SPDX-License-Identifier: GPL-2.0

//! What Xen defines: numbers, names and memory layouts, and nothing that acts.
//!
//! Two kinds of fields occur in the structures here. What Xen writes is plain
//! integers, because every bit pattern of them has to be expected. What only
//! we write is typed with the newtypes of [`frame`] and [`id`], so that a
//! wrong number cannot be handed to Xen in the first place.
//!
//! Padding is spelled out as fields: `zerocopy` then proves that no byte of
//! the kernel's stack leaks to Xen. The layouts are asserted here against the
//! published numbers and once more, in `raw`, against the C headers.
//!
//! C ancestor: `include/xen/interface/`.

pub mod apic;
pub mod callback;
pub mod context;
pub mod cpuid;
pub mod descriptor;
pub mod e820;
pub mod errno;
pub mod event;
pub mod frame;
pub mod grant;
pub mod hvm;
pub mod hypercall;
pub mod id;
pub mod memory;
pub mod multicall;
pub mod p2m;
pub mod pagetable;
pub mod physdev;
pub mod platform;
pub mod pmu;
pub mod sched;
pub mod shared_info;
pub mod start_info;
pub mod vcpu;
pub mod version;
pub mod vga;
