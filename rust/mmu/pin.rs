// SPDX-License-Identifier: GPL-2.0

//! Pinning address spaces.
//!
//! Before a CPU may use page tables, Xen checks all of them: that each is what the level above says,
//! that nothing maps one of them writable. It does so when they are loaded, or once when they are
//! pinned, and then keeps watch. So an address space is pinned before its first use and unpinned
//! before it is torn down: in between each update is Xen's, before and after it is a plain store.
//!
//! Pinning makes the pages of all tables read-only in the direct map and tells Xen to pin the top
//! level. Only the user half is walked: tables of the kernel half are everybody's and pinned since
//! boot.
//!
//! Where each last-level table has a lock of its own, not all can be held at once. Such a table is
//! made read-only and pinned under its lock, which is released when Xen has seen both: the lock
//! goes into the batch.
//!
//! Callers hold `page_table_lock`; see Documentation/page-tables.rst for the order of locks.
//!
//! C ancestor: `__xen_pgd_pin()`, `__xen_pgd_unpin()` in `mmu_pv.c`.

use super::{
    pte::Frames,
    walk::{
        walk,
        Entries, //
    }, //
};
use crate::abi::{
    frame::{
        Mfn,
        Pfn, //
    },
    pagetable::{
        Flush,
        Level,
        MmuextOp, //
    },
};

/// The last byte of user space: `USER_LIMIT - 1`.
pub const USER_LAST: u64 = (1 << 47) - 1;

/// Whether a table's page may be written through the direct map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// It may only be read.
    ReadOnly,
    /// It may be written.
    Writable,
}

/// The pages of page tables.
pub trait Tables: Entries {
    /// The lock of a last-level table, held.
    type Lock;

    /// Marks a table as pinned, and returns whether it was not before.
    fn mark_pinned(&self, table: Pfn) -> bool;

    /// Returns whether a table is marked as pinned.
    fn is_pinned(&self, table: Pfn) -> bool;

    /// Marks a table as not pinned, and returns whether it was pinned before.
    fn mark_unpinned(&self, table: Pfn) -> bool;

    /// Takes the lock of a last-level table, if it has one of its own.
    fn lock(&self, table: Pfn) -> Option<Self::Lock>;
}

/// Hypercalls that wait.
pub trait Batch<L> {
    /// Queues an operation.
    fn operation(&self, operation: MmuextOp);

    /// Queues a change of the direct map.
    fn remap(&self, table: Pfn, access: Access, flush: Flush);

    /// Releases a lock when Xen has seen what is queued by now.
    fn release_later(&self, lock: L);
}

/// An address space: its top-level table, and the one that the CPU has in user mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Space {
    /// The table for the kernel.
    pub kernel: Pfn,
    /// That for user mode, which has only the user half.
    pub user: Option<Pfn>,
}

/// Returns the frame of a table, or one that Xen refuses.
#[inline(always)]
fn frame(tables: &impl Frames, table: Pfn) -> Mfn {
    tables.frame(table).unwrap_or(Mfn::MAX)
}

/// Takes the lock of a table that has one of its own, which only the last level's have.
#[inline(always)]
fn own_lock<T: Tables>(tables: &T, table: Pfn, level: Level) -> Option<T::Lock> {
    match level {
        Level::Pte => tables.lock(table),
        _ => None,
    }
}

/// Makes a table read-only, and pins it if it has a lock of its own.
#[inline(always)]
fn pin_table<T: Tables>(
    tables: &T,
    batch: &impl Batch<T::Lock>,
    table: Pfn,
    level: Level,
    flush: Flush,
) {
    if !tables.mark_pinned(table) {
        return;
    }
    let lock = own_lock(tables, table, level);

    batch.remap(table, Access::ReadOnly, flush);
    if let Some(lock) = lock {
        batch.operation(MmuextOp::pin(Level::Pte, frame(tables, table)));
        batch.release_later(lock);
    }
}

/// Unpins a table if it has a lock of its own, and makes it writable.
///
/// The lock is taken first: who holds it may have queued updates of the table, and stores plainly
/// what comes next as soon as the table is marked.
#[inline(always)]
fn unpin_table<T: Tables>(
    tables: &T,
    batch: &impl Batch<T::Lock>,
    table: Pfn,
    level: Level,
    flush: Flush,
) {
    if !tables.is_pinned(table) {
        return;
    }
    let lock = own_lock(tables, table, level);

    tables.mark_unpinned(table);
    if lock.is_some() {
        batch.operation(MmuextOp::unpin(frame(tables, table)));
    }
    batch.remap(table, Access::Writable, flush);
    if let Some(lock) = lock {
        batch.release_later(lock);
    }
}

/// Pins an address space that is not in use yet.
///
/// The TLB is flushed once, with the last table.
pub fn pin<T: Tables>(tables: &T, batch: &impl Batch<T::Lock>, space: Space) {
    walk(tables, space.kernel, USER_LAST, |table, level| {
        let flush = match (level, space.user) {
            (Level::Pgd, None) => Flush::Local,
            _ => Flush::None,
        };

        pin_table(tables, batch, table, level, flush);
    });
    batch.operation(MmuextOp::pin(Level::Pgd, frame(tables, space.kernel)));
    if let Some(user) = space.user {
        pin_table(tables, batch, user, Level::Pgd, Flush::Local);
        batch.operation(MmuextOp::pin(Level::Pgd, frame(tables, user)));
    }
}

/// Unpins an address space that is not in use any more.
///
/// The TLB is flushed once, with the last table.
pub fn unpin<T: Tables>(tables: &T, batch: &impl Batch<T::Lock>, space: Space) {
    batch.operation(MmuextOp::unpin(frame(tables, space.kernel)));
    if let Some(user) = space.user {
        batch.operation(MmuextOp::unpin(frame(tables, user)));
        unpin_table(tables, batch, user, Level::Pgd, Flush::None);
    }
    walk(tables, space.kernel, USER_LAST, |table, level| {
        let flush = match level {
            Level::Pgd => Flush::Local,
            _ => Flush::None,
        };

        unpin_table(tables, batch, table, level, flush);
    });
}

/// What is done with the new table of a pinned address space.
///
/// It becomes read-only. One of the last level is pinned too where its lock is its own, unless it
/// was marked as pinned already.
pub fn attach<T: Tables>(
    tables: &T,
    batch: &impl Batch<T::Lock>,
    table: Pfn,
    level: Level,
    own_pin: bool,
) {
    batch.remap(table, Access::ReadOnly, Flush::None);
    if level == Level::Pte && own_pin {
        batch.operation(MmuextOp::pin(Level::Pte, frame(tables, table)));
    }
}

/// What is done with a table of a pinned address space that is in it no more.
pub fn detach<T: Tables>(
    tables: &T,
    batch: &impl Batch<T::Lock>,
    table: Pfn,
    level: Level,
    own_pin: bool,
) {
    if level == Level::Pte && own_pin {
        batch.operation(MmuextOp::unpin(frame(tables, table)));
    }
    batch.remap(table, Access::Writable, Flush::None);
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_pin))]
mod tests {
    use core::cell::{
        Cell,
        RefCell, //
    };

    use super::*;
    use crate::abi::{
        frame::PAGE_SHIFT,
        pagetable::{
            PRESENT,
            PSE, //
        },
    };

    /// Maps page 7, but there is no table.
    const LARGE_PAGE: u64 = 7 << PAGE_SHIFT | PSE | PRESENT;
    /// An entry of a page that is elsewhere.
    const NOT_PRESENT: u64 = 7 << PAGE_SHIFT;
    /// What some processors leave in an empty entry: it may have been accessed, and written to.
    const ERRATUM: u64 = 0x60;

    /// What is queued, a letter for each.
    struct Fake {
        steps: RefCell<([u8; 32], usize)>,
        pinned: Cell<u64>,
        split_locks: bool,
    }

    /// Page 1 is a top level, 2 the one for user mode; 3 to 5 are below.
    const SPACE: Space = Space {
        kernel: Pfn::from_raw(1),
        user: Some(Pfn::from_raw(2)),
    };

    impl Fake {
        fn new(split_locks: bool) -> Self {
            Self {
                steps: RefCell::new(([0; 32], 0)),
                pinned: Cell::new(0),
                split_locks,
            }
        }

        fn note(&self, step: u8) {
            let (steps, count) = &mut *self.steps.borrow_mut();

            if let Some(place) = steps.get_mut(*count) {
                *place = step;
            }
            *count += 1;
        }

        /// Writes a step with the digit of a page.
        fn note_page(&self, step: u8, page: u64) {
            self.note(step);
            self.note(b'0'.wrapping_add(page.to_le_bytes()[0]));
        }

        fn did(&self, expected: &[u8]) -> bool {
            let (steps, count) = &*self.steps.borrow();

            steps.get(..*count) == Some(expected)
        }
    }

    impl Frames for Fake {
        fn frame(&self, page: Pfn) -> Option<Mfn> {
            Mfn::new(page.get())
        }

        fn page(&self, frame: Mfn) -> Option<Pfn> {
            Pfn::new(frame.get())
        }
    }

    impl Entries for Fake {
        fn entry(&self, table: Pfn, index: usize) -> u64 {
            let below: u64 = match (table.get(), index) {
                (1, 255) => 3,
                (3, 511) => 4,
                (4, 511) => 5,
                (4, 8) => return LARGE_PAGE,
                (4, 9) => return NOT_PRESENT,
                (4, 16) => return ERRATUM,
                _ => return 0,
            };

            below << PAGE_SHIFT | PRESENT
        }
    }

    impl Tables for Fake {
        type Lock = Pfn;

        fn mark_pinned(&self, table: Pfn) -> bool {
            let old = self.pinned.replace(self.pinned.get() | 1 << table.get());

            old >> table.get() & 1 == 0
        }

        fn is_pinned(&self, table: Pfn) -> bool {
            self.pinned.get() >> table.get() & 1 != 0
        }

        fn mark_unpinned(&self, table: Pfn) -> bool {
            let old = self.pinned.replace(self.pinned.get() & !(1 << table.get()));

            old >> table.get() & 1 != 0
        }

        fn lock(&self, table: Pfn) -> Option<Pfn> {
            self.split_locks.then(|| {
                self.note_page(b'l', table.get());
                table
            })
        }
    }

    impl Batch<Pfn> for Fake {
        fn operation(&self, operation: MmuextOp) {
            let letter = match operation.cmd {
                0 => b'1',
                3 => b'4',
                4 => b'u',
                _ => b'?',
            };

            self.note_page(letter, operation.first);
        }

        fn remap(&self, table: Pfn, access: Access, _flush: Flush) {
            let letter = match access {
                Access::ReadOnly => b'r',
                Access::Writable => b'w',
            };

            self.note_page(letter, table.get());
        }

        fn release_later(&self, lock: Pfn) {
            self.note_page(b'x', lock.get());
        }
    }

    #[test]
    fn a_last_table_is_locked_from_read_only_to_pinned() {
        let fake = Fake::new(true);

        pin(&fake, &fake, SPACE);
        assert!(fake.did(b"r3r4l5r515x5r141r242"));
        assert_eq!(fake.pinned.get(), 0b11_1110);
    }

    #[test]
    fn and_from_unpinned_to_writable() {
        let fake = Fake::new(true);

        fake.pinned.set(0b11_1110);
        unpin(&fake, &fake, SPACE);
        assert!(fake.did(b"u1u2w2w3w4l5u5w5x5w1"));
        assert_eq!(fake.pinned.get(), 0);
    }

    #[test]
    fn without_locks_the_top_level_pins_all() {
        let fake = Fake::new(false);

        pin(&fake, &fake, SPACE);
        assert!(fake.did(b"r3r4r5r141r242"));
    }

    #[test]
    fn what_is_pinned_already_is_left_alone() {
        let fake = Fake::new(true);

        fake.pinned.set(1 << 5 | 1 << 4);
        pin(&fake, &fake, SPACE);
        assert!(fake.did(b"r3r141r242"));
    }

    #[test]
    fn a_table_comes_and_goes() {
        let fake = Fake::new(true);
        let table = Pfn::from_raw(7);

        attach(&fake, &fake, table, Level::Pte, true);
        detach(&fake, &fake, table, Level::Pte, true);
        attach(&fake, &fake, table, Level::Pmd, true);
        detach(&fake, &fake, table, Level::Pte, false);
        assert!(fake.did(b"r717u7w7r7w7"));
    }
}
