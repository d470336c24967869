// SPDX-License-Identifier: GPL-2.0

//! The list in boot: first the domain builder's, then one of our own.
//!
//! C ancestor: `xen_build_dynamic_phys_to_machine()`, `set_phys_range_identity()`,
//! `xen_vmalloc_p2m_tree()` and `xen_rebuild_p2m_list()` in `p2m.c`.

use core::mem::size_of;

use kernel::ffi::c_ulong;

use crate::{
    abi::{
        frame::Pfn,
        p2m::{
            place::{
                Leaf,
                Slot,
                REGION_PAGES,
                WORDS, //
            },
            Hole,
            P2mEntry, //
        },
    },
    boot::memory_map::Pages,
    ffi::{
        guest::extra_memory,
        p2m::{
            known,
            remap, //
        }, //
    },
    mmu::p2m::build::{
        Part,
        Parts, //
    },
    raw::{
        bindings,
        p2m::{
            self,
            mapping,
            page::Page, //
        },
        section::init,
        shared,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Pages that there may be after memory is hotplugged.
const HOTPLUG_PAGES: u64 = {
    /// Pages in a GB, in which the option counts.
    const GIGABYTE: u64 = 1 << 18;

    // CAST: It widens.
    bindings::xen_p2m_limit_XEN_P2M_LIMIT_GB as u64 * GIGABYTE
};

init! {
    /// Takes over the domain builder's list.
    ///
    /// Runs before there is a console or an exception handler, so it has no way to fail.
    pub(in crate::ffi) fn build_dynamic_phys_to_machine() {
        let Some(start) = shared::start_info() else {
            return;
        };
        let pages = start.nr_pages();
        let end = pages.wrapping_add(WORDS - 1) & !(WORDS - 1);
        let list = core::ptr::with_exposed_provenance_mut::<u64>(to_usize(start.mfn_list()));

        for index in pages..end {
            // SAFETY: The builder's list fills its last page.
            unsafe {
                list.wrapping_add(to_usize(index))
                    .write(P2mEntry::Missing.encode())
            };
        }
        // SAFETY: There is one CPU, and nobody has looked yet.
        unsafe {
            bindings::xen_p2m_addr = list.cast();
            bindings::xen_p2m_size = to_usize(end);
            bindings::xen_max_p2m_pfn = to_usize(end);
        }
    }
}

init! {
    /// Says of pages that they are no RAM, while the list is the builder's: those that it has.
    pub(crate) fn set_identity(pages: Pages) {
        for page in (pages.start..pages.end).map_while(Pfn::new) {
            if p2m::store(page, P2mEntry::beyond(page)).is_err() {
                break;
            }
        }
    }
}

init! {
    /// Replaces the builder's list by one with room for pages that may come later.
    pub(in crate::ffi) fn vmalloc_p2m_tree() {
        // SAFETY: Nobody writes them at the time.
        let (size, limit) = unsafe { (bindings::xen_p2m_size, bindings::xen_max_p2m_pfn) };
        let regions = mapping::regions(to_u64(limit).max(HOTPLUG_PAGES).max(remap::end()));
        let pages = regions * REGION_PAGES;
        let bytes = to_usize(pages) * size_of::<c_ulong>();
        // SAFETY: Boot code, once.
        let list = unsafe { bindings::xen_p2m_reserve(bytes) };

        #[cfg(CONFIG_PRINTK)]
        // SAFETY: The format takes a pointer, which is not followed, and an `unsigned long`.
        unsafe {
            bindings::_printk(
                c"\x015p2m virtual area at %p, size is %lx\n".as_ptr().cast(),
                list,
                bytes,
            )
        };
        mapping::TOOLS_END.write(to_u64(limit));
        mapping::begin(regions);
        share(Hole::Missing);
        share(Hole::Identity);

        let mut parts = Parts::new(to_u64(size), pages);

        while let Some(part) = parts.next(builders) {
            map(part, list.addr());
        }
        // SAFETY: There is one CPU, and both lists say the same of pages that exist.
        unsafe {
            bindings::xen_p2m_addr = list.cast();
            bindings::xen_p2m_size = to_usize(pages);
            bindings::xen_max_p2m_pfn = to_usize(pages);
        }
        // Now the list has words for all of that memory.
        extra_memory::invalidate();
    }
}

/// Returns what the builder's list, as boot code has changed it, says of a page.
#[inline(always)]
fn builders(page: Pfn) -> P2mEntry {
    p2m::listed(page).unwrap_or(P2mEntry::beyond(page))
}

init! {
    /// Allocates what holes of a kind share.
    fn share(hole: Hole) {
        let leaf = known(Page::allocate());
        let table = known(Page::allocate());

        for slot in Slot::all() {
            leaf.store(slot, P2mEntry::Missing.encode());
        }
        // SAFETY: It is a page of its own, and zero.
        unsafe { bindings::xen_p2m_announce_table(table.as_ptr().cast()) };
        for slot in Slot::all() {
            let entry = table.as_ptr().wrapping_add(slot.index());

            // SAFETY: It is an entry of a table that nobody uses yet.
            unsafe { bindings::xen_p2m_map_shared(entry.cast(), leaf.as_ptr().cast()) };
        }
        mapping::set_shared(hole, leaf, table);
    }
}

init! {
    /// Maps a part of the new list, which begins at address `list`.
    fn map(part: Part, list: usize) {
        match part {
            Part::Region(region, hole) => {
                let table = known(mapping::shared_table(hole)).as_ptr();
                let start = place(list, region.start());

                // SAFETY: The addresses are reserved for the list, and the table is complete.
                unsafe {
                    bindings::xen_p2m_set_table(bindings::populate_extra_pmd(start), table.cast())
                };
                // SAFETY: A table's address is that of its first entry.
                unsafe { mapping::note_table(region, table.cast_const().cast()) };
            }
            Part::Shared(leaf, hole) => {
                let page = known(mapping::shared_leaf(hole));

                // SAFETY: The words of such a hole.
                map_leaf(leaf, list, |entry| unsafe {
                    bindings::xen_p2m_map_shared(entry, page.as_ptr().cast())
                });
            }
            Part::Own(leaf) => {
                let page = known(Page::allocate());

                for slot in Slot::all() {
                    page.store(slot, builders(leaf.page(slot)).encode());
                }
                // SAFETY: The words of this leaf.
                map_leaf(leaf, list, |entry| unsafe {
                    bindings::xen_p2m_map(entry, page.as_ptr().cast())
                });
            }
        }
    }
}

/// Maps a leaf by `set`, and notes by which table.
#[inline(always)]
fn map_leaf(leaf: Leaf, list: usize, set: impl FnOnce(*mut bindings::pte_t)) {
    // SAFETY: The addresses are reserved for the list. The tables on the way are made as needed.
    let entry = unsafe { bindings::populate_extra_pte(place(list, leaf)) };

    set(entry);
    // SAFETY: It is in the table that was just used.
    unsafe { mapping::note_table(leaf.region(), entry.cast_const()) };
}

/// Returns where the words of a leaf are in a list that begins at address `list`.
fn place(list: usize, leaf: Leaf) -> usize {
    list + to_usize(leaf.start().get()) * size_of::<c_ulong>()
}
