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
        frames,
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
        let table = frames::page_of(address.frame())?.base();

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

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_ffi_p2m_foreign)]
mod tests {
    use super::*;
    use crate::{
        abi::{
            grant::OKAY,
            p2m::place::Slot, //
        },
        ffi::p2m::known,
        raw::p2m::page::Page, //
    };
    use core::{
        array,
        ptr, //
    };

    /// `GNTMAP_host_map`: the kernel may access the frame.
    const HOST_MAP: u32 = 1 << 1;
    /// More than a grant table can have.
    const NO_GRANT: u32 = 0x7fff_fff0;
    /// The number of slots, and the one that Xen refuses.
    const SLOTS: usize = 4;
    const REFUSED: usize = 1;
    /// What the frame holds.
    const MARK: u64 = 0x1234_5678_9abc_def0;

    /// Pages that nothing is behind, and where the kernel maps them.
    struct Pages([*mut bindings::page; SLOTS]);

    impl Pages {
        fn allocate() -> Option<Self> {
            let mut pages = [ptr::null_mut(); SLOTS];
            // SAFETY: There is room for so many.
            let answer = unsafe { bindings::gnttab_alloc_pages(4, pages.as_mut_ptr()) };

            (answer == 0).then_some(Self(pages))
        }

        fn number(&mut self, index: usize) -> Pfn {
            // SAFETY: They were allocated.
            known(unsafe { page_at(self.0.as_mut_ptr(), index) })
        }

        fn address(&mut self, index: usize) -> *mut u64 {
            address::physical_to_linear(self.number(index).base())
        }

        fn free(mut self) {
            // SAFETY: They were allocated, and nothing is behind them again.
            unsafe { bindings::gnttab_free_pages(4, self.0.as_mut_ptr()) };
        }
    }

    #[test]
    fn a_refused_slot_is_its_own_matter() {
        // Dom0 knows its own number, and may map what it grants to itself.
        if !domain::is_pv() || !domain::is_initial() {
            return;
        }
        let given = known(Page::allocate());
        let frame = known(given.frame());
        let number = to_usize(frame.get());
        // SAFETY: The page stays until the grant is ended.
        let grant = unsafe { bindings::gnttab_grant_foreign_access(0, number, 0) };
        let grant = known(u32::try_from(grant).ok());
        let mut pages = known(Pages::allocate());
        let mut maps: [MapGrantRef; SLOTS] = array::from_fn(|index| MapGrantRef {
            host_addr: to_u64(pages.address(index).addr()),
            flags: HOST_MAP,
            reference: if index == REFUSED { NO_GRANT } else { grant },
            dom: 0,
            status: 0,
            handle: 0,
            dev_bus_addr: 0,
        });

        Slot::all().for_each(|slot| given.store(slot, MARK));
        // SAFETY: All are as long as is said.
        let answer = unsafe {
            bindings::gnttab_map_refs(
                maps.as_mut_ptr().cast(),
                ptr::null_mut(),
                pages.0.as_mut_ptr(),
                4,
            )
        };

        assert_eq!(answer, 0);
        for (index, map) in maps.iter().enumerate() {
            let entry = p2m::lookup(pages.number(index));

            if index == REFUSED {
                assert!(!map.is_mapped());
                assert_eq!(entry, P2mEntry::Missing);
            } else {
                assert!(map.is_mapped());
                assert_eq!(entry, P2mEntry::Foreign(frame));
                // SAFETY: Xen has mapped it.
                assert_eq!(unsafe { pages.address(index).read_volatile() }, MARK);
            }
        }

        let mut unmaps = maps.map(|map| map.undo(1));
        // SAFETY: As above, and nobody uses the mappings any more.
        let answer = unsafe {
            bindings::gnttab_unmap_refs(
                unmaps.as_mut_ptr().cast(),
                ptr::null_mut(),
                pages.0.as_mut_ptr(),
                4,
            )
        };

        assert_eq!(answer, EINVAL.to_errno());
        for (index, unmap) in unmaps.iter().enumerate() {
            let ended = unmap.status == OKAY;
            let refused = index == REFUSED;

            assert_eq!(ended, !refused);
            assert_eq!(p2m::lookup(pages.number(index)), P2mEntry::Missing);
        }
        pages.free();
        // SAFETY: Nobody has it mapped any more.
        assert_eq!(unsafe { bindings::gnttab_try_end_foreign_access(grant) }, 1);
        // SAFETY: It is not granted any more.
        unsafe { given.free() };
    }
}
