// SPDX-License-Identifier: GPL-2.0

//! The guest mode, decided once at boot.

/// How Xen runs this kernel, if it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GuestMode {
    /// Not on Xen.
    Native,
    /// Paravirtualised: no hardware virtualisation, page tables are Xen's.
    Pv,
    /// Hardware-virtualised with no emulated device.
    Pvh,
    /// Hardware-virtualised with emulated devices.
    Hvm,
}
