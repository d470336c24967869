// SPDX-License-Identifier: GPL-2.0

//! What kind of guest this is, and what all kinds have in common.
//!
//! C ancestor: `enlighten.c`.

pub(crate) mod banner;
pub(crate) mod extra_memory;
pub(crate) mod hotplug;
#[cfg(any(CONFIG_XEN_PV, all(CONFIG_XEN_PVH, CONFIG_XEN_DOM0)))]
pub(crate) mod idle;
pub(super) mod pin;
pub(crate) mod shutdown;
pub(crate) mod vcpu_info;

use crate::{
    guest::mode::GuestMode,
    raw::domain, //
};

/// Returns how Xen runs this kernel.
pub(crate) fn mode() -> GuestMode {
    if !domain::is_xen() {
        GuestMode::Native
    } else if domain::is_pv() {
        GuestMode::Pv
    } else if domain::is_pvh() {
        GuestMode::Pvh
    } else {
        GuestMode::Hvm
    }
}
