// SPDX-License-Identifier: GPL-2.0

//! Pages that stand for other domains' frames: what `drivers/xen/grant-table.c` asks.
//!
//! C ancestor: `set_foreign_p2m_mapping()` and `clear_foreign_p2m_mapping()` in `p2m.c`.

use kernel::{
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*,
    warn_on, //
};

use crate::{
    abi::{
        errno::XenErrno,
        frame::{
            Maddr,
            Mfn,
            Pfn, //
        },
        grant::{
            MapGrantRef,
            UnmapGrantRef, //
        },
        p2m::P2mEntry,
    },
    ffi::{
        contract,
        p2m::Kernel, //
    },
    mmu::p2m::{
        foreign::{
            self,
            Domain, //
        },
        NoEntry, //
    },
    raw::{
        address,
        bindings,
        domain,
        hypercall::grant,
        p2m,
        print::{
            printk,
            ERR,
            WARNING, //
        },
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

contract!(
    clear_foreign_p2m_mapping(_, _, _, _),
    set_foreign_p2m_mapping(_, _, _, _)
);

impl Domain for Kernel {
    fn entry(&self, page: Pfn) -> P2mEntry {
        p2m::lookup(page)
    }

    fn set(&mut self, page: Pfn, entry: P2mEntry) -> Result<(), NoEntry> {
        super::set(page, entry)
    }

    fn frame_in(&self, address: Maddr) -> Option<Mfn> {
        let table = p2m::page_of(address.frame())?.base();

        address::entry_at(table.checked_add(address.page_offset())?)
    }

    fn unmap(&mut self, mappings: &mut [UnmapGrantRef]) -> Result<(), XenErrno> {
        let count = u32::try_from(mappings.len()).map_err(|_| XenErrno::E2BIG)?;

        // SAFETY: The slice is borrowed until Xen is done. Policy ends what Xen has just mapped and
        // the driver has not seen.
        unsafe { grant::unmap(mappings.as_mut_ptr(), count) }
    }

    fn warn_in_use(&mut self, _page: Pfn) {
        printk!(WARNING, "page must be ballooned\n");
        let _ = warn_on!(true);
    }

    fn report_leak(&mut self, refusal: Option<XenErrno>, statuses: [i16; 2]) {
        let [first, second] = statuses;

        kernel::do_once_lite! {
            printk!(
                ERR,
                "gnttab unmap failed: rc={} st0={} st1={}\n",
                refusal.map_or(0, XenErrno::to_errno),
                first,
                second
            );
        }
    }
}

/// Returns the page that belongs to slot `index` of a request.
///
/// # Safety
///
/// `pages` must have such a slot, with a page in it.
#[inline(always)]
unsafe fn page_at(pages: *mut *mut bindings::page, index: usize) -> Option<Pfn> {
    // SAFETY: The caller's promise.
    Pfn::new(to_u64(unsafe {
        bindings::rust_helper_page_to_pfn(pages.add(index).read())
    }))
}

/// Puts frames that Xen has mapped behind pages of a PV guest. May sleep.
///
/// If `map_ops` are mappings in user space, `kmap_ops` are to map the same frames in the kernel,
/// which is done here. Each slot has its answer in its status.
///
/// Returns 0, or what Xen refused for all of `kmap_ops`.
///
/// # Safety
///
/// `map_ops`, `pages` and, unless it is null, `kmap_ops` must have `count` elements, which nobody
/// else uses.
#[no_mangle]
unsafe extern "C" fn set_foreign_p2m_mapping(
    map_ops: *mut bindings::gnttab_map_grant_ref,
    kmap_ops: *mut bindings::gnttab_map_grant_ref,
    pages: *mut *mut bindings::page,
    count: c_uint,
) -> c_int {
    let (users, kernels) = (
        map_ops.cast::<MapGrantRef>(),
        kmap_ops.cast::<MapGrantRef>(),
    );

    if !domain::is_pv() {
        return 0;
    }
    if !kernels.is_null() {
        // SAFETY: The caller's promise; the places are the driver's own.
        if let Err(refusal) = unsafe { grant::map(kernels, count) } {
            return refusal.to_errno();
        }
    }
    for index in 0..to_usize(u64::from(count)) {
        // SAFETY: The caller's promise, for each slot.
        let (user, page) = unsafe { (&mut *users.add(index), page_at(pages, index)) };
        let kernel = if kernels.is_null() {
            None
        } else {
            // SAFETY: As above.
            Some(unsafe { &mut *kernels.add(index) })
        };

        if let Some(page) = page {
            foreign::map(&mut Kernel, user, kernel, page);
        }
    }
    0
}

/// Says that nothing is behind pages any more, and ends mappings in the kernel. May sleep.
///
/// Returns 0, what Xen refused for all of `kunmap_ops`, or `-EINVAL` if a page was not another
/// domain's; the rest is done all the same.
///
/// # Safety
///
/// `pages` and, unless it is null, `kunmap_ops` must have `count` elements, which nobody else uses.
#[no_mangle]
unsafe extern "C" fn clear_foreign_p2m_mapping(
    _unmap_ops: *mut bindings::gnttab_unmap_grant_ref,
    kunmap_ops: *mut bindings::gnttab_unmap_grant_ref,
    pages: *mut *mut bindings::page,
    count: c_uint,
) -> c_int {
    let mut answer = 0;

    if !domain::is_pv() {
        return 0;
    }
    for index in 0..to_usize(u64::from(count)) {
        // SAFETY: The caller's promise, for each slot.
        let page = unsafe { page_at(pages, index) };
        let cleared = page.map(|page| foreign::unmap(&mut Kernel, page));

        if cleared != Some(Ok(())) {
            answer = EINVAL.to_errno();
        }
    }
    if !kunmap_ops.is_null() {
        // SAFETY: The caller's promise; the driver is done with these mappings.
        if let Err(refusal) = unsafe { grant::unmap(kunmap_ops.cast(), count) } {
            answer = refusal.to_errno();
        }
    }
    answer
}
