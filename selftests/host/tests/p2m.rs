// SPDX-License-Identifier: GPL-2.0

//! The p2m list against a plain map, while memory comes and goes at random, allocations fail, and
//! the domain moves to another host.

use std::collections::{
    BTreeMap,
    BTreeSet, //
};

use proptest::{collection::vec, prelude::*};
use xen_host_tests::{
    abi::{
        frame::{Mfn, Pfn},
        p2m::{
            place::{Leaf, Region, Slot, REGION_PAGES, WORDS},
            Hole, P2mEntry,
        },
    },
    mmu::p2m::{
        allocate,
        build::{Part, Parts},
        set, store, tree, List, Memory, NoEntry, ReadOnly, Tree, Update,
    },
};

/// Regions of the list, and of them those that the domain builder's has a part of.
const REGIONS: u64 = 4;
/// Words of the builder's list.
const KNOWN: u64 = REGION_PAGES + 6 * WORDS;

/// A page of the guest's, by the order in which it was allocated.
type PageId = usize;

/// What a page is used for.
#[derive(Clone)]
enum Use {
    /// Nothing any more.
    Free,
    /// Nothing yet.
    Fresh,
    /// Words of the list, or frames for tools.
    Words(Vec<u64>),
    /// Entries that map pages.
    Table(Vec<PageId>),
}

/// A guest with its list.
struct Guest {
    pages: Vec<Use>,
    /// How many more can be allocated.
    left: usize,
    /// Where the host has them, changed by migration.
    shift: u64,
    shared_leaf: [PageId; 2],
    shared_table: [PageId; 2],
    tables: Vec<Option<PageId>>,
    mids: BTreeMap<u64, PageId>,
    tree: Option<Tree<PageId>>,
    generation: u64,
    tools_end: u64,
    /// Leaves whose stale mapping a CPU may still have.
    stale: BTreeSet<u64>,
}

/// Returns the index of what holes of a kind share.
fn kind(hole: Hole) -> usize {
    match hole {
        Hole::Missing => 0,
        Hole::Identity => 1,
    }
}

/// Returns a page by its number.
fn pfn(number: u64) -> Pfn {
    Pfn::new(number).expect("a page")
}

impl Guest {
    /// Starts from the builder's list.
    fn new(builder: impl Fn(Pfn) -> P2mEntry + Copy) -> Self {
        let mut guest = Self {
            pages: vec![],
            left: usize::MAX,
            shift: 0x10_0000,
            shared_leaf: [0; 2],
            shared_table: [0; 2],
            tables: vec![None; usize::try_from(REGIONS).unwrap()],
            mids: BTreeMap::new(),
            tree: None,
            generation: 0,
            tools_end: KNOWN,
            stale: BTreeSet::new(),
        };

        for hole in [Hole::Missing, Hole::Identity] {
            let leaf = guest.page(Use::Words(vec![P2mEntry::Missing.encode(); 512]));

            guest.shared_leaf[kind(hole)] = leaf;
            guest.shared_table[kind(hole)] = guest.page(Use::Table(vec![leaf; 512]));
        }
        guest.build(builder);
        tree::plant(&mut guest).expect("boot has memory");
        guest
    }

    /// Makes the list as boot code does.
    fn build(&mut self, builder: impl Fn(Pfn) -> P2mEntry + Copy) {
        let mut parts = Parts::new(KNOWN, REGIONS * REGION_PAGES);
        let mut seen = 0;

        while let Some(part) = parts.next(builder) {
            match part {
                Part::Region(region, hole) => {
                    *self.table_of(region) = Some(self.shared_table[kind(hole)]);
                    seen += REGION_PAGES;
                }
                Part::Shared(leaf, hole) => {
                    self.map_early(leaf, self.shared_leaf[kind(hole)]);
                    seen += WORDS;
                }
                Part::Own(leaf) => {
                    let words = leaf.pages().map(|page| builder(page).encode()).collect();
                    let page = self.page(Use::Words(words));

                    self.map_early(leaf, page);
                    seen += WORDS;
                }
            }
        }
        assert_eq!(seen, REGIONS * REGION_PAGES);
    }

    /// Maps a leaf while there are no rules.
    fn map_early(&mut self, leaf: Leaf, page: PageId) {
        let fresh = self.pages.len();
        let table = *self.table_of(leaf.region()).get_or_insert(fresh);

        if table == fresh {
            self.pages.push(Use::Table(vec![usize::MAX; 512]));
        }
        self.entries(table)[leaf.slot().index()] = page;
    }

    /// Makes a page.
    fn page(&mut self, content: Use) -> PageId {
        self.pages.push(content);
        self.pages.len() - 1
    }

    fn table_of(&mut self, region: Region) -> &mut Option<PageId> {
        &mut self.tables[usize::try_from(region.index()).unwrap()]
    }

    fn table(&self, region: Region) -> PageId {
        self.tables[usize::try_from(region.index()).unwrap()].expect("mapped")
    }

    fn entries(&mut self, table: PageId) -> &mut Vec<PageId> {
        match &mut self.pages[table] {
            Use::Table(entries) => entries,
            _ => panic!("page {table} is no table"),
        }
    }

    fn words(&self, page: PageId) -> &Vec<u64> {
        match &self.pages[page] {
            Use::Words(words) => words,
            _ => panic!("page {page} has no words"),
        }
    }

    /// Returns the page that is mapped for a leaf.
    fn leaf(&self, leaf: Leaf) -> PageId {
        match &self.pages[self.table(leaf.region())] {
            Use::Table(entries) => entries[leaf.slot().index()],
            _ => panic!("a region is not mapped by a table"),
        }
    }

    /// Returns the word that is mapped for a page.
    fn word(&self, page: Pfn) -> u64 {
        let leaf = Leaf::of(page);

        self.words(self.leaf(leaf))[slot_of(page)]
    }

    /// Looks up as `raw::p2m` does.
    fn lookup(&self, page: Pfn) -> P2mEntry {
        if !self.contains(page) {
            return P2mEntry::beyond(page);
        }
        match P2mEntry::decode(self.word(page)) {
            P2mEntry::Missing => self
                .leaf_hole(Leaf::of(page))
                .map_or(P2mEntry::Missing, |hole| hole.entry(page)),
            entry => entry,
        }
    }

    /// Returns the page behind a frame.
    fn behind(&self, frame: u64) -> PageId {
        usize::try_from(frame - self.shift).expect("a frame of this host")
    }

    /// Returns the word that tools find by the tree.
    fn word_for_tools(&self, page: Pfn) -> u64 {
        let leaf = Leaf::of(page);
        let top = self.tree.expect("a tree").top;
        let mid = self.words(top)[leaf.region().top_slot().expect("in the tree").index()];
        let found = self.words(self.behind(mid))[leaf.slot().index()];

        self.words(self.behind(found))[slot_of(page)]
    }

    /// Moves to another host.
    fn migrate(&mut self) {
        self.shift += 0x1000_0000;
        tree::refresh(self);
    }

    /// Checks all that must hold at any time.
    fn check(&self, model: &Model) {
        assert_eq!(self.generation % 2, 0);
        assert!(self.stale.is_empty());
        for region in (0..REGIONS).filter_map(Region::new) {
            let own_table = self.region_hole(region).is_none();

            assert_eq!(own_table, self.mids.contains_key(&region.index()));
            for leaf in Slot::all().map(|slot| region.leaf(slot)) {
                let own = self.leaf_hole(leaf).is_none();

                assert!(own_table || !own);
                assert!(!own || leaf.start().get() < self.tools_end);
            }
        }
        for page in model.interesting() {
            assert_eq!(self.lookup(page), model.entry(page), "{page:?}");
            if self.contains(page) {
                assert_eq!(self.word_for_tools(page), self.word(page), "{page:?}");
            }
        }
    }
}

/// Returns the place of a page's word in its leaf.
fn slot_of(page: Pfn) -> usize {
    usize::try_from(page.get() % WORDS).unwrap()
}

impl List for Guest {
    type Page = PageId;

    fn contains(&self, page: Pfn) -> bool {
        page.get() < REGIONS * REGION_PAGES
    }

    fn store(&self, page: Pfn, _entry: P2mEntry) -> Result<(), ReadOnly> {
        // What is stored is stored by `Writer`, which has the right to.
        match self.leaf_hole(Leaf::of(page)) {
            Some(_) => Err(ReadOnly),
            None => Ok(()),
        }
    }

    fn leaf_hole(&self, leaf: Leaf) -> Option<Hole> {
        [Hole::Missing, Hole::Identity]
            .into_iter()
            .find(|&hole| self.shared_leaf[kind(hole)] == self.leaf(leaf))
    }

    fn region_hole(&self, region: Region) -> Option<Hole> {
        [Hole::Missing, Hole::Identity]
            .into_iter()
            .find(|&hole| self.shared_table[kind(hole)] == self.table(region))
    }

    fn mapped(&self, leaf: Leaf) -> Mfn {
        self.frame(self.leaf(leaf))
    }

    fn frame(&self, page: PageId) -> Mfn {
        Mfn::new(self.shift + u64::try_from(page).unwrap()).expect("a frame")
    }

    fn missing_frame(&self) -> Mfn {
        self.frame(self.shared_leaf[kind(Hole::Missing)])
    }

    fn tree(&self) -> Option<Tree<PageId>> {
        self.tree
    }

    fn mid(&self, region: Region) -> Option<PageId> {
        self.mids.get(&region.index()).copied()
    }

    fn tools_end(&self) -> u64 {
        self.tools_end
    }
}

impl Update for Guest {
    fn raise_generation(&mut self) {
        self.generation += 1;
    }

    fn set_table(&mut self, region: Region, table: PageId) {
        assert_eq!(self.generation % 2, 1);
        assert!(self.region_hole(region).is_some());
        self.entries(table);
        *self.table_of(region) = Some(table);
    }

    fn map(&mut self, leaf: Leaf, page: PageId) {
        assert_eq!(self.generation % 2, 1);
        assert!(self.leaf_hole(leaf).is_some());
        assert!(self.region_hole(leaf.region()).is_none());
        assert_eq!(self.words(page).len(), 512);
        let table = self.table(leaf.region());

        self.entries(table)[leaf.slot().index()] = page;
        self.stale.insert(leaf.start().get());
    }

    fn set_tree(&mut self, tree: Tree<PageId>) {
        self.tree = Some(tree);
    }

    fn set_mid(&mut self, region: Region, page: PageId) {
        assert_eq!(self.mids.insert(region.index(), page), None);
    }

    fn store_frame(&mut self, page: PageId, slot: Slot, frame: Mfn) {
        if matches!(self.pages[page], Use::Fresh) {
            self.pages[page] = Use::Words(vec![0; 512]);
        }
        match &mut self.pages[page] {
            Use::Words(words) => words[slot.index()] = frame.get(),
            _ => panic!("a frame is stored in a table"),
        }
    }

    fn set_tools_end(&mut self, end: u64) {
        assert!(end > self.tools_end);
        self.tools_end = end;
    }
}

impl Memory for Guest {
    type Locked = Self;

    fn allocate(&mut self) -> Option<PageId> {
        self.left = self.left.checked_sub(1)?;
        Some(self.page(Use::Fresh))
    }

    fn free(&mut self, page: PageId) {
        assert!(!matches!(self.pages[page], Use::Free));
        self.pages[page] = Use::Free;
    }

    fn fill(&mut self, page: PageId, leaf: Leaf, hole: Hole) {
        assert!(matches!(self.pages[page], Use::Fresh));
        self.pages[page] = Use::Words(leaf.pages().map(|page| hole.entry(page).encode()).collect());
    }

    fn become_table(&mut self, page: PageId, hole: Hole) {
        assert!(matches!(self.pages[page], Use::Fresh));
        self.pages[page] = self.pages[self.shared_table[kind(hole)]].clone();
    }

    fn free_table(&mut self, table: PageId) {
        self.entries(table);
        self.free(table);
    }

    fn locked<R>(&mut self, change: impl FnOnce(&mut Self) -> R) -> R {
        change(self)
    }

    fn flush(&mut self, leaf: Leaf) {
        self.stale.remove(&leaf.start().get());
    }
}

/// What the list should say.
struct Model {
    /// What differs from how it was built.
    changed: BTreeMap<u64, P2mEntry>,
    builder: fn(Pfn) -> P2mEntry,
}

impl Model {
    fn entry(&self, page: Pfn) -> P2mEntry {
        match self.changed.get(&page.get()) {
            Some(&entry) => entry,
            None if page.get() < KNOWN => (self.builder)(page),
            None => P2mEntry::beyond(page),
        }
    }

    /// Returns pages worth a look: those that were touched, their neighbours, and each leaf's first.
    fn interesting(&self) -> BTreeSet<Pfn> {
        let touched = self
            .changed
            .keys()
            .flat_map(|&number| [number.saturating_sub(1), number, number + 1, number ^ 511]);

        touched
            .chain((0..=REGIONS * 512).map(|leaf| leaf * WORDS))
            .map(pfn)
            .collect()
    }
}

/// The builder's list: memory with a hole for devices, one for what was ballooned out, both of more
/// than a leaf, and a few single pages.
fn builder(page: Pfn) -> P2mEntry {
    match page.get() {
        0xa0..0x100 | 0x8000..0x8c10 => P2mEntry::beyond(page),
        0x10_00..0x1810 | 0x2_0005 => P2mEntry::Missing,
        number => P2mEntry::Mapped(Mfn::new(0x70_0000 + number).expect("a frame")),
    }
}

/// A builder's list whose first region is missing.
fn hollow(page: Pfn) -> P2mEntry {
    if page.get() < REGION_PAGES {
        P2mEntry::Missing
    } else {
        builder(page)
    }
}

/// What happens to the list.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Memory comes, or another domain's frame.
    Set(u64, P2mEntry),
    /// A page is given back to Xen, or added without memory behind it.
    Lose(u64),
    /// A page becomes the machine's.
    Identify(u64),
    /// Room is made for a page, as for ballooning and hotplug.
    Allocate(u64),
    /// A store that must not allocate.
    Store(u64, P2mEntry),
    /// From now on so many allocations succeed.
    Memory(usize),
    /// The domain moves to another host.
    Migrate,
}

/// Pages in few enough leaves to meet again, in memory, in each hole, and beyond the list.
fn page() -> impl Strategy<Value = u64> {
    let leaf = prop_oneof![
        Just(0),
        Just(0x8),
        Just(0xc),
        Just(0x40),
        Just(0x46),
        Just(0x100),
        512..520u64,
        1020..1028u64,
        2040..2050u64,
    ];

    (leaf, prop_oneof![0..3u64, 509..512u64, 0..512u64])
        .prop_map(|(leaf, slot)| leaf * WORDS + slot)
}

fn entry() -> impl Strategy<Value = P2mEntry> {
    let frame = (0..1u64 << 40).prop_map(|frame| Mfn::new(frame).expect("a frame"));

    prop_oneof![
        frame.clone().prop_map(P2mEntry::Mapped),
        frame.clone().prop_map(P2mEntry::Foreign),
        frame.prop_map(P2mEntry::Identity),
        Just(P2mEntry::Missing),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (page(), entry()).prop_map(|(page, entry)| Step::Set(page, entry)),
        3 => page().prop_map(Step::Lose),
        2 => page().prop_map(Step::Identify),
        2 => page().prop_map(Step::Allocate),
        2 => (page(), entry()).prop_map(|(page, entry)| Step::Store(page, entry)),
        1 => prop_oneof![2 => 0..4usize, 1 => Just(usize::MAX)].prop_map(Step::Memory),
        1 => Just(Step::Migrate),
    ]
}

/// Writes what a store has been allowed to.
fn write(guest: &mut Guest, model: &mut Model, page: Pfn, entry: P2mEntry) {
    if !guest.contains(page) {
        assert_eq!(entry, P2mEntry::Missing);
        return;
    }
    let leaf = guest.leaf(Leaf::of(page));

    model.changed.insert(page.get(), entry);
    if guest.leaf_hole(Leaf::of(page)).is_none() {
        match &mut guest.pages[leaf] {
            Use::Words(words) => words[slot_of(page)] = entry.encode(),
            _ => panic!("a leaf without words"),
        }
    }
}

/// Sets an entry, and checks that a failure is a want of memory or of list.
fn set_one(guest: &mut Guest, model: &mut Model, number: u64, entry: P2mEntry) {
    let page = pfn(number);
    let own = guest.contains(page) && guest.leaf_hole(Leaf::of(page)).is_none();

    match set(guest, page, entry) {
        Ok(()) => write(guest, model, page, entry),
        Err(NoEntry::OutOfMemory) => assert!(!own && guest.left < 3),
        Err(NoEntry::Beyond) => assert!(!guest.contains(page)),
    }
}

fn apply(guest: &mut Guest, model: &mut Model, step: Step) {
    match step {
        Step::Set(number, entry) => set_one(guest, model, number, entry),
        Step::Lose(number) => set_one(guest, model, number, P2mEntry::Missing),
        Step::Identify(number) => set_one(guest, model, number, P2mEntry::beyond(pfn(number))),
        Step::Allocate(number) => {
            let page = pfn(number);

            match allocate(guest, page) {
                Ok(()) => assert_eq!(store(guest, page, P2mEntry::Missing), Ok(())),
                Err(NoEntry::OutOfMemory) => assert!(guest.left < 3),
                Err(NoEntry::Beyond) => assert!(!guest.contains(page)),
            }
        }
        Step::Store(number, entry) => {
            let page = pfn(number);
            let before = guest.pages.len();

            if store(guest, page, entry).is_ok() {
                write(guest, model, page, entry);
            }
            assert_eq!(guest.pages.len(), before);
        }
        Step::Memory(left) => guest.left = left,
        Step::Migrate => guest.migrate(),
    }
}

/// Goes through steps, and checks after each.
fn run(builder: fn(Pfn) -> P2mEntry, steps: &[Step]) {
    let mut guest = Guest::new(builder);
    let mut model = Model {
        changed: BTreeMap::new(),
        builder,
    };

    guest.check(&model);
    for &step in steps {
        apply(&mut guest, &mut model, step);
        guest.check(&model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_list_says_what_a_map_says(steps in vec(step(), 0..60)) {
        run(builder, &steps);
    }

    #[test]
    fn and_so_it_does_where_a_region_is_a_hole(steps in vec(step(), 0..60)) {
        run(hollow, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_word_is_built(seed in any::<u64>()) {
        let memory = move |page: Pfn| {
            match (page.get() / 0x300).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed) % 3 {
                0 => P2mEntry::Missing,
                1 => P2mEntry::beyond(page),
                _ => builder(page),
            }
        };
        let guest = Guest::new(memory);

        for page in (0..KNOWN).map(pfn) {
            prop_assert_eq!(guest.lookup(page), memory(page));
        }
        for page in (KNOWN..REGIONS * REGION_PAGES).map(pfn) {
            prop_assert_eq!(guest.lookup(page), P2mEntry::beyond(page));
        }
    }
}

#[test]
fn resume_would_find_frames_of_the_other_host() {
    let mut guest = Guest::new(builder);
    let model = Model {
        changed: BTreeMap::new(),
        builder,
    };

    guest.check(&model);
    guest.shift += 0x1000;
    let stale = std::panic::catch_unwind(|| guest.check(&model));

    assert!(
        stale.is_err(),
        "the check sees a tree that was not refreshed"
    );
}
