// SPDX-License-Identifier: GPL-2.0

//! Xen's leaves of CPUID.
//!
//! Valid in any context; slow, for the instruction is Xen's to execute.
//!
//! C ancestor: `xen_cpuid_base()`.

#![expect(unsafe_code)]

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
