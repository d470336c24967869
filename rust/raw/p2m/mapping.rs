// SPDX-License-Identifier: GPL-2.0

//! What maps the p2m list.
//!
//! A page walk would find it: by way of a machine address on each level. But the tables below the
//! last but one belong to the list alone, so their addresses are kept, by region, together with the
//! page that names the region's leaves to tools. Frame numbers are never kept, as they are others
//! after a migration.
//!
//! Reads are valid in any context, NMI included: each is a load, of something that changes in one
//! store. Before boot code has rebuilt the list, all answers are that nothing is.
//!
//! C ancestor: `p2m_missing`, `p2m_identity`, `p2m_missing_pte`, `p2m_identity_pte`,
//! `p2m_mid_missing_mfn`, `p2m_top_mfn` and `p2m_top_mfn_p` in `p2m.c`.

use core::mem::size_of;

use super::{
    page::Page,
    word, //
};
use crate::{
    abi::{
        frame::{
            Maddr,
            Mfn, //
        },
        p2m::{
            place::{
                Leaf,
                Region,
                REGION_PAGES, //
            },
            Hole, //
        },
    },
    raw::{
        atomic::Word,
        bindings,
        bug::bug,
        section::read_mostly,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// What belongs to a region, by the addresses of pages; 0 is none.
#[repr(C)]
struct Pages {
    /// The table that maps it.
    table: Word,
    /// Its page of frame numbers for tools, unless it is the one that names missing leaves.
    mid: Word,
}

/// What regions have that are holes, by the addresses of pages; 0 is none.
struct Shared {
    /// The page of words.
    leaf: Word,
    /// The table that maps it 512 times.
    table: Word,
}

read_mostly! {
    /// Address of an array with [`Pages`] for each region of the list; 0 before there is one.
    static REGIONS: Word = Word::new(0);
}

read_mostly! {
    /// The length of that array.
    static REGION_COUNT: Word = Word::new(0);
}

read_mostly! {
    /// What missing pages share.
    static MISSING: Shared = Shared::new();
}

read_mostly! {
    /// What identity pages share.
    static IDENTITY: Shared = Shared::new();
}

read_mostly! {
    /// The top page of the tree for tools.
    static TOP: Word = Word::new(0);
}

read_mostly! {
    /// The page that names 512 missing leaves to tools.
    static MISSING_MID: Word = Word::new(0);
}

/// The first page that tools need not look at.
pub(crate) static TOOLS_END: Word = Word::new(0);

impl Shared {
    /// Makes what is not there yet.
    const fn new() -> Self {
        Self {
            leaf: Word::new(0),
            table: Word::new(0),
        }
    }

    /// Returns what holes of a kind share.
    #[inline(always)]
    fn of(hole: Hole) -> &'static Self {
        match hole {
            Hole::Missing => &MISSING,
            Hole::Identity => &IDENTITY,
        }
    }
}

/// Returns what belongs to a region of the list.
#[inline(always)]
fn pages(region: Region) -> Option<&'static Pages> {
    let array = core::ptr::with_exposed_provenance::<Pages>(to_usize(REGIONS.read()));

    if region.index() >= REGION_COUNT.read() {
        return None;
    }
    // SAFETY: `begin` wrote the length after the array, which has that many elements and stays.
    Some(unsafe { &*array.add(to_usize(region.index())) })
}

/// Returns the table that maps a region.
#[inline(always)]
fn table(region: Region) -> Option<Page> {
    // SAFETY: Pages are all that is written there.
    unsafe { Page::read(&pages(region)?.table) }
}

/// Returns the page of words that holes of a kind share.
#[inline(always)]
pub(crate) fn shared_leaf(hole: Hole) -> Option<Page> {
    // SAFETY: Pages are all that is written there.
    unsafe { Page::read(&Shared::of(hole).leaf) }
}

/// Returns the table that holes of a kind share.
pub(crate) fn shared_table(hole: Hole) -> Option<Page> {
    // SAFETY: Pages are all that is written there.
    unsafe { Page::read(&Shared::of(hole).table) }
}

/// Returns the page that names the leaves of a region to tools, if it has one of its own.
pub(crate) fn mid(region: Region) -> Option<Page> {
    // SAFETY: Pages are all that is written there.
    unsafe { Page::read(&pages(region)?.mid) }
}

/// Returns the top page of the tree for tools, and the mid page of regions that have none.
pub(crate) fn tree() -> Option<(Page, Page)> {
    // SAFETY: Pages are all that is written there.
    unsafe { Some((Page::read(&TOP)?, Page::read(&MISSING_MID)?)) }
}

/// Returns the frame that is mapped for a leaf.
#[inline(always)]
pub(crate) fn mapped(leaf: Leaf) -> Option<Mfn> {
    let entry = table(leaf.region())?.load(leaf.slot());

    Some(Maddr::new(entry & Maddr::MAX.get())?.frame())
}

/// Returns whether a frame is that of the page of words that holes of a kind share.
#[inline(always)]
fn is_shared(frame: Mfn, hole: Hole) -> bool {
    shared_leaf(hole).and_then(Page::frame) == Some(frame)
}

/// Returns which shared page is mapped for a leaf, if one is.
pub(crate) fn leaf_hole(leaf: Leaf) -> Option<Hole> {
    let frame = mapped(leaf)?;

    [Hole::Missing, Hole::Identity]
        .into_iter()
        .find(|&hole| is_shared(frame, hole))
}

/// Returns whether the shared page for identity is mapped for a leaf.
pub(crate) fn is_identity(leaf: Leaf) -> bool {
    mapped(leaf).is_some_and(|frame| is_shared(frame, Hole::Identity))
}

/// Returns which shared table maps a region, if one does.
pub(crate) fn region_hole(region: Region) -> Option<Hole> {
    let table = table(region)?;

    [Hole::Missing, Hole::Identity]
        .into_iter()
        .find(|&hole| shared_table(hole) == Some(table))
}

/// Prepares for a list of `count` regions, none of which is mapped yet. Boot only, once.
pub(crate) fn begin(count: u64) {
    let size = to_usize(count).saturating_mul(size_of::<Pages>());
    // SAFETY: Boot code may use memblock at this stage. It does not return without memory, which
    // is zero.
    let array = unsafe { bindings::xen_p2m_alloc_early(size) };

    REGIONS.write(to_u64(array.expose_provenance()));
    REGION_COUNT.write(count);
}

/// Introduces what holes of a kind share. Boot only, once for each kind.
pub(crate) fn set_shared(hole: Hole, leaf: Page, table: Page) {
    let shared = Shared::of(hole);

    leaf.write(&shared.leaf);
    table.write(&shared.table);
}

/// Introduces the tree for tools.
pub(crate) fn set_tree(top: Page, missing_mid: Page) {
    missing_mid.write(&MISSING_MID);
    top.write(&TOP);
}

/// Introduces the page that names the leaves of a region to tools.
pub(crate) fn set_mid(region: Region, page: Page) {
    if let Some(pages) = pages(region) {
        page.write(&pages.mid);
    }
}

/// Notes which table maps a region, by one of its entries.
///
/// # Safety
///
/// `entry` must be in that table.
pub(crate) unsafe fn note_table(region: Region, entry: *const bindings::pte_t) {
    // SAFETY: The caller's promise; the kernel reaches its page tables in the direct map.
    if let (Some(pages), Some(table)) = (pages(region), unsafe { Page::around(entry.addr()) }) {
        table.write(&pages.table);
    }
}

/// Maps a region by another table.
///
/// # Safety
///
/// Xen must know that `table` is one, it must map the same words, and no other CPU may change what
/// maps the list.
pub(crate) unsafe fn set_table(region: Region, table: Page) {
    // SAFETY: It takes any address.
    let entry = unsafe { bindings::lookup_pmd_address(address(region.start())) };

    match pages(region) {
        Some(pages) if !entry.is_null() => {
            // SAFETY: It is the entry of this region; the rest is the caller's promise.
            unsafe { bindings::xen_p2m_set_table(entry, table.as_ptr().cast()) };
            table.write(&pages.table);
        }
        _ => bug("a part of the p2m list is not mapped"),
    }
}

/// Maps a page for a leaf, for reading and writing.
///
/// # Safety
///
/// The page must hold the words of the leaf, the region have a table of its own, and no other CPU
/// may change what maps the list.
pub(crate) unsafe fn map(leaf: Leaf, page: Page) {
    let Some(table) = table(leaf.region()) else {
        bug("a part of the p2m list is not mapped");
    };
    let entry = table.as_ptr().wrapping_add(leaf.slot().index());

    // SAFETY: It is the entry of this leaf; the rest is the caller's promise.
    unsafe { bindings::xen_p2m_map(entry.cast(), page.as_ptr().cast()) };
}

/// Returns where a leaf is mapped.
pub(crate) fn address(leaf: Leaf) -> usize {
    word(leaf.start()).addr()
}

/// Returns how many regions a list for so many pages has.
pub(crate) const fn regions(pages: u64) -> u64 {
    pages.div_ceil(REGION_PAGES)
}
