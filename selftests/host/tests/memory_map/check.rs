// SPDX-License-Identifier: GPL-2.0

//! What must hold for any memory map.

use std::collections::BTreeMap;

use xen_host_tests::{
    abi::{
        e820::{E820Entry, PRAM, RAM, RESERVED, SOFT_RESERVED},
        frame::PAGE_SIZE,
    },
    boot::memory_map::{
        clamp::{pieces, Domain, Piece},
        map::Map,
        remap::{count, non_ram, plan, Step},
        Pages,
    },
};

/// Entries that the maps here have room for.
pub(crate) const ROOM: usize = 131;

/// What the kernel's address space is large enough for.
pub(crate) const MAXMEM: u64 = 1 << 34;

/// Returns a map in order.
pub(crate) fn sane(entries: &[E820Entry]) -> Map<ROOM> {
    let mut map = Map::EMPTY;

    for &entry in entries {
        assert_eq!(map.push(entry), Ok(()));
    }
    map.sanitize();
    map
}

/// Returns the map that a dom0 begins with.
pub(crate) fn dom0(rows: &[E820Entry]) -> Map<ROOM> {
    let mut map = sane(rows);
    let ibft = E820Entry {
        addr: 0x8_0000,
        size: 0x8_0000,
        kind: RESERVED,
    };

    map.use_unusable();
    assert_eq!(map.push(ibft), Ok(()));
    map.sanitize();
    map
}

/// Returns the type of an address, of an ordered map.
pub(crate) fn kind_at(entries: &[E820Entry], address: u64) -> u32 {
    entries
        .iter()
        .find(|entry| entry.addr <= address && address < entry.end())
        .map_or(0, |entry| entry.kind)
}

/// Checks that entries are sorted, not empty, without overlap, and as few as they can be.
pub(crate) fn check_order(entries: &[E820Entry]) {
    for pair in entries.windows(2) {
        let touch = pair[0].end() == pair[1].addr;

        assert!(pair[0].end() <= pair[1].addr);
        assert!(
            !touch || pair[0].kind != pair[1].kind || matches!(pair[0].kind, PRAM | SOFT_RESERVED)
        );
    }
    assert!(entries
        .iter()
        .all(|entry| { entry.size } > 0 && { entry.kind } > 0));
}

/// Runs of pages, that all are of one kind to the memory map.
#[derive(Default, Debug)]
pub(crate) struct Runs(pub(crate) BTreeMap<u64, u64>);

impl Runs {
    /// Adds a run, which must not overlap one that is there.
    pub(crate) fn add(&mut self, pages: Pages) {
        if pages.is_empty() {
            return;
        }
        let before = self.0.range(..pages.end).next_back();

        assert!(
            before.map_or(true, |(_, &end)| end <= pages.start),
            "{pages:?} twice"
        );
        self.0.insert(pages.start, pages.end);
    }

    /// Returns whether a run lies in these.
    pub(crate) fn contain(&self, pages: Pages) -> bool {
        let mut start = pages.start;

        while start < pages.end {
            match self.0.range(..=start).next_back() {
                Some((_, &end)) if end > start => start = end,
                _ => return false,
            }
        }
        true
    }

    /// Returns how many pages there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }
}

/// Returns the whole pages of RAM of a map.
pub(crate) fn ram(entries: &[E820Entry]) -> Runs {
    let mut runs = Runs::default();

    for entry in entries.iter().filter(|entry| { entry.kind } == RAM) {
        runs.add(Pages::whole(entry.addr, entry.end()));
    }
    runs
}

/// Plays a plan on a domain, and checks everything that must hold afterwards.
pub(crate) fn check_plan(entries: &[E820Entry], built: u64) -> u64 {
    let ram = ram(entries);
    let (mut identity, mut targets) = (Runs::default(), Runs::default());
    let (mut moved, mut released, mut seen) = (0, 0, Runs::default());

    for step in plan(entries, built) {
        match step {
            Step::Move { pages, target } => {
                assert!(pages.end <= built && !pages.is_empty());
                assert!(target >= built);
                // Nothing moves that is an identity page by now.
                assert!(!identity.contain(pages.first(1)));
                let to = Pages {
                    start: target,
                    end: target + pages.count(),
                };

                assert!(ram.contain(to), "{to:?} is no RAM");
                targets.add(to);
                seen.add(pages);
                moved += pages.count();
            }
            Step::Release(pages) => {
                assert!(pages.end <= built && !pages.is_empty());
                seen.add(pages);
                released += pages.count();
            }
            Step::Identity(pages) => identity.add(pages),
            Step::Unmap(pages) => assert!(identity.contain(pages)),
        }
    }
    // Every frame that does not lie in RAM has gone somewhere, and no other has.
    let staying: u64 = ram
        .0
        .iter()
        .map(|(&start, &end)| Pages { start, end }.below(built).count())
        .sum();
    let last = non_ram(entries).last().map_or(0, |pages| pages.end);
    // Pages beyond the map stay as they are until all of them become identity pages.
    let end = entries.last().map_or(0, |entry| entry.end() / PAGE_SIZE);
    let beyond = built.saturating_sub(end.max(last));

    assert_eq!(moved + released, count(entries, built));
    assert_eq!(staying + moved + released + beyond, built);
    assert_eq!(
        identity.count(),
        non_ram(entries).map(Pages::count).sum::<u64>()
    );
    for (&start, &end) in &ram.0 {
        for page in [start, end - 1] {
            let pages = Pages {
                start: page,
                end: page + 1,
            };

            assert!(!identity.contain(pages), "{pages:?}");
        }
    }
    if released > 0 {
        let free: u64 = ram
            .0
            .iter()
            .map(|(&start, &end)| Pages { start, end }.from(built).count())
            .sum();

        assert!(moved == free);
    }
    moved
}

/// Checks what the kernel's own map is made of.
pub(crate) fn check_pieces(entries: &[E820Entry], built: u64, extra: u64) -> Runs {
    let ram = ram(entries);
    let (mut end, mut given) = (0, Runs::default());

    for Piece { entry, extra } in pieces(entries, built, extra) {
        assert!(entry.addr >= end);
        end = entry.end();
        if { entry.kind } == RAM {
            let pages = Pages::touched(entry.addr, end);

            assert_eq!((pages.address(), pages.bytes()), (entry.addr, entry.size));
            assert!(ram.contain(pages));
            assert!(if extra {
                pages.start >= built
            } else {
                pages.end <= built
            });
            if extra {
                given.add(pages);
            }
        } else {
            assert!(entries.contains(&entry));
            assert!(!extra);
        }
    }
    let free: u64 = ram
        .0
        .iter()
        .map(|(&start, &end)| Pages { start, end }.from(built).count())
        .sum();

    assert_eq!(given.count(), free.min(extra));
    given
}

/// Checks a whole map for a domain of `nr_pages`, that may have `promised` of them.
pub(crate) fn check_all(entries: &[E820Entry], nr_pages: u64, promised: u64) {
    let domain = Domain {
        initial: true,
        limited: false,
        maxmem: MAXMEM,
        nr_pages,
    };
    let built = domain.built();
    let moved = check_plan(entries, built);
    let extra = domain.extra(Some(promised), count(entries, built));
    let given = check_pieces(entries, built, extra);

    // What frames moved to is memory in the kernel's own map.
    for step in plan(entries, built) {
        if let Step::Move { pages, target } = step {
            if promised >= built {
                assert!(given.contain(Pages {
                    start: target,
                    end: target + pages.count()
                }));
            }
        }
    }
    assert!(promised < built || given.count() >= moved);
}
