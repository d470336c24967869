// SPDX-License-Identifier: GPL-2.0

//! Look-up in the p2m list of a PV guest.
//!
//! The list is one array over all page numbers, mapped by p2m.c; where there is nothing to say of a
//! whole page of entries, a shared page of "missing" or "identity" words is mapped, whose words are
//! told apart by a page walk in `get_phys_to_machine()`.
//!
//! Valid in any context, NMI included, once `xen_build_dynamic_phys_to_machine()` has run.
//!
//! C ancestor: `__pfn_to_mfn()` in `asm/xen/page.h`.

#![expect(unsafe_code)]

use crate::{
    abi::{
        frame::Pfn,
        p2m::P2mEntry, //
    },
    raw::{
        bindings,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Returns what is behind a page of this PV guest.
pub(crate) fn lookup(pfn: Pfn) -> P2mEntry {
    // SAFETY: Written where no other CPU runs.
    let (size, limit) = unsafe { (bindings::xen_p2m_size, bindings::xen_max_p2m_pfn) };
    let index = to_usize(pfn.get());

    if index < size {
        // SAFETY: The list has `size` words. Each changes in one store.
        let word = unsafe { bindings::xen_p2m_addr.add(index).read_volatile() };

        match P2mEntry::decode(to_u64(word)) {
            P2mEntry::Missing => {}
            entry => return entry,
        }
    } else if index >= limit {
        return P2mEntry::beyond(pfn);
    }

    // SAFETY: The list exists, and the function takes any page number.
    P2mEntry::decode(to_u64(unsafe { bindings::get_phys_to_machine(index) }))
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_p2m)]
mod tests {
    use super::*;
    use crate::{
        abi::frame::Mfn,
        raw::{
            address,
            domain,
            extable, //
        }, //
    };

    /// A page's worth of the kernel's data.
    static DATA: u64 = 0;

    /// Returns the page of [`DATA`].
    fn page() -> Option<Pfn> {
        let address = to_u64(core::ptr::from_ref(&DATA).addr());

        address::linear_to_physical(address).map(|physical| physical.frame())
    }

    /// Asks Xen's machine-to-physical table which page a frame is.
    fn page_of(frame: Mfn) -> Option<u64> {
        let index = to_usize(frame.get());

        // SAFETY: The table has a word for each frame, or a hole.
        unsafe {
            extable::load(
                bindings::machine_to_phys_mapping
                    .cast_const()
                    .cast::<u64>()
                    .wrapping_add(index),
            )
        }
        .ok()
    }

    #[test]
    fn xen_agrees_on_which_page_a_frame_is() {
        if domain::is_pv() {
            let frame = page().and_then(|page| lookup(page).mfn());

            assert!(page().is_some());
            assert_eq!(frame.and_then(page_of), page().map(Pfn::get));
        }
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
        }
    }

    #[test]
    fn beyond_the_list_is_the_machine() {
        if domain::is_pv() {
            assert_eq!(lookup(Pfn::MAX), P2mEntry::beyond(Pfn::MAX));
        }
    }
}
