// SPDX-License-Identifier: GPL-2.0

//! Xen's own console: the last resort where `printk()` does not work yet, or no more.
//!
//! Valid in any context in which a hypercall is.
//!
//! C ancestor: `drivers/tty/hvc/hvc_xen.c`.

#![cfg_attr(CONFIG_HVC_XEN, expect(unsafe_code))]

use core::ffi::CStr;

use kernel::fmt;

#[cfg(CONFIG_HVC_XEN)]
use crate::raw::bindings;

/// Writes `message` to Xen's console.
#[cfg_attr(not(any(CONFIG_XEN_KUNIT_TEST, CONFIG_XEN_PV)), expect(dead_code))]
pub(crate) fn write(message: &CStr) {
    #[cfg(CONFIG_HVC_XEN)]
    // SAFETY: The function reads up to the terminating zero and keeps nothing.
    unsafe {
        bindings::xen_raw_console_write(message.as_ptr().cast())
    };
    #[cfg(not(CONFIG_HVC_XEN))]
    let _ = message;
}

/// Writes a formatted message to Xen's console.
pub(crate) fn print(message: fmt::Arguments<'_>) {
    #[cfg(CONFIG_HVC_XEN)]
    // SAFETY: The format has one directive, whose argument is a pointer to `fmt::Arguments`.
    unsafe {
        bindings::xen_raw_printk(
            c"%pA".as_ptr().cast(),
            core::ptr::from_ref(&message).cast::<core::ffi::c_void>(),
        )
    };
    #[cfg(not(CONFIG_HVC_XEN))]
    let _ = message;
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_console)]
mod tests {
    use super::*;

    /// What the boot tests look for in the hypervisor's log.
    #[test]
    fn a_line_reaches_xen() {
        write(c"xen_raw_console: a line from Rust\n");
    }
}
