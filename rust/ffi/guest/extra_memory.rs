// SPDX-License-Identifier: GPL-2.0

//! Pages that the domain has numbers for, but no memory yet.

#![expect(unsafe_code)]

use core::mem::{
    align_of,
    offset_of,
    size_of, //
};

use crate::{
    abi::frame::PAGE_SHIFT,
    guest::extra_memory::{
        self,
        Full,
        Region, //
    },
    raw::{
        bindings,
        boot_cell::hide,
        print::{
            printk,
            WARNING, //
        },
        section::init, //
    },
};

/// How many regions the list has room for.
const REGIONS: usize = bindings::XEN_EXTRA_MEM_MAX_REGIONS as usize; // CAST: It widens.

const _: () = {
    type CRegion = bindings::xen_memory_region;

    assert!(size_of::<Region>() == size_of::<CRegion>());
    assert!(align_of::<Region>() == align_of::<CRegion>());
    assert!(offset_of!(Region, start_pfn) == offset_of!(CRegion, start_pfn));
    assert!(offset_of!(Region, n_pfns) == offset_of!(CRegion, n_pfns));
};

init! {
    /// Returns the list.
    ///
    /// # Safety
    ///
    /// Boot code only, which must not call others that use the list meanwhile.
    unsafe fn regions() -> &'static mut [Region; REGIONS] {
        let list = hide((&raw mut bindings::xen_extra_mem).cast::<[Region; REGIONS]>());

        // SAFETY: The layout is asserted above, any bits are a region, and nobody else uses the
        // list, by the caller's promise.
        unsafe { &mut *list }
    }
}

init! {
    /// Lists pages, and keeps them away from the allocator.
    #[cfg_attr(not(any(CONFIG_XEN_PV, CONFIG_XEN_PVH)), allow(dead_code))]
    pub(crate) fn add(pages: Region) {
        // SAFETY: Boot code.
        let list = unsafe { regions() };

        if extra_memory::add(list, pages) == Err(Full) {
            printk!(WARNING, "Warning: not enough extra memory regions\n");
        }
        // SAFETY: Boot code. It fails where there is no memory for its own list only, and says so.
        unsafe {
            bindings::rust_helper_memblock_reserve(
                pages.start_pfn << PAGE_SHIFT,
                pages.n_pfns << PAGE_SHIFT,
            )
        };
    }
}

/// What the p2m list of a PV guest has to know.
#[cfg(CONFIG_XEN_PV)]
mod pv {
    use kernel::ffi::c_ulong;

    use super::*;
    use crate::{
        abi::{
            frame::Pfn,
            p2m::P2mEntry, //
        },
        boot::memory_map::Pages,
        ffi::{
            contract,
            p2m, //
        },
        raw::{
            section::init_ref,
            word::{
                to_u64,
                to_usize, //
            },
        },
    };

    contract!(xen_chk_extra_mem(_));

    init! {
        /// Takes pages out of the list: they have got memory.
        pub(crate) fn remove(pages: Pages) {
            let removed = Region {
                start_pfn: pages.start,
                n_pfns: pages.count(),
            };
            // SAFETY: Boot code.
            let list = unsafe { regions() };

            if extra_memory::remove(list, removed) == Err(Full) {
                printk!(WARNING, "Warning: not enough extra memory regions\n");
            }
        }
    }

    init_ref! {
        /// Returns the p2m word of a page that the list, as Xen has built it, does not reach.
        ///
        /// Once the list reaches everything, nobody asks: the pages listed here are freed then.
        #[no_mangle]
        extern "C" fn xen_chk_extra_mem(pfn: c_ulong) -> c_ulong {
            // SAFETY: Boot code.
            let list = unsafe { regions() };
            let entry = match Pfn::new(to_u64(pfn)) {
                Some(page) if !extra_memory::contains(list, page.get()) => P2mEntry::beyond(page),
                _ => P2mEntry::Missing,
            };

            to_usize(entry.encode())
        }
    }

    init! {
        /// Writes to the p2m list that listed pages have no memory.
        pub(crate) fn invalidate() {
            // SAFETY: Boot code; who is called below does not know the list.
            let list = unsafe { regions() };

            for region in list {
                let pages = region.start_pfn..region.start_pfn.saturating_add(region.n_pfns);

                for page in pages.map_while(Pfn::new) {
                    // The list has words for all of them, and memblock makes room or panics.
                    let _ = p2m::set(page, P2mEntry::Missing);
                }
            }
        }
    }
}
#[cfg(CONFIG_XEN_PV)]
pub(crate) use pv::{
    invalidate,
    remove, //
};

/// Where drivers get pages that have no memory, and shall never have any.
#[cfg(CONFIG_XEN_UNPOPULATED_ALLOC)]
mod unpopulated {
    use kernel::{
        error::code::ENODEV,
        ffi::c_int, //
    };

    use super::*;
    use crate::{
        ffi::contract,
        raw::{
            domain,
            word::{
                to_u64,
                to_usize, //
            }, //
        },
    };

    contract!(arch_xen_unpopulated_init(_));

    init! {
        /// Gives all listed pages to `drivers/xen/unpopulated-alloc.c`, and says where it may look
        /// for more numbers.
        ///
        /// Returns 0, or `-ENODEV` where this is no Xen domain.
        ///
        /// # Safety
        ///
        /// `res` must be valid for writes.
        #[no_mangle]
        unsafe extern "C" fn arch_xen_unpopulated_init(
            res: *mut *mut bindings::resource,
        ) -> c_int {
            if !domain::is_xen() {
                return ENODEV.to_errno();
            }
            // SAFETY: The caller's promise. It has to know before it is given pages.
            unsafe { res.write(&raw mut bindings::iomem_resource) };
            // SAFETY: Boot code.
            let list = unsafe { regions() };
            // SAFETY: Boot code has determined it.
            let limit = to_u64(unsafe { bindings::max_pfn });
            let given = extra_memory::take(list, limit, give);

            // The balloon has to know that these pages exist and have no memory.
            // SAFETY: An initcall; nobody else runs that uses it.
            unsafe { bindings::xen_unpopulated_pages += to_usize(given) };
            0
        }
    }

    /// Gives one page.
    fn give(pfn: u64) {
        // SAFETY: Below `max_pfn`, so that there is a `struct page`.
        let mut page = unsafe { bindings::rust_helper_pfn_to_page(to_usize(pfn)) };

        // SAFETY: Nobody uses the page: it was kept away from the allocator.
        unsafe { bindings::xen_free_unpopulated_pages(1, &mut page) };
    }
}
