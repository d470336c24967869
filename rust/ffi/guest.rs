// SPDX-License-Identifier: GPL-2.0

//! What kind of guest this is, and what all kinds have in common.
//!
//! C ancestor: `enlighten.c`.

mod banner;
mod extra_memory;
mod hotplug;
mod pin;
mod shutdown;
mod vcpu_info;

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
