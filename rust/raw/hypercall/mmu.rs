// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about page tables.

use super::hypercall;
use crate::abi::{
    errno::XenErrno,
    hypercall::Number, //
};

/// `__HYPERVISOR_update_va_mapping` with an empty entry: unmaps a page of the kernel's.
///
/// Nothing is flushed: the page is one that nobody looks at until something else is mapped there,
/// which flushes.
///
/// # Errors
///
/// `EINVAL` for an address without page table.
pub(crate) fn unmap(address: u64) -> Result<(), XenErrno> {
    // SAFETY: It takes no pointer. Code that looks there would fault, and not see other memory.
    XenErrno::result(unsafe { hypercall(Number::UpdateVaMapping, [address, 0, 0, 0, 0]) })?;
    Ok(())
}
