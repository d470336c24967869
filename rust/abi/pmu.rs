// SPDX-License-Identifier: GPL-2.0

//! `HYPERVISOR_xenpmu_op` and the page through which a vCPU sees its performance counters.
//!
//! Xen writes the page when a counter overflows, and leaves it alone until it is handed back.
//!
//! C ancestors: `include/xen/interface/xenpmu.h`, `asm/xen/interface.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::{
    frame::{
        Mfn,
        PAGE_SIZE, //
    },
    id::{
        DomId,
        VcpuId, //
    },
};

/// `XENPMU_init`: shares a page.
pub const INIT: u32 = 4;
/// `XENPMU_finish`: ends that.
pub const FINISH: u32 = 5;
/// `XENPMU_lvtpc_set`, which has no structure: the mask of the interrupt in the page is new.
pub const LVTPC_SET: u32 = 6;
/// `XENPMU_flush`, which has no structure: hands the page back.
pub const FLUSH: u32 = 7;

/// Argument of [`INIT`] and [`FINISH`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct PmuParams {
    /// `XENPMU_VER_MAJ`.
    pub(crate) version_maj: u32,
    /// `XENPMU_VER_MIN`.
    pub(crate) version_min: u32,
    /// The page's frame.
    pub(crate) val: u64,
    /// The vCPU that it is for.
    pub(crate) vcpu: u32,
    /// Fills up.
    _pad: u32,
}

impl PmuParams {
    /// Shares a frame.
    pub const fn init(vcpu: VcpuId, page: Mfn) -> Self {
        Self::with_val(vcpu, page.get())
    }

    /// Ends sharing.
    pub const fn finish(vcpu: VcpuId) -> Self {
        Self::with_val(vcpu, 0)
    }

    /// Fills in the rest.
    const fn with_val(vcpu: VcpuId, val: u64) -> Self {
        Self {
            version_maj: 0,
            version_min: 1,
            val,
            vcpu: vcpu.get(),
            _pad: 0,
        }
    }
}

/// The page's beginning. The banks of registers lie behind.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct PmuData {
    /// The vCPU that was interrupted.
    pub vcpu_id: u32,
    /// The machine's CPU on which that was.
    pub pcpu_id: u32,
    /// The domain that was interrupted.
    pub domain_id: u16,
    /// Fills up.
    _pad0: [u8; 6],
    /// What was running.
    pub regs: PmuRegs,
    /// Room for more of it.
    _pad1: [u64; 4],
    /// [`PmuFlags`].
    pub pmu_flags: u64,
    /// The local APIC's register: whether the interrupt is masked.
    pub lapic_lvtpc: u32,
    /// Rest of the union.
    _pad2: u32,
    /// Distance of [`Bank::First`] from here, in bytes.
    pub first_bank: u32,
    /// Distance of [`Bank::Second`] from the same place.
    pub second_bank: u32,
    /// [`Register::GlobalControl`] of an Intel CPU, as all that follows.
    pub global_ctrl: u64,
    /// [`Register::GlobalOverflowControl`].
    pub global_ovf_ctrl: u64,
    /// [`Register::GlobalStatus`].
    pub global_status: u64,
    /// [`Register::FixedControl`].
    pub fixed_ctrl: u64,
    /// Debug store area.
    pub ds_area: u64,
    /// PEBS.
    pub pebs_enable: u64,
    /// Debug control.
    pub debugctl: u64,
    /// Room for more.
    _pad3: [u64; 8],
}

/// Registers of what was running.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct PmuRegs {
    /// Instruction pointer.
    pub ip: u64,
    /// Stack pointer.
    pub sp: u64,
    /// Flags.
    pub flags: u64,
    /// Code segment.
    pub cs: u16,
    /// Stack segment.
    pub ss: u16,
    /// Privilege level.
    pub cpl: u8,
    /// Fills up.
    _pad: [u8; 3],
}

/// What is known of a sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PmuFlags(u64);

impl PmuFlags {
    /// `PMU_SAMPLE_USER`.
    const USER: u64 = 1 << 1;
    /// `PMU_SAMPLE_PV`.
    const PV: u64 = 1 << 3;

    /// Takes a word of Xen's.
    #[allow(dead_code, reason = "only `raw` receives any")]
    pub(crate) const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns whether it was user space of a PV guest.
    pub const fn is_user(self) -> bool {
        self.0 & Self::USER != 0
    }

    /// Returns whether it was a PV guest.
    pub const fn is_pv(self) -> bool {
        self.0 & Self::PV != 0
    }
}

/// What ran when the counter overflowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// In which domain.
    pub domain: DomId,
    /// What else is known.
    pub flags: PmuFlags,
    /// The instruction.
    pub ip: u64,
    /// The stack.
    pub sp: u64,
    /// The code segment.
    pub cs: u16,
    /// The privilege level, of a guest whose hardware knows it.
    pub cpl: u8,
}

impl Sample {
    /// Returns whether it was user space. Of a PV guest, both run at one level.
    pub const fn is_user(&self) -> bool {
        if self.flags.is_pv() {
            self.flags.is_user()
        } else {
            self.cpl & 3 != 0
        }
    }

    /// Returns the code segment with the privilege level that perf looks at.
    pub const fn code_segment(&self) -> u16 {
        if self.is_user() {
            self.cs | 3
        } else {
            self.cs & !3
        }
    }
}

/// One of two arrays of registers, whose places Xen tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bank {
    /// Counters, with Intel the fixed ones.
    First,
    /// Controls, with Intel pairs of counter and control.
    Second,
}

/// A register in the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Register {
    /// Enables counters.
    GlobalControl,
    /// Acknowledges overflows.
    GlobalOverflowControl,
    /// Says which counters overflowed.
    GlobalStatus,
    /// Controls the fixed counters.
    FixedControl,
    /// One of a bank, by its index.
    InBank(Bank, u32),
}

impl Register {
    /// Returns the distance of a register from the page's beginning, given that of the banks.
    ///
    /// `None` is for one that is not within the page, or not aligned.
    pub fn offset(self, bank_offset: impl FnOnce(Bank) -> u32) -> Option<usize> {
        /// Bytes of a register.
        const SIZE: usize = size_of::<u64>();

        let offset = match self {
            Self::GlobalControl => offset_of!(PmuData, global_ctrl),
            Self::GlobalOverflowControl => offset_of!(PmuData, global_ovf_ctrl),
            Self::GlobalStatus => offset_of!(PmuData, global_status),
            Self::FixedControl => offset_of!(PmuData, fixed_ctrl),
            Self::InBank(bank, index) => usize::try_from(index)
                .ok()?
                .checked_mul(SIZE)?
                .checked_add(usize::try_from(bank_offset(bank)).ok()?)?
                .checked_add(offset_of!(PmuData, first_bank))?,
        };
        let end = u64::try_from(offset.checked_add(SIZE)?).ok()?;

        (end <= PAGE_SIZE && offset % SIZE == 0).then_some(offset)
    }
}

const _: () = {
    assert!(size_of::<PmuParams>() == 24);
    assert!(offset_of!(PmuParams, val) == 8);
    assert!(offset_of!(PmuParams, vcpu) == 16);

    assert!(size_of::<PmuRegs>() == 32);
    assert!(offset_of!(PmuRegs, cs) == 24);
    assert!(offset_of!(PmuRegs, cpl) == 28);

    assert!(size_of::<PmuData>() == 224);
    assert!(offset_of!(PmuData, domain_id) == 8);
    assert!(offset_of!(PmuData, regs) == 16);
    assert!(offset_of!(PmuData, pmu_flags) == 80);
    assert!(offset_of!(PmuData, lapic_lvtpc) == 88);
    assert!(offset_of!(PmuData, first_bank) == 96);
    assert!(offset_of!(PmuData, second_bank) == 100);
    assert!(offset_of!(PmuData, global_ctrl) == 104);
    assert!(offset_of!(PmuData, global_status) == 120);
    assert!(offset_of!(PmuData, fixed_ctrl) == 128);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_pmu))]
mod tests {
    use super::*;

    const PV_USER: PmuFlags = PmuFlags::from_raw(1 << 3 | 1 << 1);
    const PV_KERNEL: PmuFlags = PmuFlags::from_raw(1 << 3);
    const HVM: PmuFlags = PmuFlags::from_raw(1 << 0);

    const SAMPLE: Sample = Sample {
        domain: DomId::from_raw(7),
        flags: PV_KERNEL,
        ip: 0x1000,
        sp: 0x2000,
        cs: 0x33,
        cpl: 3,
    };

    #[test]
    fn a_pv_guests_level_is_in_the_flags() {
        let user = Sample {
            flags: PV_USER,
            cpl: 0,
            cs: 0x10,
            ..SAMPLE
        };

        assert!(!SAMPLE.is_user());
        assert_eq!(SAMPLE.code_segment(), 0x30);
        assert!(user.is_user());
        assert_eq!(user.code_segment(), 0x13);
    }

    #[test]
    fn any_other_guests_level_is_the_hardwares() {
        for (cpl, user) in [(0, false), (1, true), (3, true)] {
            let sample = Sample {
                flags: HVM,
                cpl,
                ..SAMPLE
            };

            assert_eq!(sample.is_user(), user);
            assert_eq!(sample.code_segment(), if user { 0x33 } else { 0x30 });
        }
    }

    /// Where a made-up Xen has its banks.
    fn banks(bank: Bank) -> u32 {
        match bank {
            Bank::First => 0x80,
            Bank::Second => 0xa0,
        }
    }

    #[test]
    fn banks_are_counted_from_the_context() {
        for (bank, index, offset) in [
            (Bank::First, 0, 96 + 0x80),
            (Bank::First, 3, 96 + 0x98),
            (Bank::Second, 1, 96 + 0xa8),
        ] {
            assert_eq!(Register::InBank(bank, index).offset(banks), Some(offset));
        }
        assert_eq!(Register::GlobalControl.offset(banks), Some(104));
        assert_eq!(Register::FixedControl.offset(banks), Some(128));
    }

    #[test]
    fn nothing_beyond_the_page_is_a_register() {
        let last = Register::InBank(Bank::First, 0);

        assert_eq!(last.offset(|_| 4096 - 96 - 8), Some(4088));
        assert_eq!(last.offset(|_| 4096 - 96), None);
        assert_eq!(last.offset(|_| 4096 - 96 - 4), None);
        assert_eq!(last.offset(|_| 0x84), None);
        assert_eq!(last.offset(|_| u32::MAX), None);
        assert_eq!(
            Register::InBank(Bank::Second, u32::MAX).offset(|_| u32::MAX),
            None
        );
    }

    #[test]
    fn a_page_is_shared_by_its_frame() {
        let share = PmuParams::init(VcpuId::from_raw(3), Mfn::from_raw(0x1234));
        let end = PmuParams::finish(VcpuId::from_raw(3));

        assert_eq!((share.version_maj, share.version_min), (0, 1));
        assert_eq!((share.val, share.vcpu), (0x1234, 3));
        assert_eq!((end.val, end.vcpu), (0, 3));
    }
}
