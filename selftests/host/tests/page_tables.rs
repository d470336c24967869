// SPDX-License-Identifier: GPL-2.0

//! Page tables on a hypervisor that keeps Xen's rules: whatever a kernel does with its address
//! spaces, none of its updates is refused, none has to be emulated, and the tables say what was
//! asked for.

#[path = "page_tables/kernel.rs"]
mod kernel;
#[path = "page_tables/xen.rs"]
mod xen;

use std::collections::BTreeMap;

use kernel::{
    Kernel,
    DATA, //
};
use proptest::prelude::*;
use xen::Type;
use xen_host_tests::{
    abi::{
        frame::Pfn,
        pagetable::{
            Level,
            Update,
            ACCESSED,
            DIRTY,
            FRAME,
            PRESENT,
            RW, //
        },
    },
    mmu::{
        pin::Space,
        pte::Frames, //
    },
};

/// What a kernel does.
#[derive(Clone, Debug)]
enum Step {
    /// Makes an address space, if there is memory.
    Create,
    /// Begins to use one.
    Activate(usize),
    /// Maps a page.
    Map(usize, usize, u64, bool),
    /// Changes the permission of a mapping.
    Protect(usize, usize, bool),
    /// The CPU accesses or writes what is mapped.
    Touch(usize, usize, bool),
    /// Unmaps a page.
    Unmap(usize, usize),
    /// Copies an address space; both map all read-only.
    Fork(usize),
    /// Ends one.
    Exit(usize),
    /// Pins all, looks, and unpins those that were not.
    Suspend,
    /// Begins or ends lazy mode.
    Lazy(bool),
}

/// Addresses that are mapped: near and far, at the ends of tables.
const ADDRESSES: [u64; 8] = [
    0,
    0x1000,
    0x1f_f000,
    0x20_0000,
    0x3fff_f000,
    0x40_0000_0000,
    0x7f_ffff_ffff,
    0x7fff_ffff_f000,
];

/// An address space, with what should be mapped.
#[derive(Clone, Debug)]
struct Model {
    space: Space,
    active: bool,
    maps: BTreeMap<usize, (u64, bool)>,
    /// Accessed and dirty bits that the CPU has set.
    bits: BTreeMap<usize, u64>,
}

struct World {
    kernel: Kernel,
    spaces: Vec<Model>,
}

impl World {
    fn create(&mut self) -> Option<usize> {
        let (kernel, user) = (self.kernel.allocate()?, self.kernel.allocate()?);

        self.spaces.push(Model {
            space: Space {
                kernel,
                user: Some(user),
            },
            active: false,
            maps: BTreeMap::new(),
            bits: BTreeMap::new(),
        });
        Some(self.spaces.len() - 1)
    }

    fn choose(&self, number: usize) -> Option<usize> {
        (!self.spaces.is_empty()).then(|| number % self.spaces.len())
    }

    /// Returns the last table for an address, if all are there.
    fn table(&self, space: Space, address: u64) -> Option<Pfn> {
        [Level::Pgd, Level::Pud, Level::Pmd]
            .into_iter()
            .try_fold(space.kernel, |table, level| {
                self.kernel.below(table, level.index(address))
            })
    }

    fn map(&mut self, number: usize, slot: usize, data: u64, writable: bool) -> Option<()> {
        let address = ADDRESSES[slot];
        let space = self.spaces[number].space;
        let table = [Level::Pgd, Level::Pud, Level::Pmd]
            .into_iter()
            .try_fold(space.kernel, |table, level| {
                self.kernel.descend(space, table, level, address)
            })?;

        self.kernel
            .set_pte(table, address, Update::Normal, Some((data, writable)));
        self.spaces[number].maps.insert(slot, (data, writable));
        self.spaces[number].bits.remove(&slot);
        Some(())
    }

    fn protect(&mut self, number: usize, slot: usize, writable: bool) {
        let model = &mut self.spaces[number];
        let Some((data, permission)) = model.maps.get_mut(&slot) else {
            return;
        };

        *permission = writable;
        let (data, space) = (*data, model.space);

        self.kernel.flush();
        if !self.kernel.is_pinned(space.kernel) {
            self.spaces[number].bits.remove(&slot);
        }
        let table = self.table(space, ADDRESSES[slot]).unwrap();

        self.kernel.set_pte(
            table,
            ADDRESSES[slot],
            Update::PreserveAd,
            Some((data, writable)),
        );
    }

    fn unmap(&mut self, number: usize, slot: usize) {
        let model = &mut self.spaces[number];

        if model.maps.remove(&slot).is_some() {
            model.bits.remove(&slot);
            let space = model.space;

            self.kernel.flush();
            let table = self.table(space, ADDRESSES[slot]).unwrap();

            self.kernel
                .set_pte(table, ADDRESSES[slot], Update::Normal, None);
        }
    }

    fn fork(&mut self, number: usize) -> Option<()> {
        let child = self.create()?;

        for (slot, (data, _)) in self.spaces[number].maps.clone() {
            self.protect(number, slot, false);
            self.map(child, slot, data, false)?;
        }
        Some(())
    }

    fn exit(&mut self, number: usize) {
        let model = self.spaces.remove(number);
        let space = model.space;

        self.kernel.flush();
        if model.active {
            self.kernel.unpin(space);
        }
        let stores = self.kernel.xen.borrow().updates;

        for address in ADDRESSES {
            if let Some(table) = self.table(space, address) {
                self.kernel.set_pte(table, address, Update::Normal, None);
            }
        }
        for level in [Level::Pmd, Level::Pud, Level::Pgd] {
            for address in ADDRESSES {
                let above = [Level::Pgd, Level::Pud, Level::Pmd]
                    .into_iter()
                    .take_while(|&other| other != level)
                    .try_fold(space.kernel, |table, level| {
                        self.kernel.below(table, level.index(address))
                    });

                if let Some(above) = above {
                    self.kernel
                        .remove(space, above, level, level.index(address));
                }
            }
        }
        // It was torn down by plain stores.
        assert_eq!(self.kernel.xen.borrow().updates, stores);
        self.kernel.free(space.kernel);
        self.kernel.free(space.user.unwrap());
    }

    fn suspend(&mut self) {
        self.kernel.flush();
        let mut pinned = Vec::new();

        for model in self.spaces.iter().filter(|model| !model.active) {
            self.kernel.pin(model.space);
            pinned.push(model.space);
        }
        for model in &self.spaces {
            let kind = self.kernel.xen.borrow().kind(model.space.kernel);

            assert_eq!(kind, Type::Table(Level::Pgd));
        }
        for space in pinned {
            self.kernel.unpin(space);
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Create => {
                self.create();
            }
            Step::Suspend => self.suspend(),
            Step::Lazy(lazy) => {
                self.kernel.flush();
                self.kernel.lazy.set(lazy);
            }
            Step::Activate(number)
            | Step::Map(number, ..)
            | Step::Protect(number, ..)
            | Step::Touch(number, ..)
            | Step::Unmap(number, _)
            | Step::Fork(number)
            | Step::Exit(number) => {
                if let Some(number) = self.choose(number) {
                    self.step_in(number, step);
                }
            }
        }
    }

    fn step_in(&mut self, number: usize, step: &Step) {
        match *step {
            Step::Activate(_) if !self.spaces[number].active => {
                self.kernel.pin(self.spaces[number].space);
                self.spaces[number].active = true;
            }
            Step::Map(_, slot, data, writable) => {
                self.map(number, slot % 8, data % DATA, writable);
            }
            Step::Protect(_, slot, writable) => self.protect(number, slot % 8, writable),
            Step::Touch(_, slot, dirty) => self.touch(number, slot % 8, dirty),
            Step::Unmap(_, slot) => self.unmap(number, slot % 8),
            Step::Fork(_) => {
                self.fork(number);
            }
            Step::Exit(_) => self.exit(number),
            _ => {}
        }
    }

    fn touch(&mut self, number: usize, slot: usize, dirty: bool) {
        let model = &mut self.spaces[number];
        let bits = ACCESSED | if dirty { DIRTY } else { 0 };

        // The CPU uses pinned tables only.
        if model.active && model.maps.contains_key(&slot) {
            *model.bits.entry(slot).or_insert(0) |= bits;
            let space = model.space;

            self.kernel.flush();
            let table = self.table(space, ADDRESSES[slot]).unwrap();
            let index = Level::Pte.index(ADDRESSES[slot]);

            self.kernel.xen.borrow_mut().touch(table, index, bits);
        }
    }

    /// Looks whether all is as it should be.
    fn check(&self) {
        self.kernel.flush();
        assert!(self.kernel.no_lock_is_held());
        assert_eq!(self.kernel.xen.borrow().emulated, 0);
        for model in &self.spaces {
            for (slot, address) in ADDRESSES.into_iter().enumerate() {
                self.check_entry(model, slot, address);
            }
            for top in [model.space.kernel, model.space.user.unwrap()] {
                assert_eq!(self.kernel.is_pinned(top), model.active);
                assert_eq!(self.kernel.xen.borrow().is_writable(top), !model.active);
            }
            for address in ADDRESSES {
                let index = Level::Pgd.index(address);
                let [kernel, user] = [model.space.kernel, model.space.user.unwrap()]
                    .map(|top| self.kernel.below(top, index));

                assert_eq!(kernel, user);
            }
        }
    }

    fn check_entry(&self, model: &Model, slot: usize, address: u64) {
        let table = self.table(model.space, address);
        let entry = table.map_or(0, |table| {
            self.kernel
                .xen
                .borrow()
                .read(table, Level::Pte.index(address))
        });

        if let Some(table) = table {
            assert_eq!(self.kernel.is_pinned(table), model.active);
            assert_eq!(self.kernel.xen.borrow().is_writable(table), !model.active);
        }
        match model.maps.get(&slot) {
            None => assert_eq!(entry & PRESENT, 0),
            Some(&(data, writable)) => {
                let frame = self.kernel.frame(Pfn::new(data).unwrap()).unwrap();
                let bits = model.bits.get(&slot).copied().unwrap_or(0);

                assert_eq!(entry & FRAME, frame.get() << 12);
                assert_eq!(entry & RW != 0, writable);
                assert_eq!(entry & bits, bits);
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let space = 0..8_usize;
    let slot = 0..8_usize;

    prop_oneof![
        1 => Just(Step::Create),
        2 => space.clone().prop_map(Step::Activate),
        6 => (space.clone(), slot.clone(), 0..DATA, any::<bool>())
            .prop_map(|(space, slot, data, writable)| Step::Map(space, slot, data, writable)),
        3 => (space.clone(), slot.clone(), any::<bool>())
            .prop_map(|(space, slot, writable)| Step::Protect(space, slot, writable)),
        2 => (space.clone(), slot.clone(), any::<bool>())
            .prop_map(|(space, slot, dirty)| Step::Touch(space, slot, dirty)),
        2 => (space.clone(), slot).prop_map(|(space, slot)| Step::Unmap(space, slot)),
        2 => space.clone().prop_map(Step::Fork),
        2 => space.prop_map(Step::Exit),
        1 => Just(Step::Suspend),
        1 => any::<bool>().prop_map(Step::Lazy),
    ]
}

proptest! {
    #[test]
    fn xen_refuses_nothing_and_the_tables_are_right(
        split_locks in any::<bool>(),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World {
            kernel: Kernel::new(split_locks),
            spaces: Vec::new(),
        };

        world.create();
        for step in &steps {
            world.step(step);
            world.check();
        }
        while !world.spaces.is_empty() {
            world.exit(0);
        }
        world.check();
    }
}

/// A child's page tables are filled before it runs: that costs no hypercall for each page.
#[test]
fn a_fork_updates_the_parents_entries_only() {
    let mut world = World {
        kernel: Kernel::new(true),
        spaces: Vec::new(),
    };
    let parent = world.create().unwrap();

    for slot in 0..8 {
        world.map(parent, slot, slot as u64, true).unwrap();
    }
    world.step(&Step::Activate(parent));
    let before = world.kernel.xen.borrow().updates;

    world.fork(parent).unwrap();
    world.check();
    assert_eq!(world.kernel.xen.borrow().updates - before, 8);
}

/// In lazy mode, updates go to Xen together.
#[test]
fn lazy_updates_are_one_flush() {
    let mut world = World {
        kernel: Kernel::new(true),
        spaces: Vec::new(),
    };
    let space = world.create().unwrap();

    for slot in 0..3 {
        world.map(space, slot, slot as u64, true).unwrap();
    }
    world.step(&Step::Activate(space));
    world.kernel.lazy.set(true);
    let table = world.table(world.spaces[space].space, 0).unwrap();
    let before = world.kernel.flushes.get();

    for slot in 0..3 {
        let address = ADDRESSES[slot];

        world.kernel.set_pte(
            table,
            address,
            Update::PreserveAd,
            Some((slot as u64, false)),
        );
        world.spaces[space].maps.insert(slot, (slot as u64, false));
    }
    assert_eq!(world.kernel.flushes.get(), before);
    world.check();
    assert_eq!(world.kernel.flushes.get(), before + 1);
}
