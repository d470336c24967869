// SPDX-License-Identifier: GPL-2.0

//! Port I/O to the Xen platform device.
//!
//! C ancestor: `arch/x86/include/asm/shared/io.h`.

#![expect(unsafe_code)]

use core::arch::asm;

/// Returns `port` if it is one of the platform device's, else the device's first port.
///
/// Other ports would reach other devices, some of which can overwrite memory.
const fn of_platform_device(port: u16) -> u16 {
    /// `XEN_IOPORT_BASE`.
    const BASE: u16 = 0x10;
    /// Bytes of port space that the device has.
    const LENGTH: u16 = 4;

    if port >= BASE && port < BASE + LENGTH {
        port
    } else {
        BASE
    }
}

/// Reads a byte from a port of the platform device.
pub(crate) fn inb(port: u16) -> u8 {
    let value;

    // SAFETY: No access to the device's ports reaches the guest's memory.
    unsafe {
        asm!("in al, dx", out("al") value, in("dx") of_platform_device(port),
             options(nomem, nostack, preserves_flags));
    }
    value
}

/// Reads two bytes from a port of the platform device.
pub(crate) fn inw(port: u16) -> u16 {
    let value;

    // SAFETY: No access to the device's ports reaches the guest's memory.
    unsafe {
        asm!("in ax, dx", out("ax") value, in("dx") of_platform_device(port),
             options(nomem, nostack, preserves_flags));
    }
    value
}

/// Writes two bytes to a port of the platform device.
pub(crate) fn outw(value: u16, port: u16) {
    // SAFETY: No access to the device's ports reaches the guest's memory.
    unsafe {
        asm!("out dx, ax", in("ax") value, in("dx") of_platform_device(port),
             options(nomem, nostack, preserves_flags));
    }
}

/// Writes four bytes to a port of the platform device.
pub(crate) fn outl(value: u32, port: u16) {
    // SAFETY: No access to the device's ports reaches the guest's memory.
    unsafe {
        asm!("out dx, eax", in("eax") value, in("dx") of_platform_device(port),
             options(nomem, nostack, preserves_flags));
    }
}
