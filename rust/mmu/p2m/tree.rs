// SPDX-License-Identifier: GPL-2.0

//! The tree of frame numbers by which tools can find the list.
//!
//! ```text
//!   shared_info.arch.pfn_to_mfn_frame_list_list
//!                      |
//!                     top            512 frames of mid pages
//!                   /     \
//!                 mid   missing_mid  512 frames of leaves each
//!                /   \        |
//!            leaf    leaf  missing
//! ```
//!
//! Tools that know the list as an array do not look at the tree. Whether these do is a flag in
//! `start_info` that a domain has when it is built and no more when it is restored, so the tree is
//! kept in any case: it takes two pages, and one more for each GB of memory that is in use.
//!
//! All frames are others after a migration. Resume brings the tree up to date from inside
//! `stop_machine()`, where nothing can be allocated, and need not: a region with a table of its own
//! has a mid page of its own since the one or the other came about.
//!
//! C ancestor: `xen_build_mfn_list_list()` in `p2m.c`.

use super::{
    Memory,
    NoEntry,
    Tree,
    Update, //
};
use crate::abi::p2m::place::{
    Region,
    Slot, //
};

/// Allocates the tree, with a mid page for each region that has a table of its own. Boot only.
///
/// # Errors
///
/// [`NoEntry::OutOfMemory`].
pub fn plant<M: Memory>(memory: &mut M) -> Result<(), NoEntry> {
    let [top, missing_mid] = [memory.allocate(), memory.allocate()];
    let (Some(top), Some(missing_mid)) = (top, missing_mid) else {
        for page in [top, missing_mid].into_iter().flatten() {
            memory.free(page);
        }
        return Err(NoEntry::OutOfMemory);
    };

    memory.locked(|update| update.set_tree(Tree { top, missing_mid }));
    for (region, _) in Region::in_tree() {
        if has_own_table(memory, region) {
            let mid = memory.allocate().ok_or(NoEntry::OutOfMemory)?;

            memory.locked(|update| update.set_mid(region, mid));
        }
    }
    memory.locked(refresh);
    Ok(())
}

/// Returns whether a region is in the list and has a table of its own.
fn has_own_table(list: &impl super::List, region: Region) -> bool {
    list.contains(region.start().start()) && list.region_hole(region).is_none()
}

/// Brings each word of the tree up to date. Does not allocate.
pub fn refresh<U: Update>(update: &mut U) {
    let Some(tree) = update.tree() else {
        return;
    };
    let missing = update.missing_frame();

    for slot in Slot::all() {
        update.store_frame(tree.missing_mid, slot, missing);
    }
    for (region, top_slot) in Region::in_tree() {
        let mid = update.mid(region);

        if let Some(mid) = mid {
            for slot in Slot::all() {
                update.store_frame(mid, slot, update.mapped(region.leaf(slot)));
            }
        }
        let frame = update.frame(mid.unwrap_or(tree.missing_mid));

        update.store_frame(tree.top, top_slot, frame);
    }
}

/// Gives a region whose leaves are all missing to tools a mid page of its own.
pub(super) fn set_mid<U: Update>(update: &mut U, region: Region, mid: U::Page) {
    let (Some(tree), Some(top_slot)) = (update.tree(), region.top_slot()) else {
        return;
    };
    let missing = update.missing_frame();

    for slot in Slot::all() {
        update.store_frame(mid, slot, missing);
    }
    update.set_mid(region, mid);
    update.store_frame(tree.top, top_slot, update.frame(mid));
}
