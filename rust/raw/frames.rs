// SPDX-License-Identifier: GPL-2.0

//! Pages and frames, for those who ask at each look at a page table.
//!
//! Most are memory of this domain's, for which two loads say all: those come first, in as few
//! instructions as there can be. [`p2m`] has the rest.
//!
//! Valid in any context, NMI included, when the p2m list is there and exceptions are handled.
//!
//! C ancestor: `__pfn_to_mfn()`, `mfn_to_pfn()` in `asm/xen/page.h`.

#![expect(unsafe_code)]

use crate::{
    abi::{
        frame::{
            Mfn,
            Pfn, //
        },
        p2m::P2mEntry, //
    },
    raw::{
        bindings,
        extable,
        p2m,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Returns the word of the p2m list for a page, if it has one.
#[inline(always)]
fn listed(page: u64) -> Option<u64> {
    let index = to_usize(page);

    // SAFETY: Written where no other CPU runs.
    if index >= unsafe { bindings::xen_p2m_size } {
        return None;
    }
    // SAFETY: The list has the word. It changes in one store.
    Some(to_u64(unsafe {
        bindings::xen_p2m_addr.add(index).read_volatile()
    }))
}

/// Returns the frame behind a page, of whatever kind.
#[inline(always)]
pub(crate) fn frame_of(page: Pfn) -> Option<Mfn> {
    match listed(page.get()) {
        // INVARIANT: The mask leaves a frame's number, and takes off what says of which kind it is.
        Some(word) if word != P2mEntry::Missing.encode() => {
            Some(Mfn::from_raw(word & Mfn::MAX.get()))
        }
        _ => frame_of_others(page),
    }
}

/// Returns it where the list does not say.
#[cold]
#[inline(never)]
fn frame_of_others(page: Pfn) -> Option<Mfn> {
    p2m::lookup(page).mfn()
}

/// Returns the page that a frame is behind, if it is this domain's or no RAM.
///
/// Xen's machine-to-physical table says which page a frame is for the domain that owns it. It is
/// right for this domain if the list agrees.
#[inline(always)]
pub(crate) fn page_of(frame: Mfn) -> Option<Pfn> {
    let index = to_usize(frame.get());

    // SAFETY: Written in early boot only.
    if index < unsafe { bindings::machine_to_phys_nr } {
        // SAFETY: The table has a word for each frame, or a hole.
        let page = unsafe {
            extable::load_or_ones(
                bindings::machine_to_phys_mapping
                    .cast_const()
                    .cast::<u64>()
                    .wrapping_add(index),
            )
        };

        if listed(page) == Some(P2mEntry::Mapped(frame).encode()) {
            // INVARIANT: The list has less words than there are pages.
            return Some(Pfn::from_raw(page));
        }
    }
    page_of_others(frame)
}

/// Returns it where the two do not agree: a frame that is no RAM has its own number.
#[cold]
#[inline(never)]
fn page_of_others(frame: Mfn) -> Option<Pfn> {
    Pfn::new(frame.get()).filter(|&page| p2m::lookup(page) == P2mEntry::Identity(frame))
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_frames)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn each_page_has_its_frame_and_each_frame_its_page() {
        if domain::is_pv() {
            let pages = [0, 1, 0x100, 0xa0, 0x1000, 0x8000, 0xf_ffff, Pfn::MAX.get()];

            for page in pages.into_iter().filter_map(Pfn::new) {
                let entry = p2m::lookup(page);

                assert_eq!(frame_of(page), entry.mfn());
                match entry {
                    P2mEntry::Mapped(frame) | P2mEntry::Identity(frame) => {
                        assert_eq!(page_of(frame), Some(page))
                    }
                    P2mEntry::Missing | P2mEntry::Foreign(_) => {}
                }
            }
        }
    }
}
