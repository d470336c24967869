// SPDX-License-Identifier: GPL-2.0

//! The p2m list: what the kernel and drivers ask of it, and its implementation for policy.
//!
//! C ancestor: `p2m.c`.

#![expect(unsafe_code)]

pub(crate) mod boot;
mod foreign;
pub(crate) mod remap;
pub(crate) mod tools;

use kernel::{
    ffi::{
        c_int,
        c_ulong, //
    },
    prelude::*, //
};

use crate::{
    abi::{
        frame::{
            Mfn,
            Pfn, //
        },
        p2m::{
            place::{
                Leaf,
                Region,
                Slot, //
            },
            Hole,
            P2mEntry, //
        },
    },
    ffi::contract,
    mmu::p2m::{
        self as policy,
        List,
        Memory,
        NoEntry,
        ReadOnly,
        Tree,
        Update, //
    },
    raw::{
        bindings,
        bug::bug,
        p2m::{
            self,
            mapping,
            page::{
                Page,
                Stage, //
            }, //
        },
        shared,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

contract!(
    __set_phys_to_machine(_, _),
    get_phys_to_machine(_),
    set_phys_to_machine(_, _),
    xen_alloc_p2m_entry(_)
);

/// This kernel's list. [`Update`] is for who holds the lock, which only [`Memory::locked`] takes.
struct Kernel;

/// Returns what each part of the list has.
fn known<T>(part: Option<T>) -> T {
    match part {
        Some(part) => part,
        None => bug("a part of the p2m list is missing"),
    }
}

impl List for Kernel {
    type Page = Page;

    #[inline(always)]
    fn contains(&self, page: Pfn) -> bool {
        p2m::contains(page)
    }

    #[inline(always)]
    fn store(&self, page: Pfn, entry: P2mEntry) -> Result<(), ReadOnly> {
        p2m::store(page, entry).map_err(|_| ReadOnly)
    }

    fn leaf_hole(&self, leaf: Leaf) -> Option<Hole> {
        mapping::leaf_hole(leaf)
    }

    fn region_hole(&self, region: Region) -> Option<Hole> {
        mapping::region_hole(region)
    }

    fn mapped(&self, leaf: Leaf) -> Mfn {
        known(mapping::mapped(leaf))
    }

    fn frame(&self, page: Page) -> Mfn {
        known(page.frame())
    }

    fn missing_frame(&self) -> Mfn {
        known(mapping::shared_leaf(Hole::Missing).and_then(Page::frame))
    }

    fn tree(&self) -> Option<Tree<Page>> {
        mapping::tree().map(|(top, missing_mid)| Tree { top, missing_mid })
    }

    fn mid(&self, region: Region) -> Option<Page> {
        mapping::mid(region)
    }

    fn tools_end(&self) -> u64 {
        mapping::TOOLS_END.read()
    }
}

impl Update for Kernel {
    fn raise_generation(&mut self) {
        shared::shared_info().raise_p2m_generation();
    }

    fn set_table(&mut self, region: Region, table: Page) {
        // SAFETY: Policy has made it a copy of the table that it replaces, and holds the lock.
        unsafe { mapping::set_table(region, table) };
    }

    fn map(&mut self, leaf: Leaf, page: Page) {
        // SAFETY: Policy has filled it with what the leaf says, has replaced a shared table before,
        // and holds the lock.
        unsafe { mapping::map(leaf, page) };
    }

    fn set_tree(&mut self, tree: Tree<Page>) {
        mapping::set_tree(tree.top, tree.missing_mid);
    }

    fn set_mid(&mut self, region: Region, page: Page) {
        mapping::set_mid(region, page);
    }

    fn store_frame(&mut self, page: Page, slot: Slot, frame: Mfn) {
        page.store(slot, frame.get());
    }

    fn set_tools_end(&mut self, end: u64) {
        mapping::TOOLS_END.write(end);
        shared::shared_info().set_max_pfn(end);
    }
}

impl Memory for Kernel {
    type Locked = Self;

    fn allocate(&mut self) -> Option<Page> {
        Page::allocate()
    }

    fn free(&mut self, page: Page) {
        // SAFETY: Policy frees what it has not installed, and no tables by this.
        unsafe { page.free() };
    }

    fn fill(&mut self, page: Page, leaf: Leaf, hole: Hole) {
        for slot in Slot::all() {
            page.store(slot, hole.entry(leaf.page(slot)).encode());
        }
    }

    fn become_table(&mut self, page: Page, hole: Hole) {
        page.copy_from(known(mapping::shared_table(hole)));
        // SAFETY: It is a page of its own, and holds entries.
        unsafe { bindings::xen_p2m_announce_table(page.as_ptr().cast()) };
    }

    fn free_table(&mut self, table: Page) {
        // SAFETY: It was announced, and not installed.
        unsafe { bindings::xen_p2m_retract_table(table.as_ptr().cast()) };
        self.free(table);
    }

    fn locked<R>(&mut self, change: impl FnOnce(&mut Self) -> R) -> R {
        // SAFETY: Nobody who holds the lock calls this.
        let flags = unsafe { bindings::xen_p2m_lock() };
        let result = change(self);

        // SAFETY: It was taken with these flags.
        unsafe { bindings::xen_p2m_unlock(flags) };
        result
    }

    fn flush(&mut self, leaf: Leaf) {
        // In early boot there is one CPU, which forgets what it faults on.
        if Stage::now() == Stage::Allocator {
            // SAFETY: It takes any address; who allocates with this allocator may wait.
            unsafe { bindings::xen_p2m_flush(mapping::address(leaf)) };
        }
    }
}

/// Stores what is behind a page, if that takes no allocation. Any context.
///
/// # Errors
///
/// [`ReadOnly`] where the list says something else, and has no word of the page's own.
#[inline]
pub(crate) fn store(page: Pfn, entry: P2mEntry) -> Result<(), ReadOnly> {
    policy::store(&Kernel, page, entry)
}

/// Stores what is behind a page. May sleep if that page has never been said anything of.
///
/// # Errors
///
/// Both of [`NoEntry`].
#[inline]
pub(crate) fn set(page: Pfn, entry: P2mEntry) -> Result<(), NoEntry> {
    policy::set(&mut Kernel, page, entry)
}

/// Returns what is behind a page, as a word of the list: the slow half of `__pfn_to_mfn()`.
///
/// Any context.
#[no_mangle]
extern "C" fn get_phys_to_machine(pfn: c_ulong) -> c_ulong {
    match Pfn::new(to_u64(pfn)) {
        Some(page) => to_usize(p2m::lookup_hole(page).encode()),
        // No machine has it, nor has the list.
        None => to_usize(P2mEntry::beyond(Pfn::MAX).encode()),
    }
}

/// As [`store`]. Returns whether it is stored.
///
/// A word whose frame number no machine has is stored as "missing".
#[no_mangle]
extern "C" fn __set_phys_to_machine(pfn: c_ulong, mfn: c_ulong) -> bool {
    let entry = P2mEntry::decode(to_u64(mfn));

    match Pfn::new(to_u64(pfn)) {
        Some(page) => store(page, entry).is_ok(),
        None => entry == P2mEntry::Missing,
    }
}

/// As [`set`]. Returns whether it is stored; otherwise as [`__set_phys_to_machine`].
#[no_mangle]
extern "C" fn set_phys_to_machine(pfn: c_ulong, mfn: c_ulong) -> bool {
    let entry = P2mEntry::decode(to_u64(mfn));

    match Pfn::new(to_u64(pfn)) {
        Some(page) => set(page, entry).is_ok(),
        None => entry == P2mEntry::Missing,
    }
}

/// Makes sure that what is behind a page can be stored from any context. May sleep.
///
/// Returns 0, `-ENOMEM`, or `-EINVAL` for a page beyond the list.
#[no_mangle]
extern "C" fn xen_alloc_p2m_entry(pfn: c_ulong) -> c_int {
    let outcome = match Pfn::new(to_u64(pfn)) {
        Some(page) => policy::allocate(&mut Kernel, page),
        None => Err(NoEntry::Beyond),
    };

    match outcome {
        Ok(()) => 0,
        Err(NoEntry::OutOfMemory) => ENOMEM.to_errno(),
        Err(NoEntry::Beyond) => EINVAL.to_errno(),
    }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_ffi_p2m)]
mod tests {
    use super::*;
    use crate::raw::domain;

    /// Returns the last page of the list, if it is in a hole and nobody's, in a domain that is
    /// never saved: tools would have to read up to it.
    fn last() -> Option<Pfn> {
        // SAFETY: Written where no other CPU runs.
        let end = to_u64(unsafe { bindings::xen_p2m_size });

        Pfn::new(end.checked_sub(1)?)
            .filter(|_| domain::is_pv() && domain::is_initial())
            .filter(|&page| mapping::leaf_hole(Leaf::of(page)).is_some())
    }

    #[test]
    fn a_hole_becomes_memory_and_a_hole_again() {
        let Some(page) = last() else {
            return;
        };
        let leaf = Leaf::of(page);
        let before = p2m::lookup(page);
        let frame = P2mEntry::Foreign(Mfn::from_raw(5));

        assert_eq!(Hole::of(page, before), mapping::leaf_hole(leaf));
        assert_eq!(policy::allocate(&mut Kernel, page), Ok(()));
        assert_eq!(mapping::leaf_hole(leaf), None);
        assert_eq!(mapping::region_hole(leaf.region()), None);
        assert_eq!(p2m::lookup(page), before);
        assert_eq!(
            p2m::lookup(leaf.start()),
            Hole::of(page, before).map_or(before, |hole| hole.entry(leaf.start()))
        );

        assert_eq!(set(page, frame), Ok(()));
        assert_eq!(p2m::lookup(page), frame);
        assert_eq!(set(page, before), Ok(()));
        assert_eq!(p2m::lookup(page), before);
    }

    #[test]
    fn tools_see_what_is_mapped() {
        if !domain::is_pv() {
            return;
        }
        for (region, _) in Region::in_tree() {
            let Some(mid) = mapping::mid(region) else {
                continue;
            };
            let agree = Slot::all().all(|slot| {
                let named = Mfn::new(mid.load(slot));
                let missing = mapping::shared_leaf(Hole::Missing).and_then(Page::frame);
                let mapped = mapping::mapped(region.leaf(slot));

                // Missing pages and identity pages are the same to tools.
                named == mapped
                    || named == missing && mapping::leaf_hole(region.leaf(slot)).is_some()
            });

            assert!(agree);
        }
    }
}
