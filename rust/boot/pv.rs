// SPDX-License-Identifier: GPL-2.0

//! What a PV guest tells the kernel of the machine that it would have booted on.
//!
//! Elsewhere a boot loader fills `boot_params` in, and the BIOS sets up MTRRs.
//! Here it is made of what Xen has left in memory, and of its answers.
//!
//! Runs on the boot CPU, in early boot.
//!
//! C ancestor: `enlighten_pv.c:173`, `enlighten_pv.c:1483`.

use crate::abi::{frame::PAGE_SHIFT, platform::ReadMemtype, start_info::StartInfo};

/// The type of boot loader that Xen is, in the boot protocol.
pub const LOADER_TYPE: u8 = 9 << 4;

/// Returns the physical address of the initrd, from where Xen says that it is, if there is one.
///
/// `to_physical` translates an address of the kernel's.
pub fn initrd(
    flags: u32,
    mod_start: u64,
    to_physical: impl FnOnce(u64) -> Option<u64>,
) -> Option<u64> {
    if mod_start == 0 {
        None
    } else if flags & StartInfo::MOD_START_PFN != 0 {
        mod_start.checked_mul(1 << PAGE_SHIFT)
    } else {
        to_physical(mod_start)
    }
}

/// A pair of registers that give a range of memory a type: `struct mtrr_var_range`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct MtrrRange {
    /// Type, and the base's lower half.
    pub base_lo: u32,
    /// The upper half.
    pub base_hi: u32,
    /// Whether the range is used, and the mask's lower half.
    pub mask_lo: u32,
    /// The upper half.
    pub mask_hi: u32,
}

impl MtrrRange {
    /// A pair that is not used.
    pub const UNUSED: Self = Self {
        base_lo: 0,
        base_hi: 0,
        mask_lo: 0,
        mask_hi: 0,
    };

    /// Makes a pair of Xen's answer, where physical addresses have `width` bits.
    ///
    /// Only the initial domain has such, and its pages that are no RAM are the machine's: frames
    /// may be taken for pages.
    pub fn new(answer: &ReadMemtype, width: u32) -> Self {
        /// `MTRR_PHYSMASK_V`: the pair is used.
        const USED: u64 = 1 << 11;

        let base = answer.mfn.wrapping_shl(PAGE_SHIFT) | u64::from(answer.kind);
        let size = answer.nr_mfns.wrapping_shl(PAGE_SHIFT);
        let addresses = 1_u64.checked_shl(width).unwrap_or(0).wrapping_sub(1);
        let mask = match size.wrapping_neg() & addresses {
            0 => 0,
            mask => mask | USED,
        };

        Self {
            base_lo: base as u32,         // CAST: The lower half.
            base_hi: (base >> 32) as u32, // CAST: The upper half.
            mask_lo: mask as u32,         // CAST: The lower half.
            mask_hi: (mask >> 32) as u32, // CAST: The upper half.
        }
    }
}

/// Fills in what Xen says of each pair until it has no more, and returns how many there are.
pub fn fill_mtrrs(
    ranges: &mut [MtrrRange],
    width: u32,
    mut ask: impl FnMut(u32) -> Option<ReadMemtype>,
) -> u32 {
    let mut count = 0;

    for (range, reg) in ranges.iter_mut().zip(0..) {
        let Some(answer) = ask(reg) else {
            break;
        };

        *range = MtrrRange::new(&answer, width);
        count = reg + 1;
    }
    count
}

/// Returns how many bits physical addresses have, from `eax` of the leaves 0x80000000 and, if that
/// says it is there, 0x80000008.
pub fn address_width(highest: u32, sizes: impl FnOnce() -> u32) -> u32 {
    if highest >> 16 == 0x8000 && highest >= 0x8000_0008 {
        sizes() & 0xff
    } else {
        36
    }
}

/// Returns whether Xen lets the kernel know of `mwait`, from what it wants done about sleep states.
pub const fn wants_mwait(capabilities: u32) -> bool {
    /// `ACPI_PROC_CAP_C_C1_FFH` and `ACPI_PROC_CAP_C_C2C3_FFH`.
    const BY_INSTRUCTION: u32 = 1 << 8 | 1 << 9;

    capabilities & BY_INSTRUCTION != 0
}

/// What the kernel can do about sleep states, as ACPI numbers it, for Xen to choose from.
///
/// `ACPI_PROC_CAP_C_CAPABILITY_SMP` and `ACPI_PROC_CAP_EST_CAPABILITY_SWSMP`, after revision and
/// count.
pub const SLEEP_CAPABILITIES: [u32; 3] = [1, 1, C_CAPABILITY_SMP | EST_CAPABILITY_SWSMP];

/// `ACPI_PROC_CAP_C_CAPABILITY_SMP`.
const C_CAPABILITY_SMP: u32 = 0x31a;
/// `ACPI_PROC_CAP_EST_CAPABILITY_SWSMP`.
const EST_CAPABILITY_SWSMP: u32 = 0x82b;

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_pv))]
mod tests {
    use super::*;

    /// Xen's answer about some memory.
    fn answer(mfn: u64, nr_mfns: u64, kind: u32) -> ReadMemtype {
        let mut answer = ReadMemtype::new(0);

        answer.mfn = mfn;
        answer.nr_mfns = nr_mfns;
        answer.kind = kind;
        answer
    }

    #[test]
    fn an_initrd_is_named_by_page_or_address() {
        let physical = |address: u64| address.checked_sub(0xffff_8000_0000_0000);

        assert_eq!(initrd(1 << 3, 0x1234, physical), Some(0x123_4000));
        assert_eq!(initrd(0, 0xffff_8000_0123_4000, physical), Some(0x123_4000));
        assert_eq!(initrd(0, 0x1000, physical), None);
        assert_eq!(initrd(1 << 3, 0, physical), None);
        assert_eq!(initrd(0, 0, physical), None);
    }

    #[test]
    fn memory_has_base_mask_and_type() {
        // 1 GB from 3 GB, uncached.
        let range = MtrrRange::new(&answer(0xc_0000, 0x4_0000, 0), 36);

        assert_eq!((range.base_hi, range.base_lo), (0, 0xc000_0000));
        assert_eq!((range.mask_hi, range.mask_lo), (0xf, 0xc000_0800));
        // 16 GB from 16 GB, written back.
        let range = MtrrRange::new(&answer(0x40_0000, 0x40_0000, 6), 40);

        assert_eq!((range.base_hi, range.base_lo), (4, 6));
        assert_eq!((range.mask_hi, range.mask_lo), (0xfc, 0x800));
    }

    #[test]
    fn no_memory_is_no_range() {
        assert_eq!(MtrrRange::new(&answer(0, 0, 0), 36), MtrrRange::UNUSED);
        assert_eq!(MtrrRange::new(&answer(0, 0, 0), 64), MtrrRange::UNUSED);
    }

    #[test]
    fn xen_says_how_many_there_are() {
        let mut ranges = [MtrrRange::UNUSED; 4];
        let three = |reg| (reg < 3).then(|| answer(u64::from(reg), 1, 6));

        assert_eq!(fill_mtrrs(&mut ranges, 36, three), 3);
        assert_eq!(ranges.map(|range| range.base_lo), [6, 0x1006, 0x2006, 0]);
        assert_eq!(fill_mtrrs(&mut ranges, 36, |_| None), 0);
        assert_eq!(fill_mtrrs(&mut ranges, 36, |_| Some(answer(0, 1, 0))), 4);
    }

    #[test]
    fn old_processors_have_36_bits() {
        assert_eq!(address_width(0, || 48), 36);
        assert_eq!(address_width(0x8000_0007, || 48), 36);
        assert_eq!(address_width(0x8000_0008, || 0x3028), 40);
        assert_eq!(address_width(0x8001_0008, || 48), 36);
    }

    #[test]
    fn xen_says_whether_instructions_may_be_used() {
        assert!(wants_mwait(0x100) && wants_mwait(0x200));
        assert!(!wants_mwait(!0x300));
        assert_eq!(SLEEP_CAPABILITIES, [1, 1, 0xb3b]);
    }
}
