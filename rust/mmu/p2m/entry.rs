// SPDX-License-Identifier: GPL-2.0

//! Storing a word of the list, and making room for it.
//!
//! [`allocate`] may run on several CPUs at once, for the same page or its neighbours. Each allocates
//! and fills all that is lacking before it takes the lock, installs under the lock what is still
//! lacking, and frees what somebody else has been faster with. Nothing is installed before
//! everything is allocated, so a failure leaves the list as it was.
//!
//! C ancestor: `__set_phys_to_machine()`, `set_phys_to_machine()`, `xen_alloc_p2m_entry()` and
//! `alloc_p2m_pmd()` in `p2m.c`.

use super::{
    List,
    Memory,
    NoEntry,
    ReadOnly,
    Update, //
};
use crate::abi::{
    frame::Pfn,
    p2m::{
        place::Leaf,
        Hole,
        P2mEntry, //
    },
};

/// Stores what is behind `page`, where that is possible without allocation. Any context.
///
/// What the list says already can be stored in shared pages too, and in particular beyond the list,
/// where pages are missing to whoever asks to store it.
///
/// # Errors
///
/// [`ReadOnly`] where the list says something else, in a page that is shared.
#[inline]
pub fn store(list: &impl List, page: Pfn, entry: P2mEntry) -> Result<(), ReadOnly> {
    if !list.contains(page) {
        return match entry {
            P2mEntry::Missing => Ok(()),
            _ => Err(ReadOnly),
        };
    }
    list.store(page, entry)
        .or_else(|ReadOnly| store_again(list, page, entry))
}

/// Deals with a store that was refused.
#[cold]
fn store_again(list: &impl List, page: Pfn, entry: P2mEntry) -> Result<(), ReadOnly> {
    match list.leaf_hole(Leaf::of(page)) {
        Some(hole) if hole.entry(page) == entry => Ok(()),
        Some(_) => Err(ReadOnly),
        // Another CPU has just allocated the leaf.
        None => list.store(page, entry),
    }
}

/// Stores what is behind `page`. May sleep if the page has no word of its own yet.
///
/// Beyond the list nothing can be set, "missing" neither: who announces memory that way would get
/// pages that have no frame ever, and are taken for the machine's.
///
/// # Errors
///
/// Both of [`NoEntry`].
#[inline]
pub fn set(memory: &mut impl Memory, page: Pfn, entry: P2mEntry) -> Result<(), NoEntry> {
    if !memory.contains(page) {
        return Err(NoEntry::Beyond);
    }
    match store(memory, page, entry) {
        Ok(()) => Ok(()),
        Err(ReadOnly) => {
            allocate(memory, page)?;
            store(memory, page, entry).map_err(|ReadOnly| NoEntry::Beyond)
        }
    }
}

/// Makes sure that `page` has a word of its own. May sleep.
///
/// # Errors
///
/// Both of [`NoEntry`]; nothing has changed then.
pub fn allocate<M: Memory>(memory: &mut M, page: Pfn) -> Result<(), NoEntry> {
    if !memory.contains(page) {
        return Err(NoEntry::Beyond);
    }
    let leaf = Leaf::of(page);
    let lacking = Lacking::of(memory, leaf);

    if lacking.is_nothing() && page.get() < memory.tools_end() {
        return Ok(());
    }
    let mut spares = Spares::allocate(memory, leaf, lacking)?;
    let installed = memory.locked(|update| spares.install(update, leaf));

    spares.free(memory);
    if installed {
        memory.flush(leaf);
    }
    Ok(())
}

/// What a leaf lacks to be its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Lacking {
    /// A table of its region's own, instead of one that such holes share.
    table: Option<Hole>,
    /// A mid page of its region's own.
    mid: bool,
    /// A page of its own, instead of one that such holes share.
    page: Option<Hole>,
}

impl Lacking {
    /// Looks.
    fn of(list: &impl List, leaf: Leaf) -> Self {
        let region = leaf.region();

        Self {
            table: list.region_hole(region),
            mid: list.tree().is_some() && region.top_slot().is_some() && list.mid(region).is_none(),
            page: list.leaf_hole(leaf),
        }
    }

    /// Returns whether nothing is.
    fn is_nothing(self) -> bool {
        self.table.is_none() && !self.mid && self.page.is_none()
    }
}

/// Pages for what is lacking, as long as they are not installed.
struct Spares<Page> {
    table: Option<Page>,
    mid: Option<Page>,
    page: Option<Page>,
}

impl<Page: Copy + PartialEq> Spares<Page> {
    /// Allocates and fills a page for each thing that is lacking.
    ///
    /// # Errors
    ///
    /// [`NoEntry::OutOfMemory`] if it is not enough for all.
    fn allocate<M>(memory: &mut M, leaf: Leaf, lacking: Lacking) -> Result<Self, NoEntry>
    where
        M: Memory<Page = Page>,
    {
        let mut refused = false;
        let mut page_if = |lacking: bool| {
            let page = lacking.then(|| memory.allocate());

            refused |= page == Some(None);
            page.flatten()
        };
        let spares = Self {
            table: page_if(lacking.table.is_some()),
            mid: page_if(lacking.mid),
            page: page_if(lacking.page.is_some()),
        };

        if refused {
            for page in [spares.table, spares.mid, spares.page]
                .into_iter()
                .flatten()
            {
                memory.free(page);
            }
            return Err(NoEntry::OutOfMemory);
        }
        if let (Some(table), Some(hole)) = (spares.table, lacking.table) {
            memory.become_table(table, hole);
        }
        if let (Some(page), Some(hole)) = (spares.page, lacking.page) {
            memory.fill(page, leaf, hole);
        }
        Ok(spares)
    }

    /// Installs what is still lacking, and returns whether that was anything.
    fn install<U: Update<Page = Page>>(&mut self, update: &mut U, leaf: Leaf) -> bool {
        let region = leaf.region();
        let lacking = Lacking::of(update, leaf);

        if leaf.end() > update.tools_end() {
            update.set_tools_end(leaf.end());
        }
        if lacking.is_nothing() {
            return false;
        }
        update.raise_generation();
        if let Some(table) = lacking.table.and_then(|_| self.table.take()) {
            update.set_table(region, table);
        }
        if let Some(mid) = lacking.mid.then(|| self.mid.take()).flatten() {
            super::tree::set_mid(update, region, mid);
        }
        if let Some(page) = lacking.page.and_then(|_| self.page.take()) {
            update.map(leaf, page);
            if let Some(mid) = update.mid(region) {
                update.store_frame(mid, leaf.slot(), update.frame(page));
            }
        }
        update.raise_generation();
        true
    }

    /// Frees what is left.
    fn free<M: Memory<Page = Page>>(self, memory: &mut M) {
        if let Some(table) = self.table {
            memory.free_table(table);
        }
        for page in [self.mid, self.page].into_iter().flatten() {
            memory.free(page);
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_p2m_entry))]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::{
        abi::{
            frame::Mfn,
            p2m::place::{
                Region,
                Slot, //
            },
        },
        mmu::p2m::Tree,
    };

    /// The page that is stored.
    const PAGE: Pfn = Pfn::from_raw(0x1234);
    /// A frame for it.
    const FRAME: P2mEntry = P2mEntry::Mapped(Mfn::from_raw(0x5678));
    /// Pages are numbered as they are allocated.
    const TREE: Tree<u32> = Tree {
        top: 100,
        missing_mid: 101,
    };

    /// A list of one leaf in one region, and memory for some pages.
    struct Fake {
        table: Option<Hole>,
        mid: Option<u32>,
        leaf: Option<Hole>,
        tree: Option<Tree<u32>>,
        tools_end: u64,
        generation: u64,
        /// What is behind the page, once the leaf is its own.
        word: Cell<P2mEntry>,
        /// Pages that can still be allocated, that are allocated, and that are tables of those.
        left: u32,
        in_use: u32,
        tables: u32,
        flushes: u32,
        /// What another CPU does just before this one has the lock.
        rival: fn(&mut Fake),
    }

    impl Fake {
        fn new(hole: Hole, left: u32) -> Self {
            Self {
                table: Some(hole),
                mid: None,
                leaf: Some(hole),
                tree: Some(TREE),
                tools_end: 0x1000,
                generation: 0,
                word: Cell::new(hole.entry(PAGE)),
                left,
                in_use: 0,
                tables: 0,
                flushes: 0,
                rival: |_| (),
            }
        }
    }

    impl List for Fake {
        type Page = u32;

        fn contains(&self, page: Pfn) -> bool {
            page.get() < 0x4_0000
        }

        fn store(&self, page: Pfn, entry: P2mEntry) -> Result<(), ReadOnly> {
            assert_eq!(page, PAGE);
            if self.leaf.is_some() {
                return Err(ReadOnly);
            }
            self.word.set(entry);
            Ok(())
        }

        fn leaf_hole(&self, _leaf: Leaf) -> Option<Hole> {
            self.leaf
        }

        fn region_hole(&self, _region: Region) -> Option<Hole> {
            self.table
        }

        fn mapped(&self, _leaf: Leaf) -> Mfn {
            Mfn::MAX
        }

        fn frame(&self, page: u32) -> Mfn {
            Mfn::from_raw(page.into())
        }

        fn missing_frame(&self) -> Mfn {
            Mfn::MAX
        }

        fn tree(&self) -> Option<Tree<u32>> {
            self.tree
        }

        fn mid(&self, _region: Region) -> Option<u32> {
            self.mid
        }

        fn tools_end(&self) -> u64 {
            self.tools_end
        }
    }

    impl Update for Fake {
        fn raise_generation(&mut self) {
            self.generation += 1;
        }

        fn set_table(&mut self, _region: Region, _table: u32) {
            assert!(self.generation % 2 == 1);
            self.table = None;
        }

        fn map(&mut self, _leaf: Leaf, _page: u32) {
            assert!(self.generation % 2 == 1);
            assert_eq!(self.table, None);
            self.leaf = None;
        }

        fn set_tree(&mut self, tree: Tree<u32>) {
            self.tree = Some(tree);
        }

        fn set_mid(&mut self, _region: Region, page: u32) {
            self.mid = Some(page);
        }

        fn store_frame(&mut self, page: u32, _slot: Slot, _frame: Mfn) {
            assert!(self.generation % 2 == 1);
            assert!(page != TREE.missing_mid);
        }

        fn set_tools_end(&mut self, end: u64) {
            self.tools_end = end;
        }
    }

    impl Memory for Fake {
        type Locked = Self;

        fn allocate(&mut self) -> Option<u32> {
            self.left = self.left.checked_sub(1)?;
            self.in_use += 1;
            Some(self.in_use)
        }

        fn free(&mut self, _page: u32) {
            self.in_use -= 1;
        }

        fn fill(&mut self, _page: u32, leaf: Leaf, hole: Hole) {
            assert_eq!(leaf, Leaf::of(PAGE));
            assert_eq!(self.leaf, Some(hole));
        }

        fn become_table(&mut self, _page: u32, hole: Hole) {
            assert_eq!(self.table, Some(hole));
            self.tables += 1;
        }

        fn free_table(&mut self, table: u32) {
            self.tables -= 1;
            self.free(table);
        }

        fn locked<R>(&mut self, change: impl FnOnce(&mut Self) -> R) -> R {
            (self.rival)(self);
            let result = change(self);

            assert!(self.generation % 2 == 0);
            result
        }

        fn flush(&mut self, _leaf: Leaf) {
            self.flushes += 1;
        }
    }

    #[test]
    fn a_hole_takes_what_it_says_already() {
        let mut missing = Fake::new(Hole::Missing, 0);
        let mut identity = Fake::new(Hole::Identity, 0);

        assert_eq!(set(&mut missing, PAGE, P2mEntry::Missing), Ok(()));
        assert_eq!(set(&mut identity, PAGE, P2mEntry::beyond(PAGE)), Ok(()));
        assert_eq!(store(&missing, PAGE, FRAME), Err(ReadOnly));
        assert_eq!(store(&identity, PAGE, P2mEntry::Missing), Err(ReadOnly));
        assert_eq!(
            store(&identity, PAGE, P2mEntry::Identity(Mfn::MAX)),
            Err(ReadOnly)
        );
    }

    #[test]
    fn beyond_the_list_nothing_can_be_set() {
        let mut fake = Fake::new(Hole::Missing, 3);

        assert_eq!(store(&fake, Pfn::MAX, P2mEntry::Missing), Ok(()));
        for entry in [P2mEntry::Missing, FRAME] {
            assert_eq!(set(&mut fake, Pfn::MAX, entry), Err(NoEntry::Beyond));
        }
        assert_eq!(allocate(&mut fake, Pfn::MAX), Err(NoEntry::Beyond));
        assert_eq!(fake.left, 3);
    }

    #[test]
    fn a_frame_takes_table_mid_and_leaf() {
        let mut fake = Fake::new(Hole::Missing, 3);

        assert_eq!(set(&mut fake, PAGE, FRAME), Ok(()));
        assert_eq!(fake.word.get(), FRAME);
        assert_eq!((fake.in_use, fake.tables), (3, 1));
        assert_eq!(fake.mid, Some(2));
        assert_eq!(fake.generation, 2);
        assert_eq!(fake.flushes, 1);
        assert_eq!(fake.tools_end, 0x1400);
    }

    #[test]
    fn without_a_tree_there_is_no_mid() {
        let mut fake = Fake::new(Hole::Identity, 2);

        fake.tree = None;
        assert_eq!(allocate(&mut fake, PAGE), Ok(()));
        assert_eq!(fake.mid, None);
        assert_eq!(fake.leaf, None);
        assert_eq!(fake.in_use, 2);
    }

    #[test]
    fn what_is_there_is_not_allocated_again() {
        let mut fake = Fake::new(Hole::Missing, 4);

        assert_eq!(allocate(&mut fake, PAGE), Ok(()));
        assert_eq!(allocate(&mut fake, PAGE), Ok(()));
        assert_eq!(fake.left, 1);
        assert_eq!((fake.generation, fake.flushes), (2, 1));
    }

    #[test]
    fn a_failure_changes_nothing() {
        for left in 0..3 {
            let mut fake = Fake::new(Hole::Identity, left);

            assert_eq!(set(&mut fake, PAGE, FRAME), Err(NoEntry::OutOfMemory));
            assert_eq!((fake.in_use, fake.tables), (0, 0));
            assert_eq!(fake.table, Some(Hole::Identity));
            assert_eq!(fake.leaf, Some(Hole::Identity));
            assert_eq!(fake.mid, None);
            assert_eq!(fake.generation, 0);
            assert_eq!(fake.tools_end, 0x1000);
        }
    }

    #[test]
    fn who_comes_second_frees_what_it_has() {
        let mut fake = Fake::new(Hole::Missing, 3);

        fake.rival = |list| {
            list.table = None;
            list.mid = Some(200);
            list.leaf = None;
        };
        assert_eq!(set(&mut fake, PAGE, FRAME), Ok(()));
        assert_eq!((fake.in_use, fake.tables), (0, 0));
        assert_eq!(fake.mid, Some(200));
        assert_eq!((fake.generation, fake.flushes), (0, 0));
        assert_eq!(fake.word.get(), FRAME);
    }

    #[test]
    fn who_comes_between_leaves_the_rest_to_do() {
        let mut fake = Fake::new(Hole::Missing, 3);

        fake.rival = |list| {
            list.table = None;
            list.mid = Some(200);
        };
        assert_eq!(allocate(&mut fake, PAGE), Ok(()));
        assert_eq!((fake.in_use, fake.tables), (1, 0));
        assert_eq!(fake.leaf, None);
        assert_eq!(fake.generation, 2);
    }
}
