// SPDX-License-Identifier: GPL-2.0

//! A kernel on that hypervisor: address spaces, and what `mmu` asks of a kernel.

use std::{
    cell::{
        Cell,
        RefCell, //
    },
    collections::BTreeSet, //
};

use xen_host_tests::{
    abi::{
        frame::{
            Maddr,
            Mfn,
            Pfn,
            PAGE_SHIFT, //
        },
        pagetable::{
            Flush,
            Guest,
            Level,
            Machine,
            MmuUpdate,
            MmuextOp,
            Pte,
            Update,
            FRAME,
            PRESENT,
            RW,
            TABLE, //
        },
    },
    mmu::{
        pin::{
            self,
            Access,
            Batch,
            Space,
            Tables, //
        },
        pte::{
            self,
            Frames, //
        },
        store::{
            self,
            Checked,
            Pinned,
            Place,
            Unpinned,
            Updates, //
        },
        walk::Entries, //
    },
};

use crate::xen::{
    Type,
    Xen, //
};

/// A call that waits.
enum Call {
    Update(MmuUpdate),
    Operation(MmuextOp),
    Remap(Pfn, Access),
    Release(Pfn),
}

/// The kernel.
pub(crate) struct Kernel {
    pub(crate) xen: RefCell<Xen>,
    pub(crate) split_locks: bool,
    pub(crate) lazy: Cell<bool>,
    /// Pages whose `struct page` says that they are pinned.
    pinned: RefCell<BTreeSet<Pfn>>,
    locks: RefCell<BTreeSet<Pfn>>,
    queue: RefCell<Vec<Call>>,
    free: RefCell<Vec<Pfn>>,
    pub(crate) flushes: Cell<u32>,
}

/// Pages in all.
pub(crate) const PAGES: u64 = 400;
/// The first of them are data.
pub(crate) const DATA: u64 = 8;

fn page(number: u64) -> Pfn {
    Pfn::new(number).unwrap()
}

impl Kernel {
    pub(crate) fn new(split_locks: bool) -> Self {
        Self {
            xen: RefCell::new(Xen::new(PAGES as usize)),
            split_locks,
            lazy: Cell::new(false),
            pinned: RefCell::default(),
            locks: RefCell::default(),
            queue: RefCell::default(),
            free: RefCell::new((DATA..PAGES).map(page).collect()),
            flushes: Cell::new(0),
        }
    }

    /// Has Xen do what waits.
    pub(crate) fn flush(&self) {
        let calls = self.queue.take();

        if !calls.is_empty() {
            self.flushes.set(self.flushes.get() + 1);
        }
        for call in calls {
            let mut xen = self.xen.borrow_mut();

            match call {
                Call::Update(update) => xen.update(update.place, update.value).unwrap(),
                Call::Operation(op) => match op.cmd {
                    0 => xen.pin(Level::Pte, op.first).unwrap(),
                    3 => xen.pin(Level::Pgd, op.first).unwrap(),
                    4 => xen.unpin(op.first).unwrap(),
                    cmd => panic!("operation {cmd}"),
                },
                Call::Remap(page, access) => xen.remap(page, access == Access::Writable).unwrap(),
                Call::Release(table) => {
                    // Whoever takes the lock next finds a table that is what it is marked as.
                    let is_table = xen.kind(table) == Type::Table(Level::Pte);

                    assert_eq!(is_table, self.pinned.borrow().contains(&table));
                    assert_eq!(is_table, !xen.is_writable(table));
                    assert!(self.locks.borrow_mut().remove(&table));
                }
            }
        }
    }

    fn queue(&self, call: Call) {
        // As the buffer does when it is full.
        if self.queue.borrow().len() >= 32 {
            self.flush();
        }
        self.queue.borrow_mut().push(call);
    }

    /// Ends a batch.
    fn issue(&self) {
        if !self.lazy.get() {
            self.flush();
        }
    }

    pub(crate) fn is_pinned(&self, page: Pfn) -> bool {
        self.pinned.borrow().contains(&page)
    }

    pub(crate) fn no_lock_is_held(&self) -> bool {
        self.locks.borrow().is_empty()
    }

    /// Takes a page for a table, whose words are zero.
    pub(crate) fn allocate(&self) -> Option<Pfn> {
        let page = self.free.borrow_mut().pop()?;

        assert!(!self.is_pinned(page));
        for index in 0..512 {
            if self.xen.borrow().read(page, index) != 0 {
                self.xen.borrow_mut().store(page, index, 0).unwrap();
            }
        }
        Some(page)
    }

    /// Gives it back. It has to be an ordinary page by now.
    pub(crate) fn free(&self, page: Pfn) {
        assert!(self.xen.borrow().is_writable(page));
        assert!(!self.is_pinned(page));
        self.free.borrow_mut().push(page);
    }

    pub(crate) fn pin(&self, space: Space) {
        pin::pin(self, self, space);
        self.flush();
    }

    pub(crate) fn unpin(&self, space: Space) {
        pin::unpin(self, self, space);
        self.flush();
    }

    /// Returns the table below an entry, and makes one if there is none, as `pmd_alloc()` does.
    pub(crate) fn descend(
        &self,
        space: Space,
        table: Pfn,
        level: Level,
        address: u64,
    ) -> Option<Pfn> {
        let index = level.index(address);

        // A task sees its own updates before it looks.
        self.flush();
        if let Some(below) = self.below(table, index) {
            return Some(below);
        }
        let below = level.below()?;
        let new = self.allocate()?;

        if self.is_pinned(space.kernel) {
            self.pinned.borrow_mut().insert(new);
            pin::attach(self, self, new, below, self.split_locks);
            self.issue();
        }
        let entry = pte::to_machine(self, Pte::<Guest>::map(new, TABLE));
        let slot = |table| Slot {
            kernel: self,
            table,
            index,
        };

        if level == Level::Pgd {
            store::set_top(self, slot(table), space.user.map(slot), entry);
        } else {
            store::set(self, slot(table), Update::Normal, entry);
        }
        Some(new)
    }

    /// Stores an entry of the last level.
    pub(crate) fn set_pte(&self, table: Pfn, address: u64, how: Update, data: Option<(u64, bool)>) {
        let index = Level::Pte.index(address);
        let entry = data.map_or(Pte::EMPTY, |(number, writable)| {
            let flags = PRESENT | if writable { RW } else { 0 };

            pte::to_machine(self, Pte::<Guest>::map(page(number), flags))
        });

        store::set(
            self,
            Slot {
                kernel: self,
                table,
                index,
            },
            how,
            entry,
        );
    }

    /// Takes a table out of its space, and frees it.
    pub(crate) fn remove(&self, space: Space, above: Pfn, level: Level, index: usize) {
        let Some(table) = self.below(above, index) else {
            return;
        };
        let slot = |table| Slot {
            kernel: self,
            table,
            index,
        };

        if level == Level::Pgd {
            store::set_top(self, slot(above), space.user.map(slot), Pte::EMPTY);
        } else {
            store::set(self, slot(above), Update::Normal, Pte::EMPTY);
        }
        if self.is_pinned(table) {
            pin::detach(self, self, table, level.below().unwrap(), self.split_locks);
            self.pinned.borrow_mut().remove(&table);
        }
        self.flush();
        self.free(table);
    }
}

impl Kernel {
    /// Returns the table to which an entry leads, if it does.
    pub(crate) fn below(&self, table: Pfn, index: usize) -> Option<Pfn> {
        let word = self.xen.borrow().read(table, index);

        (word & PRESENT != 0)
            .then(|| Mfn::new((word & FRAME) >> PAGE_SHIFT))
            .flatten()
            .and_then(|frame| self.page(frame))
    }
}

impl Frames for Kernel {
    fn frame(&self, page: Pfn) -> Option<Mfn> {
        self.xen.borrow().frame_of(page)
    }

    fn page(&self, frame: Mfn) -> Option<Pfn> {
        self.xen.borrow().page_of(frame)
    }
}

impl Entries for Kernel {
    fn entry(&self, table: Pfn, index: usize) -> u64 {
        self.xen.borrow().read(table, index)
    }
}

impl Tables for Kernel {
    type Lock = Pfn;

    fn mark_pinned(&self, table: Pfn) -> bool {
        self.pinned.borrow_mut().insert(table)
    }

    fn is_pinned(&self, table: Pfn) -> bool {
        self.pinned.borrow().contains(&table)
    }

    fn mark_unpinned(&self, table: Pfn) -> bool {
        self.pinned.borrow_mut().remove(&table)
    }

    fn lock(&self, table: Pfn) -> Option<Pfn> {
        self.split_locks.then(|| {
            assert!(self.locks.borrow_mut().insert(table));
            table
        })
    }
}

impl Batch<Pfn> for Kernel {
    fn operation(&self, operation: MmuextOp) {
        self.queue(Call::Operation(operation));
    }

    fn remap(&self, table: Pfn, access: Access, _flush: Flush) {
        self.queue(Call::Remap(table, access));
    }

    fn release_later(&self, lock: Pfn) {
        self.queue(Call::Release(lock));
    }
}

impl Updates for Kernel {
    fn update(&self, update: MmuUpdate) {
        self.queue(Call::Update(update));
        self.issue();
    }

    fn update_both(&self, updates: [MmuUpdate; 2]) {
        for update in updates {
            self.queue(Call::Update(update));
        }
        self.issue();
    }
}

/// An entry.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    kernel: &'a Kernel,
    table: Pfn,
    index: usize,
}

impl Place for Slot<'_> {
    type Unpinned = Self;
    type Pinned = Self;

    fn check(self) -> Checked<Self, Self> {
        if self.kernel.is_pinned(self.table) {
            Checked::Pinned(self)
        } else {
            Checked::Unpinned(self)
        }
    }
}

impl Unpinned for Slot<'_> {
    fn store(self, value: Pte<Machine>) {
        let mut xen = self.kernel.xen.borrow_mut();

        xen.store(self.table, self.index, value.get()).unwrap();
    }
}

impl Pinned for Slot<'_> {
    fn machine(&self) -> Maddr {
        let frame = self.kernel.frame(self.table).unwrap();

        Maddr::new(frame.get() << PAGE_SHIFT | self.index as u64 * 8).unwrap()
    }
}
