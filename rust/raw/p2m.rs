// SPDX-License-Identifier: GPL-2.0

//! The words of the p2m list: looking them up, and storing them.
//!
//! The list is one array over all page numbers. Until boot code rebuilds it, it is the domain
//! builder's, and ends where memory does. Afterwards whole leaves without RAM share a page of
//! words for "missing", and only what maps them tells holes of the two kinds apart ([`mapping`]).
//!
//! Look-ups are valid in any context, NMI included, once `build_dynamic_phys_to_machine()` has
//! run, and make no C call. Stores are valid in any context once exceptions are handled.
//!
//! C ancestor: `__pfn_to_mfn()` in `asm/xen/page.h`, `get_phys_to_machine()` in `p2m.c`.

#![expect(unsafe_code)]

pub(crate) mod mapping;
pub(crate) mod page;

use crate::{
    abi::{
        frame::Pfn,
        p2m::{
            place::Leaf,
            P2mEntry, //
        },
    },
    raw::{
        bindings,
        extable,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Returns what is behind a page of this PV guest.
#[inline]
pub(crate) fn lookup(pfn: Pfn) -> P2mEntry {
    match listed(pfn) {
        Some(P2mEntry::Missing) | None => lookup_hole(pfn),
        Some(entry) => entry,
    }
}

/// Returns what the list's word says, if there is one.
#[inline(always)]
pub(crate) fn listed(pfn: Pfn) -> Option<P2mEntry> {
    if !contains(pfn) {
        return None;
    }
    // SAFETY: The list has the word. It changes in one store.
    let word = unsafe { word(pfn).read_volatile() };

    Some(P2mEntry::decode(word))
}

/// Returns what is behind a page of which the list's word says nothing, or has none.
#[cold]
pub(crate) fn lookup_hole(pfn: Pfn) -> P2mEntry {
    // SAFETY: Written where no other CPU runs.
    let limit = to_u64(unsafe { bindings::xen_max_p2m_pfn });

    if contains(pfn) {
        if mapping::is_identity(Leaf::of(pfn)) {
            P2mEntry::beyond(pfn)
        } else {
            // Once more: if the leaf has been allocated just now, its words have been there before.
            listed(pfn).unwrap_or(P2mEntry::Missing)
        }
    } else if pfn.get() < limit {
        // SAFETY: It takes any page, in boot, when the list does not have these yet.
        P2mEntry::decode(to_u64(unsafe {
            bindings::xen_chk_extra_mem(to_usize(pfn.get()))
        }))
    } else {
        P2mEntry::beyond(pfn)
    }
}

/// Returns whether the list has a word for a page.
#[inline(always)]
pub(crate) fn contains(pfn: Pfn) -> bool {
    // SAFETY: Written where no other CPU runs.
    pfn.get() < to_u64(unsafe { bindings::xen_p2m_size })
}

/// Returns where the list is.
pub(crate) fn address() -> usize {
    // SAFETY: Written where no other CPU runs.
    unsafe { bindings::xen_p2m_addr }.addr()
}

/// Returns where the word of a page is, or would be.
#[inline(always)]
fn word(pfn: Pfn) -> *mut u64 {
    // SAFETY: Written where no other CPU runs.
    let list = unsafe { bindings::xen_p2m_addr };

    list.cast::<u64>().wrapping_add(to_usize(pfn.get()))
}

/// Stores what is behind a page, in one store.
///
/// # Errors
///
/// [`extable::Fault`] where the word's page is shared, or there is none.
#[inline(always)]
pub(crate) fn store(pfn: Pfn, entry: P2mEntry) -> Result<(), extable::Fault> {
    if !contains(pfn) {
        return Err(extable::Fault);
    }
    // SAFETY: The list has the word, and pages that are shared are mapped read-only.
    unsafe { extable::store(word(pfn), entry.encode()) }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_p2m)]
mod tests {
    use super::*;
    use crate::raw::{
        address,
        domain, //
    };

    /// A page's worth of the kernel's data.
    static DATA: u64 = 0;

    /// Returns the page of [`DATA`].
    fn page() -> Option<Pfn> {
        let address = to_u64(core::ptr::from_ref(&DATA).addr());

        address::linear_to_physical(address).map(|physical| physical.frame())
    }

    #[test]
    fn the_kernel_is_in_memory_of_its_own() {
        if domain::is_pv() {
            let entry = page().map(lookup);
            let mapped = match entry {
                Some(P2mEntry::Mapped(_)) => true,
                _ => false,
            };

            assert!(mapped);
            assert_eq!(page().map(Leaf::of).and_then(mapping::leaf_hole), None);
        }
    }

    #[test]
    fn beyond_the_list_is_the_machine() {
        if domain::is_pv() {
            assert_eq!(lookup(Pfn::MAX), P2mEntry::beyond(Pfn::MAX));
            assert_eq!(store(Pfn::MAX, P2mEntry::Missing), Err(extable::Fault));
        }
    }

    #[test]
    fn what_is_there_can_be_stored_again() {
        if domain::is_pv() {
            let entry = page().map(|page| (page, lookup(page)));

            assert_eq!(entry.map(|(page, entry)| store(page, entry)), Some(Ok(())));
            assert_eq!(page().map(|page| (page, lookup(page))), entry);
        }
    }
}
