// SPDX-License-Identifier: GPL-2.0

//! What the kernel sees of CPUID.
//!
//! Xen answers for a PV guest, and hides what the guest cannot have. What is
//! changed besides is about topology, which the kernel is told of otherwise,
//! and about `mwait`, which is not for a guest to use, but whose hints ACPI
//! needs to tell Xen of the machine's sleep states.
//!
//! Callers: any context, from the first lines of boot on.
//!
//! C ancestor: `enlighten_pv.c:246`.

use crate::abi::cpuid::Leaf;

/// The version, features, and the number of the APIC.
const FEATURES: u32 = 1;
/// `CPUID_LEAF_MWAIT`.
pub const MWAIT: u32 = 5;
/// Topology.
const TOPOLOGY: u32 = 0xb;

/// What the machine says of `mwait`, where ACPI is to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MwaitHints {
    /// Register `ecx` of [`MWAIT`].
    pub ecx: u32,
    /// Register `edx`.
    pub edx: u32,
}

/// Returns what the kernel sees of a leaf. `ask` asks Xen.
#[inline(always)]
pub fn seen(
    leaf: u32,
    cpu: impl FnOnce() -> u32,
    hints: impl FnOnce() -> MwaitHints,
    ask: impl FnOnce() -> Leaf,
) -> Leaf {
    if leaf == MWAIT {
        let MwaitHints { ecx, edx } = hints();

        return Leaf {
            eax: 0,
            ebx: 0,
            ecx,
            edx,
        };
    }
    let mut answer = ask();

    match leaf {
        // The number of the APIC is in the top byte. smp::pv prepares the same topology.
        FEATURES => answer.ebx = answer.ebx & 0x00ff_ffff | cpu() << 24,
        TOPOLOGY => answer.ebx = 0,
        _ => {}
    }
    answer
}

/// Returns whether the machine has `mwait` and scales its clock, from `ecx` of leaf 1.
pub const fn has_mwait(features: u32) -> bool {
    /// `X86_FEATURE_MWAIT` and `X86_FEATURE_EST`.
    const BOTH: u32 = 1 << 3 | 1 << 7;

    features & BOTH == BOTH
}

/// Returns whether Xen has switched XSAVE on, from `ecx` of leaf 1.
pub const fn has_xsave(features: u32) -> bool {
    /// `X86_FEATURE_XSAVE` and `X86_FEATURE_OSXSAVE`.
    const BOTH: u32 = 1 << 26 | 1 << 27;

    features & BOTH == BOTH
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_cpuid))]
mod tests {
    use super::*;

    /// What CPU 3 sees where Xen answers with all bits.
    fn on_cpu_3(leaf: u32) -> Leaf {
        let hints = MwaitHints {
            ecx: 3,
            edx: 0x1120,
        };
        let all = Leaf {
            eax: !0,
            ebx: !0,
            ecx: !0,
            edx: !0,
        };

        seen(leaf, || 3, || hints, || all)
    }

    #[test]
    fn the_apic_has_the_cpus_number() {
        let leaf = on_cpu_3(1);

        assert_eq!(leaf.ebx, 0x03ff_ffff);
        assert_eq!(leaf.eax, !0);
        assert_eq!(leaf.ecx, !0);
    }

    #[test]
    fn topology_is_not_xens_to_tell() {
        let leaf = on_cpu_3(0xb);

        assert_eq!(leaf.ebx, 0);
        assert_eq!(leaf.eax, !0);
    }

    #[test]
    fn hints_are_the_machines() {
        let leaf = on_cpu_3(5);

        assert_eq!((leaf.eax, leaf.ebx), (0, 0));
        assert_eq!((leaf.ecx, leaf.edx), (3, 0x1120));
    }

    #[test]
    fn other_leaves_are_xens() {
        for leaf in [0, 2, 4, 7, 0xd, 0x4000_0001, 0x8000_0008] {
            assert_eq!(on_cpu_3(leaf).ebx, !0);
        }
    }

    #[test]
    fn two_bits_make_a_feature() {
        assert!(has_mwait(0x88) && !has_mwait(0x80) && !has_mwait(0x8));
        assert!(has_xsave(0xc00_0000) && !has_xsave(0x400_0000) && !has_xsave(0x800_0000));
    }
}
