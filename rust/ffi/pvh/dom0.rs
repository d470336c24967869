// SPDX-License-Identifier: GPL-2.0

//! What only a PVH dom0 asks Xen for: the screen, and interrupt lines for guests.
//!
//! C ancestor: `enlighten_pvh.c:34`.

#![expect(unsafe_code)]

use kernel::ffi::c_int;

use crate::{
    abi::{
        errno::XenErrno,
        physdev::{
            Polarity,
            SetupGsi,
            Trigger, //
        },
        platform::Dom0Console, //
    },
    ffi::{
        contract,
        vga, //
    },
    raw::{
        bindings,
        console,
        domain,
        hypercall::{
            physdev,
            platform, //
        },
        section::init, //
    },
};

contract!(xen_pvh_setup_gsi(_, _, _));

init! {
    /// Fills `screen_info` of `boot_params`, if this is dom0 and Xen tells of a screen.
    ///
    /// Runs before `.bss` is cleared.
    ///
    /// # Safety
    ///
    /// `boot_params` must be valid for writes.
    pub(super) unsafe fn show_screen(boot_params: *mut bindings::boot_params) {
        if !domain::is_initial() {
            return;
        }
        let mut question = Dom0Console::new();
        let length = platform::dom0_console(&mut question).unwrap_or(0);
        let record = question.record(length);

        if !record.is_empty() {
            // SAFETY: The record is borrowed, and the rest is the caller's promise.
            unsafe {
                vga::init(
                    record.as_ptr(),
                    record.len(),
                    &raw mut (*boot_params).screen_info,
                )
            };
        }
    }
}

/// Tells Xen how line `gsi` behaves, before a guest gets a device that uses it. May sleep.
///
/// Returns 0, also if Xen knew, or a negative errno.
#[no_mangle]
extern "C" fn xen_pvh_setup_gsi(gsi: c_int, trigger: c_int, polarity: c_int) -> c_int {
    let trigger = if trigger == bindings::RUST_CONST_HELPER_ACPI_EDGE_SENSITIVE {
        Trigger::Edge
    } else {
        Trigger::Level
    };
    let polarity = if polarity == bindings::RUST_CONST_HELPER_ACPI_ACTIVE_HIGH {
        Polarity::High
    } else {
        Polarity::Low
    };

    match physdev::setup_gsi(SetupGsi::new(gsi, trigger, polarity)) {
        Ok(()) => 0,
        Err(XenErrno::EEXIST) => {
            console::print(kernel::prelude::fmt!("Already setup the GSI :{}\n", gsi));
            0
        }
        Err(errno) => {
            console::print(kernel::prelude::fmt!("Fail to setup GSI ({})!\n", gsi));
            errno.to_errno()
        }
    }
}
