// SPDX-License-Identifier: GPL-2.0

//! Control registers, and the bitmap of I/O ports.
//!
//! The control registers are Xen's. It lets a guest set what is the guest's
//! own business in cr4, and the bit of cr0 by which the next use of the FPU
//! traps; the bits about paging are the same for all guests.
//!
//! C ancestor: `enlighten_pv.c:1012`.

/// `X86_CR0_TS`.
const TS: u64 = 1 << 3;
/// `X86_CR4_PSE`.
const PSE: u64 = 1 << 4;
/// `X86_CR4_PGE`.
const PGE: u64 = 1 << 7;
/// `X86_CR4_PCE`.
const PCE: u64 = 1 << 8;

/// Returns whether the next use of the FPU is to trap, the only thing about cr0 that Xen is told.
#[inline]
pub const fn traps_fpu(cr0: u64) -> bool {
    cr0 & TS != 0
}

/// Takes the bits out of cr4 that are not for a guest to set.
#[inline]
pub const fn allowed_cr4(cr4: u64) -> u64 {
    cr4 & !(PSE | PGE | PCE)
}

/// I/O ports that there are: `IO_BITMAP_BITS`.
pub const PORTS: u32 = 65536;

/// Returns of how many ports Xen is told, from where the bitmap is in the task state segment.
///
/// Beyond the segment is no bitmap, and no port may be used.
#[cfg_attr(not(CONFIG_X86_IOPL_IOPERM), allow(dead_code))]
pub const fn ports(offset: u16, invalid: u16) -> u32 {
    if offset == invalid {
        0
    } else {
        PORTS
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_control))]
mod tests {
    use super::*;

    #[test]
    fn xen_is_told_of_one_bit() {
        assert!(traps_fpu(0x8));
        assert!(!traps_fpu(!0x8));
    }

    #[test]
    fn bits_about_paging_stay_xens() {
        assert_eq!(allowed_cr4(!0), !0x190);
        assert_eq!(allowed_cr4(0x1_0620), 0x1_0620);
    }

    #[test]
    fn all_ports_or_none() {
        assert_eq!(ports(104, 0x8000), 65536);
        assert_eq!(ports(0x8000, 0x8000), 0);
    }
}
