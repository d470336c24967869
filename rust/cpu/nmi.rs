// SPDX-License-Identifier: GPL-2.0

//! Why there was an NMI.
//!
//! A machine says so in port 0x61, which is Xen's. Xen tells the initial domain
//! in the shared page.
//!
//! C ancestor: `enlighten_pv.c:1239`.

/// `NMI_REASON_SERR`: an error on the PCI bus.
pub const SERR: u8 = 1 << 7;
/// `NMI_REASON_IOCHK`: an error of a device.
pub const IOCHK: u8 = 1 << 6;

/// Makes what port 0x61 would say of what Xen says.
pub const fn reason(told: u64) -> u8 {
    /// `_XEN_NMIREASON_io_error`.
    const IO_ERROR: u64 = 1 << 0;
    /// `_XEN_NMIREASON_pci_serr`.
    const PCI_SERR: u64 = 1 << 1;

    let mut reason = 0;

    if told & IO_ERROR != 0 {
        reason |= IOCHK;
    }
    if told & PCI_SERR != 0 {
        reason |= SERR;
    }
    reason
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_nmi))]
mod tests {
    use super::*;

    #[test]
    fn xens_reasons_are_the_machines() {
        assert_eq!(reason(0), 0);
        assert_eq!(reason(1), 0x40);
        assert_eq!(reason(2), 0x80);
        assert_eq!(reason(3), 0xc0);
        assert_eq!(reason(!3), 0);
    }
}
