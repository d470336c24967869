// SPDX-License-Identifier: GPL-2.0

//! Machine addresses of kernel memory, and the end of foreign mappings.
//!
//! C ancestor: `mmu.c`.

#![expect(unsafe_code)]

#[cfg(CONFIG_XEN_PV)]
pub(super) mod access;
#[cfg(CONFIG_XEN_PV)]
pub(super) mod boot;
#[cfg(CONFIG_XEN_PV)]
mod cleanup;
#[cfg(CONFIG_XEN_PV)]
mod contiguous;
#[cfg(CONFIG_XEN_PV)]
mod cr3;
#[cfg(CONFIG_XEN_PV)]
mod entry;
#[cfg(CONFIG_XEN_PV)]
mod foreign;
#[cfg(CONFIG_XEN_PV)]
mod ops;
#[cfg(CONFIG_XEN_PV)]
pub(super) mod pin;
#[cfg(CONFIG_XEN_PV)]
pub(super) mod relocate;
#[cfg(CONFIG_XEN_PV)]
mod tables;
#[cfg(CONFIG_XEN_PV)]
mod tlb;

#[cfg(CONFIG_XEN_PV)]
pub(super) use access::{
    map_shared_info,
    shared_info_address, //
};
#[cfg(CONFIG_XEN_PV_SMP)]
pub(super) use cr3::xen_write_cr3;
use kernel::{
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*, //
};

use crate::{
    abi::{
        frame::{
            Maddr,
            Paddr,
            Pfn,
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        p2m::P2mEntry, //
    },
    ffi::contract,
    mmu::translate::{
        to_machine,
        NoAddress,
        Tables, //
    },
    raw::{
        address,
        bindings,
        bug::bug,
        domain,
        word::to_u64, //
    },
};

contract!(
    arbitrary_virt_to_machine(_),
    xen_unmap_domain_gfn_range(_, _, _)
);

#[cfg(CONFIG_XEN_PV)]
use crate::raw::p2m;

/// This kernel's tables.
struct Kernel;

impl Tables for Kernel {
    #[inline]
    fn linear(&self, address: u64) -> Option<Paddr> {
        address::linear_to_physical(address)
    }

    #[inline]
    fn frame(&self, page: Pfn) -> P2mEntry {
        #[cfg(CONFIG_XEN_PV)]
        if domain::is_pv() {
            return p2m::lookup(page);
        }
        P2mEntry::beyond(page)
    }

    #[inline]
    fn walk(&self, address: u64) -> Option<Maddr> {
        address::walk(address)
    }
}

/// Returns the machine address of any kernel memory.
///
/// A page that was given back to Xen has an address that Xen refuses. Any context.
pub(super) fn machine_address(address: u64) -> u64 {
    match to_machine(&Kernel, address) {
        Ok(machine) => machine.get(),
        Err(NoAddress::Missing) => !0 << PAGE_SHIFT | address & (PAGE_SIZE - 1),
        Err(NoAddress::Unmapped) => bug("an address without memory was to be told to Xen"),
    }
}

/// Returns the machine address of any kernel memory. Any context.
#[no_mangle]
extern "C" fn arbitrary_virt_to_machine(address: *mut c_void) -> bindings::xmaddr {
    bindings::xmaddr {
        maddr: machine_address(to_u64(address.addr())),
    }
}

/// Ends a mapping of another domain's frames in user space. May sleep.
///
/// In a PV guest the mapping ends with its page-table entries, and nothing is left to do. Elsewhere
/// each of the `nr` frames was given a page of the guest's own numbering, in `pages`.
///
/// Returns 0, `-EINVAL` where a PV guest names pages, or what Xen refused.
///
/// # Safety
///
/// `vma` must be such a mapping, and `pages` null or its pages.
#[no_mangle]
unsafe extern "C" fn xen_unmap_domain_gfn_range(
    vma: *mut bindings::vm_area_struct,
    nr: c_int,
    pages: *mut *mut bindings::page,
) -> c_int {
    if !domain::is_pv() {
        // SAFETY: The caller's promise.
        return unsafe { bindings::xen_xlate_unmap_gfn_range(vma, nr, pages) };
    }
    if pages.is_null() {
        0
    } else {
        EINVAL.to_errno()
    }
}
