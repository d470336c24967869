// SPDX-License-Identifier: GPL-2.0

//! Linux as a guest of the Xen hypervisor, and as its control domain.
//!
//! Imports run one way: `abi` <- `raw` <- policy <- `ffi`. See Documentation/abi.rst.

#![deny(unsafe_code)]
// selftests/host compiles the modules without unsafe as a library, whose surface is `pub`.
#![allow(unreachable_pub)]

// An interface is described whole, or its gaps would have to be looked up in C.
#[allow(dead_code)]
mod abi;
mod boot;
#[cfg(CONFIG_XEN_PV)]
mod cpu;
mod ffi;
mod grant;
mod guest;
mod hvm;
mod irq;
mod mmu;
#[cfg(CONFIG_XEN_PV)]
mod multicall;
mod raw;
#[cfg(CONFIG_SMP)]
mod smp;
mod suspend;
mod time;

/// What `pr_*!` macros print before a message; ours go through `raw::print` and have none.
const __LOG_PREFIX: &[u8] = b"xen\0";
