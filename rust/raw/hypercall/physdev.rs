// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the machine's devices, for the initial domain.

use super::command;
use crate::abi::{
    errno::XenErrno,
    hypercall::Number,
    physdev::{
        SetupGsi,
        SETUP_GSI, //
    },
};

/// `PHYSDEVOP_setup_gsi`: tells Xen how an interrupt line behaves.
///
/// # Errors
///
/// `EEXIST` if Xen knows already, and its refusals.
pub(crate) fn setup_gsi(mut line: SetupGsi) -> Result<(), XenErrno> {
    // SAFETY: `SetupGsi` is this command's structure and holds no address.
    unsafe { command(Number::PhysdevOp, SETUP_GSI, &mut line) }
}
