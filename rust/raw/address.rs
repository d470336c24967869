// SPDX-License-Identifier: GPL-2.0

//! From the kernel's virtual addresses to physical ones.
//!
//! Valid in any context once page tables are up.
//!
//! C ancestor: `asm/page_64.h`, `lookup_address()` in `mm/pat/set_memory.c`.

#![expect(unsafe_code)]

use crate::{
    abi::frame::{
        Maddr,
        Paddr,
        PAGE_SHIFT, //
    },
    raw::{
        bindings,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// `__START_KERNEL_map`: where the kernel image is mapped.
pub(crate) const KERNEL_IMAGE: u64 = 0xffff_ffff_8000_0000;
/// `_PAGE_PRESENT`.
const PRESENT: u64 = 1 << 0;
/// Address bits that one level of page tables translates.
const LEVEL_BITS: u32 = 9;

/// Returns the physical address of memory in the direct map or the kernel image.
///
/// Other addresses (vmalloc, fixmap, modules) have to be looked up in the page tables.
pub(crate) fn linear_to_physical(address: u64) -> Option<Paddr> {
    // SAFETY: It takes any address.
    if !unsafe { bindings::__virt_addr_valid(to_usize(address)) } {
        return None;
    }
    to_physical(address)
}

/// Returns the physical address of what is known to be in the direct map or the kernel image.
///
/// Early boot does not know yet which memory there is.
pub(crate) fn to_physical(address: u64) -> Option<Paddr> {
    image_to_physical(address).or_else(|| Paddr::new(address.wrapping_sub(direct_map())))
}

/// Returns the physical address of what is in the direct map or the kernel image: `__pa()`.
///
/// No question is asked: other addresses have no meaning here.
#[cfg(CONFIG_XEN_PV)]
#[inline(always)]
pub(crate) fn known_linear(address: u64) -> Paddr {
    let physical = match address.checked_sub(KERNEL_IMAGE) {
        // SAFETY: Written in early boot only.
        Some(offset) => offset.wrapping_add(to_u64(unsafe { bindings::phys_base })),
        None => address.wrapping_sub(direct_map()),
    };

    // INVARIANT: The mask leaves an address.
    Paddr::from_raw(physical & Paddr::MAX.get())
}

/// Returns the address of the direct map.
#[inline(always)]
fn direct_map() -> u64 {
    // SAFETY: Written in early boot only.
    to_u64(unsafe { bindings::page_offset_base })
}

/// Returns the physical address of a part of the kernel image.
pub(crate) fn image_to_physical(address: u64) -> Option<Paddr> {
    let offset = address.checked_sub(KERNEL_IMAGE)?;

    // SAFETY: Written in early boot only.
    Paddr::new(offset.wrapping_add(to_u64(unsafe { bindings::phys_base })))
}

/// Returns where the direct map has physical memory.
///
/// It is there once the direct map is.
#[inline(always)]
pub(crate) fn physical_to_linear<T>(address: Paddr) -> *mut T {
    core::ptr::with_exposed_provenance_mut(to_usize(direct_map().wrapping_add(address.get())))
}

/// Returns the address that the page tables hold for `address`, of any page size.
///
/// In a PV guest that is the machine's; elsewhere Xen translates once more.
pub(crate) fn walk(address: u64) -> Option<Maddr> {
    let mut level = 0;
    // SAFETY: It takes any address, and init_mm's tables are not freed.
    let entry = unsafe { bindings::lookup_address(to_usize(address), &mut level) };

    if entry.is_null() {
        return None;
    }
    // SAFETY: The entry exists; it may change, in one store.
    let value = unsafe { entry.cast::<u64>().read_volatile() };
    let offset_bits = PAGE_SHIFT + level.checked_sub(bindings::pg_level_PG_LEVEL_4K)? * LEVEL_BITS;
    let offset_mask = (1_u64 << offset_bits) - 1;

    if value & PRESENT == 0 {
        return None;
    }
    Maddr::new(value & Maddr::MAX.get() & !offset_mask | address & offset_mask)
}

/// Returns the frame in the page-table entry at a physical address, present or not.
#[cfg(CONFIG_XEN_PV)]
pub(crate) fn entry_at(address: Paddr) -> Option<crate::abi::frame::Mfn> {
    // SAFETY: Written in early boot only.
    let base = to_u64(unsafe { bindings::page_offset_base });
    let entry =
        core::ptr::with_exposed_provenance::<u64>(to_usize(base.wrapping_add(address.get())));

    // SAFETY: Guest memory is in the direct map; an entry changes in one store.
    Some(Maddr::new(unsafe { entry.read_volatile() } & Maddr::MAX.get())?.frame())
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_address)]
mod tests {
    use super::*;
    use crate::abi::{
        frame::Pfn,
        p2m::P2mEntry, //
    };

    /// Something in the kernel image.
    static DATA: u64 = 0;

    /// Returns where [`DATA`] is.
    fn image() -> u64 {
        to_u64(core::ptr::from_ref(&DATA).addr())
    }

    /// Returns what is behind a page.
    fn entry(page: Pfn) -> P2mEntry {
        #[cfg(CONFIG_XEN_PV)]
        if crate::raw::domain::is_pv() {
            return crate::raw::p2m::lookup(page);
        }
        P2mEntry::beyond(page)
    }

    #[test]
    fn the_image_is_linear() {
        assert!(linear_to_physical(image()).is_some());
        assert_eq!(linear_to_physical(image()), image_to_physical(image()));
    }

    #[test]
    fn the_direct_map_is_the_way_back() {
        let Some(physical) = linear_to_physical(image()) else {
            return assert!(false);
        };
        let linear = to_u64(physical_to_linear::<u64>(physical).addr());

        assert!(linear != image());
        assert_eq!(linear_to_physical(linear), Some(physical));
    }

    #[test]
    fn user_space_and_holes_are_not() {
        assert_eq!(linear_to_physical(0x1000), None);
        assert_eq!(linear_to_physical(0xffff_8800_0000_0000 - 0x1000), None);
        assert_eq!(walk(0xffff_ffff_ffff_f000), None);
    }

    #[test]
    fn page_tables_and_the_short_way_agree() {
        let Some(physical) = linear_to_physical(image()) else {
            return assert!(false);
        };
        let short = entry(physical.frame())
            .mfn()
            .and_then(|frame| frame.base().checked_add(physical.page_offset()));

        assert!(short.is_some());
        assert_eq!(walk(image()), short);
    }
}
