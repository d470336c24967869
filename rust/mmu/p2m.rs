// SPDX-License-Identifier: GPL-2.0

//! The p2m list: which frame of the machine is behind each of a PV guest's pages.
//!
//! The guest keeps the list, and changes it as memory comes and goes: ballooning, grants, hotplug.
//! The kernel sees it as one array, `xen_p2m_addr`, over all page numbers that there may ever be.
//! That is a gigabyte of addresses for half a terabyte of memory, so pages of words exist only
//! where there is something to say. All other leaves share a page:
//!
//! ```text
//!   xen_p2m_addr  |  own leaf  |  own leaf  |  missing  |  missing  |  identity  | ...
//!                       |            |            \_________/             |
//!   page tables,       RW           RW           RO, one page       RO, another one
//!   one a region
//! ```
//!
//! and a region without a single leaf of its own shares its page-table page as well. A store to a
//! shared page faults, which is how [`set`] learns that a leaf has to be allocated first.
//!
//! Tools that save the domain or dump its core find the list by `shared_info`: as the array itself,
//! or as a tree of frame numbers ([`tree`]) in which all that is shared is "missing". Either way
//! they read while we write. So a word changes in one store, and what maps the words changes
//! between two raises of a generation number, which is odd meanwhile.
//!
//! What holds at any time, whatever was refused for want of memory:
//!
//! * a leaf of its own is mapped by a table of its own;
//! * where the tree reaches, a table of its own has a mid page of its own, so the tree can be
//!   brought up to date on resume without allocation;
//! * the tree's words are the frames of the leaves.
//!
//! A lock makes changes of tables one at a time; lookups and stores of words take none.
//!
//! Callers: ballooning, unpopulated memory and grants in `drivers/xen`, boot code, resume.
//!
//! C ancestor: `p2m.c`.

pub mod build;
pub mod entry;
pub mod foreign;
pub mod remap;
pub mod tree;

pub use entry::{
    allocate,
    set,
    store, //
};

use crate::abi::{
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
};

/// The word cannot be stored: its page is shared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadOnly;

/// Why a page has no word that can be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoEntry {
    /// The list ends before it.
    Beyond,
    /// There is no memory for a leaf.
    OutOfMemory,
}

/// The pages of the tree that are there from the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tree<Page> {
    /// Names the mid pages.
    pub top: Page,
    /// The mid page of all regions that have none of their own: 512 times the missing leaf.
    pub missing_mid: Page,
}

/// The list, and what maps it.
pub trait List {
    /// A page of the kernel's that is part of the list.
    type Page: Copy + PartialEq;

    /// Returns whether the list has a word for `page`.
    fn contains(&self, page: Pfn) -> bool;
    /// Stores a word, in one store.
    fn store(&self, page: Pfn, entry: P2mEntry) -> Result<(), ReadOnly>;
    /// Returns which shared page is mapped for a leaf of the list, if it has none of its own.
    fn leaf_hole(&self, leaf: Leaf) -> Option<Hole>;
    /// Returns which shared table maps a region of the list, if it has no table of its own.
    fn region_hole(&self, region: Region) -> Option<Hole>;
    /// Returns what is mapped for a leaf of the list.
    fn mapped(&self, leaf: Leaf) -> Mfn;
    /// Returns the frame of a page, which is another one after a migration.
    fn frame(&self, page: Self::Page) -> Mfn;
    /// Returns the frame of the page that missing leaves share.
    fn missing_frame(&self) -> Mfn;
    /// Returns the tree, once it is there.
    fn tree(&self) -> Option<Tree<Self::Page>>;
    /// Returns the mid page of a region, if it has one of its own.
    fn mid(&self, region: Region) -> Option<Self::Page>;
    /// Returns the first page that tools need not look at.
    fn tools_end(&self) -> u64;
}

/// Changes of what maps the list; nobody else makes any at the time.
pub trait Update: List {
    /// Raises the generation number, and orders it with the stores around it.
    fn raise_generation(&mut self);
    /// Maps a region by a table of its own.
    fn set_table(&mut self, region: Region, table: Self::Page);
    /// Maps a leaf of its own.
    fn map(&mut self, leaf: Leaf, page: Self::Page);
    /// Installs the tree.
    fn set_tree(&mut self, tree: Tree<Self::Page>);
    /// Remembers the mid page of a region.
    fn set_mid(&mut self, region: Region, page: Self::Page);
    /// Stores a word of the tree.
    fn store_frame(&mut self, page: Self::Page, slot: Slot, frame: Mfn);
    /// Has tools look at all pages below `end`.
    fn set_tools_end(&mut self, end: u64);
}

/// Where pages of the list come from.
pub trait Memory: List {
    /// The list while others are kept from changing what maps it.
    type Locked: Update<Page = Self::Page>;

    /// Allocates a page, if there is one. May sleep, once that is possible at all.
    fn allocate(&mut self) -> Option<Self::Page>;
    /// Frees a page that nobody has seen.
    fn free(&mut self, page: Self::Page);
    /// Fills a page that nobody has seen with the words of a leaf in a hole.
    fn fill(&mut self, page: Self::Page, leaf: Leaf, hole: Hole);
    /// Makes a page that nobody has seen a copy of the table that holes share, and tells Xen that
    /// it is a page-table page from now on.
    fn become_table(&mut self, page: Self::Page, hole: Hole);
    /// Frees a table that nobody has seen.
    fn free_table(&mut self, table: Self::Page);
    /// Makes changes while nobody else does.
    fn locked<R>(&mut self, change: impl FnOnce(&mut Self::Locked) -> R) -> R;
    /// Has all CPUs forget what they know of a leaf's mapping.
    fn flush(&mut self, leaf: Leaf);
}
