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
