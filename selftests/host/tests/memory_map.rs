// SPDX-License-Identifier: GPL-2.0

//! The memory map of a PV guest: machines' maps, and what holds for any map.

#[path = "memory_map/check.rs"]
mod check;
#[path = "memory_map/machines.rs"]
mod machines;

use std::collections::BTreeMap;

use check::{check_all, check_order, check_plan, dom0, kind_at, ram, sane, Runs, MAXMEM, ROOM};
use machines::{entries, ALL, WORKSTATION_NVS};
use proptest::{collection::vec, prelude::*, sample::select};
use xen_host_tests::{
    abi::{
        e820::{E820Entry, NVS, PRAM, RAM, RESERVED, SOFT_RESERVED, UNUSABLE},
        frame::{Mfn, Pfn, PAGE_SIZE},
    },
    boot::memory_map::{
        area,
        clamp::{pieces, Domain},
        conflict::{resolve, Move},
        map::Map,
        record::{restore, save, Frames, Record},
        remap::{count, plan, Step},
        Pages,
    },
};

#[test]
fn machines_with_dom0_of_any_size() {
    for (name, rows) in ALL {
        let map = dom0(&entries(rows));

        println!("{name}");
        check_order(map.entries());
        for megabytes in [64, 300, 900, 2048, 3500, 4096, 16384, 65536] {
            let pages = megabytes << 8;

            check_all(map.entries(), pages, pages);
            check_all(map.entries(), pages, u64::MAX);
            check_all(map.entries(), pages - 77, pages);
            check_plan(&entries(rows), pages);
        }
    }
}

#[test]
fn non_volatile_memory_leaves_the_kernel_of_any_machine_alone() {
    for (_, rows) in ALL {
        let mut map = dom0(&entries(rows));
        // From 16 MB on, with page tables, 48 MB.
        let (start, size) = (0x100_0000, 0x300_0000);

        while resolve(&mut map, start, size, 0x1_0000).is_ok_and(|moved| moved.is_some()) {}
        assert!(map.is_ram(start, size));
        check_order(map.entries());
    }
}

/// The log of this machine shows what Linux made of it: 1000315 pages, 4 GB promised.
#[test]
fn the_workstation_is_as_in_its_log() {
    let nr_pages = 1_000_315;
    let mut map = dom0(&entries(WORKSTATION_NVS));
    let domain = Domain {
        initial: true,
        limited: true,
        maxmem: MAXMEM,
        nr_pages,
    };
    let moved = resolve(&mut map, 0x100_0000, 0x382_b000, nr_pages);

    assert_eq!(
        moved,
        Ok(Some(Move {
            maddr: 0x400_0000,
            paddr: 0x10_4f1e_e000,
            size: 0x1_2000
        }))
    );
    assert_eq!(
        resolve(&mut map, 0x100_0000, 0x382_b000, nr_pages),
        Ok(None)
    );

    let extra = domain.extra(Some(1 << 20), count(map.entries(), nr_pages));
    let ram: Vec<(u64, u64)> = pieces(map.entries(), domain.built(), extra)
        .filter(|piece| { piece.entry.kind } == RAM)
        .map(|piece| (piece.entry.addr, piece.entry.end() - 1))
        .collect();

    assert_eq!(
        ram,
        [
            (0x0, 0x7_ffff),
            (0x10_0000, 0x9df_1fff),
            (0xa00_0000, 0xa884_0fff),
            (0xab1f_f000, 0xabff_ffff),
            (0x1_0000_0000, 0x1_56c4_bfff),
        ]
    );
    assert_eq!(kind_at(map.entries(), 0x10_4f1e_e000), NVS);
    check_all(map.entries(), nr_pages, 1 << 20);
}

/// Types that firmware uses.
fn kind() -> impl Strategy<Value = u32> {
    select(vec![
        RAM,
        RAM,
        RAM,
        RESERVED,
        3,
        NVS,
        UNUSABLE,
        7,
        PRAM,
        SOFT_RESERVED,
    ])
}

/// Entries at addresses close together, so that they overlap and touch, in units of `grain`.
fn close(grain: u64) -> impl Strategy<Value = Vec<E820Entry>> {
    let entry = (0_u64..200, 0_u64..60, kind()).prop_map(move |(addr, size, kind)| E820Entry {
        addr: addr * grain,
        size: size * grain,
        kind,
    });

    vec(entry, 0..12)
}

/// The p2m list and the memory of a domain with room for four numbers in a frame.
struct Memory {
    /// The frame behind each page, of those that it was built with.
    built: Vec<u64>,
    /// What is in a frame, by its number.
    records: BTreeMap<u64, Record<4>>,
    /// The frame that is mapped.
    mapped: u64,
    /// Frames by the page that they were given to.
    placed: BTreeMap<u64, u64>,
    /// Pages that were filled.
    filled: Runs,
}

impl Frames<4> for Memory {
    fn frame(&self, page: Pfn) -> Option<Mfn> {
        let index = usize::try_from(page.get()).ok()?;

        self.built.get(index).copied().and_then(Mfn::new)
    }

    fn map(&mut self, frame: Mfn) {
        self.mapped = frame.get();
    }

    fn record(&mut self) -> &mut Record<4> {
        self.records.entry(self.mapped).or_insert(Record::EMPTY)
    }

    fn place(&mut self, page: Pfn, frame: Mfn) {
        assert_eq!(self.placed.insert(page.get(), frame.get()), None);
    }

    fn fill(&mut self, pages: Pages) {
        self.filled.add(pages);
    }
}

/// Pages that are reserved.
struct Bits(Vec<bool>);

impl area::Reserved for Bits {
    fn contains(&self, address: u64) -> bool {
        let index = usize::try_from(address / PAGE_SIZE).unwrap_or(usize::MAX);

        self.0.get(index).copied().unwrap_or(false)
    }
}

proptest! {
    #[test]
    fn each_byte_has_the_highest_type_that_anyone_gives_it(given in close(7)) {
        let map = sane(&given);

        check_order(map.entries());
        for address in 0..260 * 7 {
            let highest = given
                .iter()
                .filter(|entry| entry.addr <= address && address < entry.end())
                .map(|entry| entry.kind)
                .max();

            prop_assert_eq!(kind_at(map.entries(), address), highest.unwrap_or(0));
        }
    }

    #[test]
    fn an_ordered_map_stays_as_it_is(given in close(7)) {
        let mut map = sane(&given);
        let before = map.entries().to_vec();

        map.sanitize();
        prop_assert_eq!(map.entries(), &before[..]);
    }

    #[test]
    fn any_map_serves_any_domain(
        given in close(PAGE_SIZE / 4),
        nr_pages in 0_u64..90,
        promised in 0_u64..120,
    ) {
        check_all(sane(&given).entries(), nr_pages, promised);
    }

    #[test]
    fn nvs_is_moved_whole_and_ram_is_not_lost(
        given in close(PAGE_SIZE / 2),
        start in 0_u64..100,
        size in 0_u64..60,
        built in 0_u64..80,
    ) {
        let mut map = sane(&given);
        let (start, size) = (start * PAGE_SIZE, size * PAGE_SIZE);
        let bytes_of = |map: &Map<ROOM>, kind| -> u64 {
            map.entries().iter().filter(|entry| { entry.kind } == kind).map(|entry| entry.size).sum()
        };
        let nvs = bytes_of(&map, NVS);
        let ram_before = ram(map.entries()).count();
        let mut calls = 0;

        while let Ok(Some(moved)) = resolve(&mut map, start, size, built) {
            let before = Pages::touched(moved.maddr, moved.maddr + moved.size);

            prop_assert!(moved.paddr >= built * PAGE_SIZE);
            prop_assert_eq!(before.bytes(), moved.size);
            prop_assert_eq!(moved.paddr % PAGE_SIZE, 0);
            prop_assert_eq!(bytes_of(&map, NVS), nvs);
            check_order(map.entries());
            calls += 1;
            prop_assert!(calls < 100);
        }
        // RAM has given as many pages as it got, but for those that other types share.
        prop_assert!(ram(map.entries()).count() <= ram_before);
        prop_assert!(ram(map.entries()).count() + 2 * calls >= ram_before);
    }

    #[test]
    fn no_area_is_anybodys(
        given in close(PAGE_SIZE / 2),
        taken in vec(any::<bool>(), 130),
        built in 0_u64..130,
        size in 1_u64..20 * PAGE_SIZE,
    ) {
        let map = sane(&given);
        let ram = ram(map.entries());
        let reserved = Bits(taken.clone());
        let free = |start: u64| {
            let pages = Pages::touched(start, start + size);

            pages.end <= built
                && ram.contain(pages)
                && (pages.start..pages.end).all(|page| !taken.get(page as usize).copied().unwrap_or(false))
        };

        match area::find(map.entries(), built, &reserved, size) {
            Some(start) => {
                prop_assert_eq!(start % PAGE_SIZE, 0);
                prop_assert!(free(start));
            }
            None => prop_assert!((0..130).all(|page| !free(page * PAGE_SIZE))),
        }
    }

    #[test]
    fn a_transfer_is_whole_and_fits_its_windows(
        to in 0_u64..0x8000,
        from in 0x10_0000_u64..0x10_8000,
        size in 0_u64..0x20000,
        window in 1_u64..9,
    ) {
        let window = window * PAGE_SIZE;
        let mut done = 0;

        for stretch in area::Transfer::new(to, from, size, window) {
            prop_assert_eq!(stretch.to, to + done);
            prop_assert_eq!(stretch.from, from + done);
            prop_assert!(stretch.size > 0);
            prop_assert!(stretch.to % PAGE_SIZE + stretch.size <= window);
            prop_assert!(stretch.from % PAGE_SIZE + stretch.size <= window);
            done += stretch.size;
        }
        prop_assert_eq!(done, size);
    }

    #[test]
    fn frames_survive_in_themselves(given in close(PAGE_SIZE / 4), nr_pages in 0_u64..90) {
        let map = sane(&given);
        let mut last = None;
        let mut expected = BTreeMap::new();
        let mut memory = Memory {
            built: (0..nr_pages).map(|page| 0x8000 + page * 7 % 97).collect(),
            records: BTreeMap::new(),
            mapped: 0,
            placed: BTreeMap::new(),
            filled: Runs::default(),
        };

        for step in plan(map.entries(), nr_pages) {
            if let Step::Move { pages, target } = step {
                prop_assert_eq!(save(&mut memory, &mut last, pages, target), Ok(()));
                for (offset, page) in (pages.start..pages.end).enumerate() {
                    expected.insert(target + offset as u64, memory.built[page as usize]);
                }
            }
        }
        let moved = expected.len() as u64;

        prop_assert_eq!(restore(&mut memory, last), Ok(moved));
        prop_assert_eq!(memory.placed, expected);
        prop_assert_eq!(memory.filled.count(), moved);
    }
}
