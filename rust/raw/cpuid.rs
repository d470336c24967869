// SPDX-License-Identifier: GPL-2.0

//! CPUID: Xen's own leaves, and what Xen and the machine answer.
//!
//! Valid in any context; slow, for the instruction is Xen's to execute.
//!
//! C ancestor: `xen_cpuid_base()`, `XEN_EMULATE_PREFIX`.

#![expect(unsafe_code)]

#[cfg(CONFIG_XEN_PV)]
use core::arch::asm;

use crate::{
    abi::cpuid::Leaf,
    raw::bindings, //
};

/// Where Xen's leaves are.
#[derive(Clone, Copy)]
pub(crate) struct Base(u32);

impl Base {
    /// Looks for them.
    pub(crate) fn find() -> Option<Self> {
        // SAFETY: It has no preconditions.
        match unsafe { bindings::rust_helper_xen_cpuid_base() } {
            0 => None,
            base => Some(Self(base)),
        }
    }

    /// Returns where they are, above zero.
    pub(crate) fn get(self) -> u32 {
        self.0
    }

    /// Reads one, by its distance from the base.
    pub(crate) fn leaf(self, number: u32) -> Leaf {
        let mut leaf = Leaf::default();
        let Leaf { eax, ebx, ecx, edx } = &mut leaf;

        // SAFETY: It writes the four numbers, and leaves of CPUID have no effect.
        unsafe { bindings::rust_helper_cpuid(self.0.wrapping_add(number), eax, ebx, ecx, edx) };
        leaf
    }
}

/// Executes `cpuid`, with something before it.
#[cfg(CONFIG_XEN_PV)]
macro_rules! cpuid {
    ($prefix:literal, $leaf:expr, $subleaf:expr) => {{
        let (eax, ebx, ecx, edx): (u32, u64, u32, u32);

        // SAFETY: It changes four registers; rbx, which the compiler keeps to itself, is put back.
        unsafe {
            asm!(
                "mov {ebx}, rbx",
                $prefix,
                "cpuid",
                "xchg {ebx}, rbx",
                ebx = out(reg) ebx,
                inlateout("eax") $leaf => eax,
                inlateout("ecx") $subleaf => ecx,
                lateout("edx") edx,
                options(nomem, nostack, preserves_flags),
            );
        }
        Leaf {
            eax,
            ebx: ebx as u32, // CAST: The register's lower half.
            ecx,
            edx,
        }
    }};
}

/// Asks Xen, in a PV guest: bytes that no processor executes lead there before `cpuid` does.
#[cfg(CONFIG_XEN_PV)]
#[inline(always)]
pub(crate) fn ask_xen(leaf: u32, subleaf: u32) -> Leaf {
    // `ud2`, and "xen".
    cpuid!(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e", leaf, subleaf)
}

/// Asks the processor, in a PV guest: what Xen does not hide, it sees.
#[cfg(all(CONFIG_XEN_PV, CONFIG_ACPI))]
pub(crate) fn ask_processor(leaf: u32) -> Leaf {
    cpuid!("", leaf, 0)
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_cpuid)]
mod tests {
    use super::*;
    use crate::{
        abi::cpuid::VERSION,
        raw::{
            domain,
            hypercall::version, //
        }, //
    };

    #[test]
    fn there_are_leaves_where_there_is_xen() {
        if domain::is_xen() {
            assert!(Base::find().is_some());
        }
    }

    #[test]
    fn leaf_and_hypercall_tell_the_same_version() {
        if !domain::is_xen() {
            return;
        }
        let leaf = Base::find().map(|xen| xen.leaf(VERSION).eax);
        let call = version::version().map(|version| version.major << 16 | version.minor);

        assert_eq!(leaf, call.ok());
    }
}
