// SPDX-License-Identifier: GPL-2.0

//! The modules of `rust/` that need no kernel, under the paths they have there.

/// The kernel crate's directory, so that each module finds its own files.
#[path = "../../../rust"]
mod xen {
    pub mod abi;
    pub mod boot;
    pub mod cpu;
    pub mod grant;
    pub mod guest;
    pub mod hvm;
    pub mod irq;
    pub mod mmu;
    pub mod multicall;
    pub mod smp;
    pub mod suspend;
    pub mod time;
}

pub use xen::{abi, boot, cpu, grant, guest, hvm, irq, mmu, multicall, smp, suspend, time};
