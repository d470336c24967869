// SPDX-License-Identifier: GPL-2.0

//! Xen's own console: the last resort where `printk()` does not work yet, or no more.
//!
//! Valid in any context in which a hypercall is.
//!
//! C ancestor: `drivers/tty/hvc/hvc_xen.c`.

#![expect(unsafe_code)]

use core::ffi::CStr;

use crate::raw::bindings;

/// Writes `message` to Xen's console.
pub(crate) fn write(message: &CStr) {
    // SAFETY: The function reads up to the terminating zero and keeps nothing.
    unsafe { bindings::xen_raw_console_write(message.as_ptr().cast()) };
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
