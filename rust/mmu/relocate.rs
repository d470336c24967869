// SPDX-License-Identifier: GPL-2.0

//! What is where in the page tables that Xen starts a guest with, and in those of a p2m list that
//! was moved.
//!
//! C ancestor: `xen_relocate_p2m()`, `check_pt_base()` in `mmu_pv.c`.

use crate::abi::{
    frame::{
        Pfn,
        PAGE_SIZE, //
    },
    pagetable::{
        Level,
        ENTRIES, //
    },
};

/// Entries in a table, as a number of pages.
const PER_TABLE: u64 = ENTRIES as u64; // CAST: It widens.

/// Pages that follow one another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Run {
    /// Returns the page after the last.
    #[inline]
    pub const fn end(self) -> u64 {
        self.first.wrapping_add(self.count)
    }

    /// Goes through the pages.
    #[inline(always)]
    pub fn pages(self) -> impl Iterator<Item = Pfn> {
        (self.first..self.end()).filter_map(Pfn::new)
    }

    /// Returns the run without `page`, if that is at one of its ends.
    ///
    /// Xen's page tables are put to use one by one: those that the kernel has copied can be memory
    /// again, if they are at an end of the area, where nobody misses them.
    pub fn without(self, page: u64) -> Self {
        if self.count == 0 {
            self
        } else if page == self.first {
            Self {
                first: self.first.wrapping_add(1),
                count: self.count - 1,
            }
        } else if page == self.end().wrapping_sub(1) {
            Self {
                first: self.first,
                count: self.count - 1,
            }
        } else {
            self
        }
    }
}

/// A p2m list with the tables that map it, from one page on: those of the third level, of the
/// second, of the first, and the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The first page.
    start: u64,
    /// How many pages the list has.
    list: u64,
}

impl Layout {
    /// Plans a list of `words` words, at first with no place.
    pub const fn new(words: u64) -> Self {
        /// Bytes in a word.
        const WORD: u64 = 8;

        Self {
            start: 0,
            list: words.wrapping_mul(WORD).div_ceil(PAGE_SIZE),
        }
    }

    /// Gives it a place.
    pub const fn at(self, start: u64) -> Self {
        Self { start, ..self }
    }

    /// Returns how many tables of a level there are.
    pub const fn tables(self, level: Level) -> u64 {
        let last = self.list.div_ceil(PER_TABLE);
        let second = last.div_ceil(PER_TABLE);

        match level {
            Level::Pte => last,
            Level::Pmd => second,
            Level::Pud | Level::Pgd => second.div_ceil(PER_TABLE),
        }
    }

    /// Returns how many pages there are in all.
    pub const fn pages(self) -> u64 {
        self.list + self.tables(Level::Pte) + self.tables(Level::Pmd) + self.tables(Level::Pud)
    }

    /// Returns the pages of the list.
    pub const fn list(self) -> Run {
        Run {
            first: self.start + self.pages() - self.list,
            count: self.list,
        }
    }

    /// Returns the tables of a level.
    pub const fn run(self, level: Level) -> Run {
        let above = match level {
            Level::Pud | Level::Pgd => 0,
            Level::Pmd => self.tables(Level::Pud),
            Level::Pte => self.tables(Level::Pud) + self.tables(Level::Pmd),
        };

        Run {
            first: self.start + above,
            count: self.tables(level),
        }
    }

    /// Returns what entries of table number `table` of a level lead to.
    pub fn below(self, level: Level, table: u64) -> Run {
        let all = match level.below() {
            Some(Level::Pmd) => self.run(Level::Pmd),
            Some(Level::Pte) => self.run(Level::Pte),
            _ => self.list(),
        };
        let skipped = table.wrapping_mul(PER_TABLE).min(all.count);

        Run {
            first: all.first.wrapping_add(skipped),
            count: (all.count - skipped).min(PER_TABLE),
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_relocate))]
mod tests {
    use super::*;

    /// The levels, from the top.
    const LEVELS: [Level; 3] = [Level::Pud, Level::Pmd, Level::Pte];

    #[test]
    fn a_small_list_has_one_table_at_each_level() {
        let layout = Layout::new(1).at(100);

        assert_eq!(layout.pages(), 4);
        assert_eq!(
            layout.run(Level::Pud),
            Run {
                first: 100,
                count: 1
            }
        );
        assert_eq!(
            layout.run(Level::Pmd),
            Run {
                first: 101,
                count: 1
            }
        );
        assert_eq!(
            layout.run(Level::Pte),
            Run {
                first: 102,
                count: 1
            }
        );
        assert_eq!(
            layout.list(),
            Run {
                first: 103,
                count: 1
            }
        );
    }

    #[test]
    fn tables_are_added_where_one_is_full() {
        let full = Layout::new(512 * 512);
        let more = Layout::new(512 * 512 + 1);

        assert_eq!(LEVELS.map(|level| full.tables(level)), [1, 1, 1]);
        assert_eq!(LEVELS.map(|level| more.tables(level)), [1, 1, 2]);
        let large = Layout::new(512 * 512 * 512 + 1);

        assert_eq!(LEVELS.map(|level| large.tables(level)), [1, 2, 513]);
        assert_eq!(large.pages(), 512 * 512 + 1 + 513 + 2 + 1);
    }

    #[test]
    fn entries_lead_to_each_page_once() {
        let layout = Layout::new(512 * 512 * 512 + 1).at(1000);

        for level in LEVELS {
            let below = match level {
                Level::Pud => layout.run(Level::Pmd),
                Level::Pmd => layout.run(Level::Pte),
                _ => layout.list(),
            };
            let mut next = below.first;

            for table in 0..layout.tables(level) {
                let run = layout.below(level, table);

                assert_eq!(run.first, next);
                assert!(run.count > 0 && run.count <= 512);
                next = run.end();
            }
            assert_eq!(next, below.end());
        }
        assert_eq!(layout.list().end(), 1000 + layout.pages());
    }

    #[test]
    fn a_page_leaves_an_area_at_its_ends() {
        let run = Run {
            first: 10,
            count: 3,
        };

        assert_eq!(
            run.without(10),
            Run {
                first: 11,
                count: 2
            }
        );
        assert_eq!(
            run.without(12),
            Run {
                first: 10,
                count: 2
            }
        );
        assert_eq!(run.without(11), run);
        assert_eq!(run.without(13), run);
        let none = Run {
            first: 10,
            count: 0,
        };

        assert_eq!(none.without(10), none);
        assert_eq!(none.without(9), none);
    }
}
