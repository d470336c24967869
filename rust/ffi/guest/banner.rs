// SPDX-License-Identifier: GPL-2.0

//! First words: which Xen this is, and which consoles to use.

#![expect(unsafe_code)]

use core::{
    ffi::CStr,
    ptr::null_mut, //
};

use kernel::{
    ffi::c_uint,
    str::{
        BStr,
        CStrExt, //
    }, //
};

use crate::{
    abi::version::{
        Extraversion,
        Version, //
    },
    ffi::contract,
    guest::console::{
        self,
        Screen, //
    },
    raw::{
        bindings,
        domain,
        hypercall::version,
        print::{
            printk,
            INFO, //
        },
        section::init, //
    },
};

contract!(xen_running_on_version_or_later(_, _));

init! {
    /// Says what this kernel runs on.
    #[cfg_attr(not(any(CONFIG_XEN_PV, CONFIG_XEN_PVH)), expect(dead_code))]
    pub(in crate::ffi) extern "C" fn xen_banner() {
        // SAFETY: The name is a string of the kernel's own, set in early boot.
        let platform = unsafe { CStr::from_char_ptr(bindings::pv_info.name) };
        let extra = version::extraversion().unwrap_or(Extraversion::NONE);
        let preserve_ad = if domain::preserves_ad() { " (preserve-AD)" } else { "" };

        printk!(INFO, "Booting kernel on {}\n", BStr::from_bytes(platform.to_bytes()));
        if let Ok(xen) = version::version() {
            printk!(
                INFO,
                "Xen version: {}.{}{}{}\n",
                xen.major,
                xen.minor,
                BStr::from_bytes(extra.as_bytes()),
                preserve_ad
            );
        }
    }
}

/// Returns whether this kernel runs on some version of Xen, or a later one. Any context.
#[no_mangle]
extern "C" fn xen_running_on_version_or_later(major: c_uint, minor: c_uint) -> bool {
    domain::is_xen() && version::version().is_ok_and(|xen| xen >= Version { major, minor })
}

init! {
    /// Adds the consoles to use where the command line names none.
    #[cfg_attr(not(any(CONFIG_XEN_PV, CONFIG_XEN_PVH)), allow(dead_code))]
    pub(crate) fn add_preferred_consoles() {
        // SAFETY: Boot code, on the one CPU; the field is a byte.
        let is_vga = unsafe { (&raw const bindings::boot_params.screen_info.orig_video_isVGA).read() };
        let screen = if is_vga == 0 { Screen::Absent } else { Screen::Present };

        for name in console::order(screen) {
            // SAFETY: The name is copied, and there are no options.
            unsafe { bindings::add_preferred_console(name.as_ptr().cast(), 0, null_mut()) };
        }
    }
}
