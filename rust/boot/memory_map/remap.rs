// SPDX-License-Identifier: GPL-2.0

//! Which pages lie where the map has no RAM, and where their frames go.
//!
//! Device memory, firmware tables and holes have to be seen at the machine's own addresses: a
//! driver that maps address A means the machine's A. So the pages there become identity pages, and
//! the frames that Xen put behind them get other numbers, of RAM in the map above the domain's
//! first pages. Frames for which there is no such RAM go back to Xen.
//!
//! Parts of pages count as the machine's: some firmware puts its tables on a page with RAM.
//!
//! C ancestor: `setup.c:343`, `setup.c:418`.

use super::Pages;
use crate::abi::e820::{
    E820Entry,
    RAM, //
};

/// The runs of pages that are not all RAM, from page 0 to the end of the map.
#[derive(Clone)]
pub struct NonRam<'a> {
    /// Entries that are still to come.
    entries: &'a [E820Entry],
    /// Where the RAM before them ended.
    start: u64,
}

/// Returns those of an ordered map. Holes and other types than RAM make one run.
pub fn non_ram(entries: &[E820Entry]) -> NonRam<'_> {
    NonRam { entries, start: 0 }
}

impl Iterator for NonRam<'_> {
    type Item = Pages;

    fn next(&mut self) -> Option<Pages> {
        while let Some((entry, rest)) = self.entries.split_first() {
            let is_ram = entry.kind == RAM && !Pages::whole(entry.addr, entry.end()).is_empty();

            self.entries = rest;
            if !is_ram && !rest.is_empty() {
                continue;
            }
            let end = if is_ram { entry.addr } else { entry.end() };
            let pages = Pages::touched(self.start, end);

            self.start = entry.end();
            if !pages.is_empty() {
                return Some(pages);
            }
        }
        None
    }
}

/// Returns how many pages with frames lie where there is no RAM.
pub fn count(entries: &[E820Entry], built: u64) -> u64 {
    non_ram(entries)
        .map(|pages| pages.below(built).count())
        .sum()
}

/// Returns the first run of whole RAM pages from page `from` on.
fn ram_from(entries: &[E820Entry], from: u64) -> Option<Pages> {
    entries
        .iter()
        .filter(|entry| entry.kind == RAM)
        .map(|entry| Pages::whole(entry.addr, entry.end()).from(from))
        .find(|pages| !pages.is_empty())
}

/// One thing to do; in the order in which they come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The frames behind `pages` get the page numbers from `target` on.
    Move {
        /// Which.
        pages: Pages,
        /// The first new number.
        target: u64,
    },
    /// There is no number for the frames behind these pages: they go back to Xen.
    Release(Pages),
    /// These become identity pages.
    Identity(Pages),
    /// A run is done with: what the kernel still maps of it is not its memory any more.
    Unmap(Pages),
}

/// All that has to be done.
pub struct Plan<'a> {
    /// The map.
    entries: &'a [E820Entry],
    /// Runs that are still to come.
    runs: NonRam<'a>,
    /// How many pages have frames.
    built: u64,
    /// From where on RAM is free.
    target: u64,
    /// What is left of the run.
    left: Pages,
    /// What of it becomes identity pages next.
    identity: Pages,
    /// The run, until it is done with.
    run: Option<Pages>,
}

/// Plans the moves in an ordered map, of a domain that has been built with `built` pages.
pub fn plan(entries: &[E820Entry], built: u64) -> Plan<'_> {
    let nothing = Pages { start: 0, end: 0 };

    Plan {
        entries,
        runs: non_ram(entries),
        built,
        target: built,
        left: nothing,
        identity: nothing,
        run: None,
    }
}

impl Plan<'_> {
    /// Finds out what becomes of the first frames of what is left.
    fn frames(&mut self) -> Step {
        let frames = self.left.below(self.built);
        let Some(room) = ram_from(self.entries, self.target) else {
            self.identity = self.left;
            self.left.start = self.left.end;
            return Step::Release(frames);
        };
        let pages = frames.first(room.count());

        self.target = room.start + pages.count();
        self.identity = pages;
        self.left.start = pages.end;
        Step::Move {
            pages,
            target: room.start,
        }
    }
}

impl Iterator for Plan<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if !self.identity.is_empty() {
            let pages = self.identity;

            self.identity.start = pages.end;
            return Some(Step::Identity(pages));
        }
        if self.left.is_empty() {
            if let Some(run) = self.run.take() {
                return Some(Step::Unmap(run));
            }
            self.left = self.runs.next()?;
            self.run = Some(self.left);
        }
        if self.left.start < self.built {
            return Some(self.frames());
        }
        let pages = self.left;

        self.left.start = pages.end;
        Some(Step::Identity(pages))
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_remap))]
mod tests {
    use super::*;
    use crate::abi::e820::RESERVED;

    const fn entry(addr: u64, end: u64, kind: u32) -> E820Entry {
        let size = end - addr;

        E820Entry { addr, size, kind }
    }

    const fn pages(start: u64, end: u64) -> Pages {
        Pages { start, end }
    }

    /// RAM, a hole with a device in it, RAM, and a device.
    const MAP: [E820Entry; 4] = [
        entry(0x1000, 0x4000, RAM),
        entry(0x5000, 0x6000, RESERVED),
        entry(0x8000, 0xc000, RAM),
        entry(0xf000, 0x10000, RESERVED),
    ];

    #[test]
    fn holes_and_devices_are_one_run() {
        let mut runs = non_ram(&MAP);

        assert_eq!(runs.next(), Some(pages(0, 1)));
        assert_eq!(runs.next(), Some(pages(4, 8)));
        assert_eq!(runs.next(), Some(pages(12, 16)));
        assert_eq!(runs.next(), None);
        assert_eq!(count(&MAP, 16), 9);
        assert_eq!(count(&MAP, 6), 3);
        assert_eq!(count(&MAP, 0), 0);
    }

    #[test]
    fn parts_of_pages_are_the_machines() {
        let entries = [entry(0, 0x1800, RAM), entry(0x2800, 0x5000, RAM)];
        let mut runs = non_ram(&entries);

        assert_eq!(runs.next(), Some(pages(1, 3)));
        assert_eq!(runs.next(), None);
    }

    #[test]
    fn ram_without_a_whole_page_does_not_make_two_runs() {
        let entries = [
            entry(0, 0x2000, RAM),
            entry(0x2000, 0x3200, RESERVED),
            entry(0x3200, 0x3400, RAM),
            entry(0x3400, 0x5000, RESERVED),
            entry(0x5000, 0x5800, RAM),
        ];
        let mut runs = non_ram(&entries);

        assert_eq!(runs.next(), Some(pages(2, 6)));
        assert_eq!(runs.next(), None);
    }

    #[test]
    fn frames_move_to_ram_above_the_first_pages() {
        let mut plan = plan(&MAP, 7);

        assert_eq!(
            plan.next(),
            Some(Step::Move {
                pages: pages(0, 1),
                target: 8
            })
        );
        assert_eq!(plan.next(), Some(Step::Identity(pages(0, 1))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(0, 1))));
        assert_eq!(
            plan.next(),
            Some(Step::Move {
                pages: pages(4, 7),
                target: 9
            })
        );
        assert_eq!(plan.next(), Some(Step::Identity(pages(4, 7))));
        assert_eq!(plan.next(), Some(Step::Identity(pages(7, 8))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(4, 8))));
        assert_eq!(plan.next(), Some(Step::Identity(pages(12, 16))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(12, 16))));
        assert_eq!(plan.next(), None);
    }

    #[test]
    fn a_run_may_be_spread_over_ram() {
        let entries = [
            entry(0x4000, 0x6000, RAM),
            entry(0x8000, 0x9000, RAM),
            entry(0xa000, 0xf000, RAM),
        ];
        let mut plan = plan(&entries, 4);

        assert_eq!(
            plan.next(),
            Some(Step::Move {
                pages: pages(0, 2),
                target: 4
            })
        );
        assert_eq!(plan.next(), Some(Step::Identity(pages(0, 2))));
        assert_eq!(
            plan.next(),
            Some(Step::Move {
                pages: pages(2, 3),
                target: 8
            })
        );
        assert_eq!(plan.next(), Some(Step::Identity(pages(2, 3))));
        assert_eq!(
            plan.next(),
            Some(Step::Move {
                pages: pages(3, 4),
                target: 10
            })
        );
        assert_eq!(plan.next(), Some(Step::Identity(pages(3, 4))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(0, 4))));
    }

    #[test]
    fn frames_without_a_place_are_released() {
        let mut plan = plan(&MAP, 11);

        assert_eq!(
            plan.next(),
            Some(Step::Move {
                pages: pages(0, 1),
                target: 11
            })
        );
        assert_eq!(plan.next(), Some(Step::Identity(pages(0, 1))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(0, 1))));
        assert_eq!(plan.next(), Some(Step::Release(pages(4, 8))));
        assert_eq!(plan.next(), Some(Step::Identity(pages(4, 8))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(4, 8))));
        assert_eq!(plan.next(), Some(Step::Identity(pages(12, 16))));
    }

    #[test]
    fn a_release_ends_with_the_frames() {
        let entries = [entry(0, 0x1000, RAM), entry(0x8000, 0x9000, RESERVED)];
        let mut plan = plan(&entries, 5);

        assert_eq!(plan.next(), Some(Step::Release(pages(1, 5))));
        assert_eq!(plan.next(), Some(Step::Identity(pages(1, 9))));
        assert_eq!(plan.next(), Some(Step::Unmap(pages(1, 9))));
        assert_eq!(plan.next(), None);
    }
}
