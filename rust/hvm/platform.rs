// SPDX-License-Identifier: GPL-2.0

//! Whether the kernel runs as an HVM or PVH guest, and whether it is to behave like one.
//!
//! A PVH guest is told apart in two ways. One that Xen started at the PVH
//! entry knows from its first instruction. One that firmware or a boot loader
//! started knows only from ACPI that it has neither clock nor screen, long
//! after the kernel asked what is below it.
//!
//! `nopv` asks for a kernel without Xen's interfaces. That is possible where
//! there are emulated devices to fall back to, and nowhere else: at the PVH
//! entry it is ignored, and a PVH guest found later stops.
//!
//! Callers: the kernel's search for a hypervisor, on the boot CPU.
//!
//! C ancestor: `enlighten_hvm.c:258`.

use crate::abi::{
    cpuid::Leaf,
    id::VcpuId, //
};

/// What is known when the kernel looks for a hypervisor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// CPUID has Xen's leaves.
    pub on_xen: bool,
    /// This is a PV guest.
    pub pv: bool,
    /// Xen started this kernel at the PVH entry.
    pub pvh: bool,
    /// `nopv` is on the command line.
    pub nopv: bool,
}

/// How to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// This is no HVM or PVH guest.
    Other,
    /// It is.
    Guest,
    /// It is, and `nopv` is to be forgotten.
    GuestDespiteNopv,
    /// It is, but it is to behave as without Xen.
    LikeHardware,
}

impl Facts {
    /// Decides.
    pub const fn verdict(self) -> Verdict {
        if self.pv || !self.on_xen {
            Verdict::Other
        } else if !self.nopv {
            Verdict::Guest
        } else if self.pvh {
            Verdict::GuestDespiteNopv
        } else {
            Verdict::LikeHardware
        }
    }
}

/// What is known when ACPI has been asked for devices.
#[cfg_attr(not(CONFIG_XEN_PVH), allow(dead_code))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LateFacts {
    /// Xen started this kernel at the PVH entry.
    pub pvh: bool,
    /// There is a clock of the PC.
    pub has_rtc: bool,
    /// There may be a VGA screen.
    pub has_vga: bool,
    /// `nopv` is on the command line, and was not forgotten.
    pub nopv: bool,
}

/// What is known then.
#[cfg_attr(not(CONFIG_XEN_PVH), allow(dead_code))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateVerdict {
    /// There are emulated devices.
    Hvm,
    /// There are none.
    Pvh,
    /// There are none, and PV devices are not to be used: nothing is left.
    PvhWithoutDevices,
}

impl LateFacts {
    /// Decides.
    #[cfg_attr(not(CONFIG_XEN_PVH), allow(dead_code))]
    pub const fn verdict(self) -> LateVerdict {
        if !self.pvh && (self.has_rtc || self.has_vga) {
            LateVerdict::Hvm
        } else if self.nopv {
            LateVerdict::PvhWithoutDevices
        } else {
            LateVerdict::Pvh
        }
    }
}

/// Returns which vCPU CPU `cpu` is, of which `raw` is what CPUID or ACPI say, if they do.
///
/// Xen before 4.6 does not say, and numbers vCPUs as Linux does CPUs.
pub fn vcpu_id(raw: Option<u32>, cpu: u32) -> Option<VcpuId> {
    raw.and_then(VcpuId::new).or_else(|| VcpuId::new(cpu))
}

/// Returns which vCPU runs this, the boot CPU with number `cpu`.
pub fn boot_vcpu_id(hvm: Leaf, cpu: u32) -> Option<VcpuId> {
    vcpu_id(hvm.vcpu_id(), cpu)
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_hvm_platform))]
mod tests {
    use super::*;

    /// A guest that firmware started.
    const GUEST: Facts = Facts {
        on_xen: true,
        pv: false,
        pvh: false,
        nopv: false,
    };

    /// An HVM guest.
    const LATE: LateFacts = LateFacts {
        pvh: false,
        has_rtc: true,
        has_vga: true,
        nopv: false,
    };

    #[test]
    fn an_hvm_guest_does_as_it_is_told() {
        let nopv = true;

        assert_eq!(GUEST.verdict(), Verdict::Guest);
        assert_eq!(Facts { nopv, ..GUEST }.verdict(), Verdict::LikeHardware);
    }

    #[test]
    fn a_pvh_guest_cannot_do_without_xen() {
        let pvh = true;
        let nopv = true;

        assert_eq!(Facts { pvh, ..GUEST }.verdict(), Verdict::Guest);
        assert_eq!(
            Facts { pvh, nopv, ..GUEST }.verdict(),
            Verdict::GuestDespiteNopv
        );
    }

    #[test]
    fn pv_guests_and_hardware_are_not_ours() {
        for nopv in [false, true] {
            let pv = Facts {
                pv: true,
                nopv,
                ..GUEST
            };
            let hardware = Facts {
                on_xen: false,
                nopv,
                ..GUEST
            };

            assert_eq!(pv.verdict(), Verdict::Other);
            assert_eq!(hardware.verdict(), Verdict::Other);
        }
    }

    #[test]
    fn one_emulated_device_makes_an_hvm_guest() {
        for (has_rtc, has_vga) in [(true, true), (true, false), (false, true)] {
            for nopv in [false, true] {
                let facts = LateFacts {
                    has_rtc,
                    has_vga,
                    nopv,
                    ..LATE
                };

                assert_eq!(facts.verdict(), LateVerdict::Hvm);
            }
        }
    }

    #[test]
    fn no_emulated_device_makes_a_pvh_guest() {
        let facts = LateFacts {
            has_rtc: false,
            has_vga: false,
            ..LATE
        };
        let nopv = true;

        assert_eq!(facts.verdict(), LateVerdict::Pvh);
        assert_eq!(
            LateFacts { nopv, ..facts }.verdict(),
            LateVerdict::PvhWithoutDevices
        );
    }

    #[test]
    fn the_pvh_entry_counts_more_than_acpi() {
        assert_eq!(LateFacts { pvh: true, ..LATE }.verdict(), LateVerdict::Pvh);
    }

    #[test]
    fn vcpus_have_the_number_that_xen_says() {
        let hvm = Leaf {
            eax: 1 << 3,
            ebx: 6,
            ..Leaf::default()
        };

        assert_eq!(boot_vcpu_id(hvm, 0), VcpuId::new(6));
        assert_eq!(boot_vcpu_id(Leaf { eax: 0, ..hvm }, 0), VcpuId::new(0));
        assert_eq!(vcpu_id(Some(4), 2), VcpuId::new(4));
        assert_eq!(vcpu_id(None, 2), VcpuId::new(2));
        assert_eq!(vcpu_id(Some(u32::MAX), 2), VcpuId::new(2));
    }
}
