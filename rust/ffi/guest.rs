// SPDX-License-Identifier: GPL-2.0

//! The guest mode, from the flags that boot code wrote.

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
