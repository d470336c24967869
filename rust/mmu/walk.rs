// SPDX-License-Identifier: GPL-2.0

//! Walking page tables: each table of an address space, with its level.
//!
//! Most entries are empty, so they are looked at in blocks.
//!
//! Callers hold what keeps the tables from changing.
//!
//! C ancestor: `__xen_pgd_walk()` in `mmu_pv.c`.

use super::pte::Frames;
use crate::abi::{
    frame::Pfn,
    pagetable::{
        Level,
        Machine,
        Pte,
        ENTRIES, //
    },
};

/// How many entries are looked at together, where most are empty.
const BLOCK: usize = 8;
/// Top-level entries from this one on belong to Xen...
const HOLE_START: usize = 256;
/// ...and from this one on to the kernel again: `GUARD_HOLE_END_ADDR`.
const HOLE_END: usize = 272;

/// Page tables to look into.
pub trait Entries: Frames {
    /// Returns entry `index` of `table`. Numbers begin again at [`ENTRIES`].
    fn entry(&self, table: Pfn, index: usize) -> u64;
}

/// Returns the number of the first entry from `index` on that has something in it, `end` if none
/// has.
#[inline(never)]
fn next_used<T: Entries>(tables: &T, table: Pfn, mut index: usize, end: usize) -> usize {
    while index < end {
        if index % BLOCK == 0 && index + BLOCK <= end && is_empty(tables, table, index) {
            index += BLOCK;
        } else if is_none(tables.entry(table, index)) {
            index += 1;
        } else {
            break;
        }
    }
    index
}

/// Returns whether there is nothing in an entry.
#[inline(always)]
fn is_none(entry: u64) -> bool {
    Pte::<Machine>::from_raw(entry).is_none()
}

/// Returns whether there is nothing in all entries of a block.
#[inline(always)]
fn is_empty<T: Entries>(tables: &T, table: Pfn, index: usize) -> bool {
    // So that the compiler knows it: no sum of the following goes past the table.
    let first = index & (ENTRIES - BLOCK);
    let entry = |offset| tables.entry(table, first + offset);
    let either =
        entry(0) | entry(1) | entry(2) | entry(3) | entry(4) | entry(5) | entry(6) | entry(7);

    is_none(either)
}

/// Returns the table that an entry leads to, if it does.
#[inline(never)]
fn follow<T: Entries>(tables: &T, entry: u64) -> Option<Pfn> {
    let entry = Pte::from_raw(entry);

    if entry.is_present() && !entry.is_large() {
        tables.page(entry.frame())
    } else {
        None
    }
}

/// Calls `visit` with the number of each entry up to `last` that leads to a table, and with that.
#[inline(always)]
fn each_below<T: Entries>(tables: &T, table: Pfn, last: usize, mut visit: impl FnMut(usize, Pfn)) {
    let end = last + 1;
    let mut index = next_used(tables, table, 0, end);

    while index < end {
        if let Some(below) = follow(tables, tables.entry(table, index)) {
            visit(index, below);
        }
        index = next_used(tables, table, index + 1, end);
    }
}

/// Calls `visit` with each table of an address space, up to the one for address `last`: from the top
/// down, but with the top itself in the end.
#[inline(always)]
pub fn walk<T: Entries>(tables: &T, top: Pfn, last: u64, mut visit: impl FnMut(Pfn, Level)) {
    let end = Level::Pgd.index(last);

    each_below(tables, top, end, |index, pud| {
        if (HOLE_START..HOLE_END).contains(&index) {
            return;
        }
        // Below the last entry the walk ends at the address, elsewhere at the end of the tables.
        let last = if index == end { last } else { !0 };

        walk_third(tables, pud, last, &mut visit);
    });
    visit(top, Level::Pgd);
}

/// Does so with a table of the third level and those below it.
#[inline(always)]
pub fn walk_third<T: Entries>(tables: &T, pud: Pfn, last: u64, mut visit: impl FnMut(Pfn, Level)) {
    let end = Level::Pud.index(last);

    visit(pud, Level::Pud);
    each_below(tables, pud, end, |index, pmd| {
        let last = if index == end { last } else { !0 };

        visit(pmd, Level::Pmd);
        each_below(tables, pmd, Level::Pmd.index(last), |_, table| {
            visit(table, Level::Pte);
        });
    });
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_walk))]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::abi::{
        frame::{
            Mfn,
            PAGE_SHIFT, //
        },
        pagetable::PRESENT,
    };

    /// Tables whose entries a function knows, by number.
    struct Fake<F>(F);

    impl<F> Frames for Fake<F> {
        fn frame(&self, page: Pfn) -> Option<Mfn> {
            Mfn::new(page.get())
        }

        fn page(&self, frame: Mfn) -> Option<Pfn> {
            Pfn::new(frame.get())
        }
    }

    impl<F: Fn(u64, usize) -> u64> Entries for Fake<F> {
        fn entry(&self, table: Pfn, index: usize) -> u64 {
            (self.0)(table.get(), index % ENTRIES)
        }
    }

    /// An entry that leads to a table.
    const fn leads_to(table: u64) -> u64 {
        table << PAGE_SHIFT | PRESENT
    }

    #[test]
    fn each_entry_is_found_and_none_behind_the_end() {
        for used in 0..ENTRIES {
            let table = Fake(|_, index| if index == used { leads_to(9) } else { 0 });

            for last in [0, 6, 7, 8, 254, 255, 510, 511] {
                let found = Cell::new(0_u32);

                each_below(&table, Pfn::from_raw(1), last, |at, below| {
                    assert_eq!(at, used);
                    assert_eq!(below.get(), 9);
                    found.set(found.get() + 1);
                });
                assert_eq!(found.get(), u32::from(used <= last));
            }
        }
    }

    #[test]
    fn xens_part_of_the_address_space_is_not_walked() {
        let tables = Fake(|table, index| match (table, index) {
            (1, 256 | 271 | 272) => leads_to(6),
            _ => 0,
        });
        let seen = Cell::new(0_u32);

        walk(&tables, Pfn::from_raw(1), u64::MAX - 0x1000, |table, _| {
            if table.get() == 6 {
                seen.set(seen.get() + 1);
            }
        });
        assert_eq!(seen.get(), 1);
    }
}
