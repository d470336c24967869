// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about page tables.

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        frame::{
            Mfn,
            Pfn, //
        },
        hypercall::Number,
        id::DomId,
        pagetable::{
            Flush,
            Machine,
            MmuUpdate,
            MmuextOp,
            Pte, //
        },
    },
    raw::word::{
        to_u64,
        to_usize, //
    },
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
    // SAFETY: Code that looks there would fault, and not see other memory.
    unsafe { remap(address, Pte::EMPTY, Flush::None) }
}

/// `__HYPERVISOR_update_va_mapping`: changes what maps an address of the kernel's.
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// Nobody may use what was mapped there, unless it is mapped there again.
pub(crate) unsafe fn remap(
    address: u64,
    entry: Pte<Machine>,
    flush: Flush,
) -> Result<(), XenErrno> {
    let arguments = [address, entry.get(), flush.get(), 0, 0];

    // SAFETY: It takes no pointer; the rest is the caller's promise.
    XenErrno::result(unsafe { hypercall(Number::UpdateVaMapping, arguments) })?;
    Ok(())
}

/// `__HYPERVISOR_mmuext_op`: makes an operation on page tables.
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// Page tables that it loads must map what this kernel uses; an address in it must be valid.
pub(crate) unsafe fn operate(mut operation: MmuextOp) -> Result<(), XenErrno> {
    let handle = to_u64(core::ptr::from_mut(&mut operation).expose_provenance());
    let arguments = [handle, 1, 0, u64::from(DomId::SELF.get()), 0];

    // SAFETY: One operation, borrowed until Xen is done; the rest is the caller's promise.
    XenErrno::result(unsafe { hypercall(Number::MmuextOp, arguments) })?;
    Ok(())
}

/// `__HYPERVISOR_mmu_update`: updates an entry.
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// Nobody may use what the entry has mapped, nor expect to see it.
#[inline(always)]
pub(crate) unsafe fn update_one(mut update: MmuUpdate) -> Result<(), XenErrno> {
    let handle = to_u64(core::ptr::from_mut(&mut update).expose_provenance());
    let arguments = [handle, 1, 0, u64::from(DomId::SELF.get()), 0];

    // SAFETY: One update, borrowed until Xen is done, which does not count; the rest is the
    // caller's promise.
    XenErrno::result(unsafe { hypercall(Number::MmuUpdate, arguments) })?;
    Ok(())
}

/// `__HYPERVISOR_mmu_update`: tells Xen which page a frame of this domain is.
///
/// # Errors
///
/// Xen's refusals.
pub(crate) fn machphys_update(frame: Mfn, page: Pfn) -> Result<(), XenErrno> {
    // SAFETY: It is no update of an entry, and Xen checks that the frame is this domain's.
    unsafe { update_one(MmuUpdate::machphys(frame, page)) }
}

/// `__HYPERVISOR_mmu_update`: updates entries, one after the other, to frames of domain `owner`.
///
/// Returns how many Xen has done, and what it said to the next one.
///
/// # Safety
///
/// Nobody may use what the entries have mapped, nor expect to see it.
pub(crate) unsafe fn update(
    updates: &mut [MmuUpdate],
    owner: u32,
) -> (usize, Result<(), XenErrno>) {
    let mut done: u32 = 0;
    let handle = to_u64(updates.as_mut_ptr().expose_provenance());
    let arguments = [
        handle,
        to_u64(updates.len()),
        to_u64((&raw mut done).expose_provenance()),
        u64::from(owner),
        0,
    ];
    // SAFETY: So many updates and a number, borrowed until Xen is done; the rest is the caller's
    // promise.
    let answer = XenErrno::result(unsafe { hypercall(Number::MmuUpdate, arguments) });
    // SAFETY: Xen may have written it.
    let done = unsafe { (&raw const done).read_volatile() };

    (to_usize(u64::from(done)), answer.map(|_| ()))
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_mmu)]
mod tests {
    use super::*;
    use crate::raw::{
        address,
        domain,
        p2m, //
    };

    /// Something in the kernel image.
    static DATA: u64 = 0;

    #[test]
    fn a_frame_may_be_told_its_number_again() {
        if domain::is_pv() {
            let page = address::image_to_physical(to_u64(core::ptr::from_ref(&DATA).addr()))
                .map(|address| address.frame());
            let frame = page.and_then(|page| p2m::lookup(page).mfn());

            assert_eq!(
                frame
                    .zip(page)
                    .map(|(frame, page)| machphys_update(frame, page)),
                Some(Ok(()))
            );
        }
    }
}
