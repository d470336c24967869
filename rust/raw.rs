// SPDX-License-Identifier: GPL-2.0

//! The only code that touches bindings, asm, per-CPU data and memory shared with Xen.
//!
//! Every module offers a safe surface where one exists; what remains `unsafe` says in its
//! `# Safety` section what the caller has to know.

pub(crate) mod address;
pub(crate) mod atomic;
pub(crate) mod bindings;
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) mod boot_cell;
#[cfg(CONFIG_XEN_PV_SMP)]
pub(crate) mod bringup;
pub(crate) mod bug;
#[cfg_attr(not(CONFIG_XEN_PVH), allow(dead_code))]
pub(crate) mod console;
pub(crate) mod cpu;
pub(crate) mod cpuid;
pub(crate) mod domain;
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) mod extable;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod frames;
pub(crate) mod hypercall;
#[cfg(CONFIG_SMP)]
pub(crate) mod irq;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod irqflags;
mod layout;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod lazy;
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
pub(crate) mod nmi;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod p2m;
pub(crate) mod page;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod pagetable;
pub(crate) mod percpu;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod pmu;
pub(crate) mod port;
pub(crate) mod preempt;
pub(crate) mod print;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod register;
pub(crate) mod section;
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) mod shared;
pub(crate) mod table;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod task;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod trace;
pub(crate) mod tsc;
pub(crate) mod vcpu;
pub(crate) mod vcpu_info;
pub(crate) mod vmarea;
pub(crate) mod word;
