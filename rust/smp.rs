// SPDX-License-Identifier: GPL-2.0

//! More than one CPU: interrupts from one to another, and waiting for locks.
//!
//! A CPU interrupts another by an event that only itself and its like can
//! raise. Each kind of interrupt has an event channel on each CPU.
//!
//! PV guests start and stop their CPUs by hypercalls, HVM and PVH guests as real
//! machines do.
//!
//! C ancestors: `smp.c`, `smp_hvm.c`, `smp_pv.c`, `spinlock.c`.

pub mod hvm;
pub mod interrupt;
pub mod ipi;
#[cfg_attr(not(CONFIG_XEN_PV_SMP), allow(dead_code))]
pub mod pv;
#[cfg_attr(not(CONFIG_PARAVIRT_SPINLOCKS), allow(dead_code))]
pub mod spinlock;
