// SPDX-License-Identifier: GPL-2.0

//! Xen's leaves of CPUID, counted from the base at which it put them.
//!
//! C ancestor: `arch/x86/include/asm/xen/cpuid.h`.

/// Xen's version, major number in the upper half of `eax`.
pub const VERSION: u32 = 1;
/// What there is for HVM and PVH guests.
pub const HVM: u32 = 4;
/// How the TSC is given to this domain.
pub const TSC: u32 = 3;

/// What a leaf says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Leaf {
    /// The register of that name.
    pub eax: u32,
    /// The register of that name.
    pub ebx: u32,
    /// The register of that name.
    pub ecx: u32,
    /// The register of that name.
    pub edx: u32,
}

/// `XEN_HVM_CPUID_*`: bits of `eax` in [`HVM`].
impl Leaf {
    /// `XEN_HVM_CPUID_VCPU_ID_PRESENT`: `ebx` is the number of the vCPU that asks.
    const VCPU_ID_PRESENT: u32 = 1 << 3;
    /// `XEN_HVM_CPUID_EXT_DEST_ID`.
    const EXT_DEST_ID: u32 = 1 << 5;

    /// Returns the number of the vCPU that asked, if [`HVM`] has it.
    pub const fn vcpu_id(self) -> Option<u32> {
        if self.eax & Self::VCPU_ID_PRESENT != 0 {
            Some(self.ebx)
        } else {
            None
        }
    }

    /// Returns whether [`HVM`] says that interrupts can be sent to APIC IDs of 15 bits.
    pub const fn has_ext_dest_id(self) -> bool {
        self.eax & Self::EXT_DEST_ID != 0
    }

    /// Splits [`VERSION`] into major and minor number.
    pub const fn version(self) -> (u32, u32) {
        (self.eax >> 16, self.eax & 0xffff)
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_cpuid))]
mod tests {
    use super::*;

    fn leaf(eax: u32) -> Leaf {
        Leaf {
            eax,
            ebx: 7,
            ..Leaf::default()
        }
    }

    #[test]
    fn a_number_counts_only_with_its_bit() {
        assert_eq!(leaf(1 << 3).vcpu_id(), Some(7));
        assert_eq!(leaf(!(1 << 3)).vcpu_id(), None);
    }

    #[test]
    fn wide_destinations_have_a_bit() {
        assert!(leaf(1 << 5).has_ext_dest_id());
        assert!(!leaf(!(1 << 5)).has_ext_dest_id());
    }

    #[test]
    fn a_version_has_two_halves() {
        assert_eq!(leaf(4 << 16 | 17).version(), (4, 17));
    }
}
