// SPDX-License-Identifier: GPL-2.0

//! Extra memory: whatever the map, nothing of it is lost, moved or taken twice.

use proptest::{collection::vec, prelude::*, sample::select};
use xen_host_tests::{
    abi::e820::{E820Entry, RAM, UNUSABLE},
    boot::{
        pvh::{Map, Pages},
        EXTRA_MEM_RATIO,
    },
};

/// Bytes of a page.
const PAGE: u64 = 4096;
/// Entries that `struct boot_params` has room for.
const ROOM: usize = 128;
/// What is behind a map.
const FREE: E820Entry = E820Entry {
    addr: 0,
    size: 0,
    kind: 0,
};

/// A size: of whole pages more often than not.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (0..64u64).prop_map(|pages| pages * PAGE),
        1 => 0..4 * PAGE,
        1 => (0..1u64 << 30).prop_map(|pages| pages * PAGE),
    ]
}

/// A map in order without overlap, as Xen gives.
fn map(
    entries: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<E820Entry>> {
    vec(
        (size(), size(), select(vec![RAM, 2, 3, UNUSABLE, UNUSABLE])),
        entries,
    )
    .prop_map(|stretches| {
        let mut end = 0;

        stretches
            .into_iter()
            .map(|(hole, size, kind)| {
                let addr = end + hole;

                end = addr + size;
                E820Entry { addr, size, kind }
            })
            .collect()
    })
}

/// Takes all extra memory of a map in a table with `room` more entries.
fn convert(before: &[E820Entry], room: usize) -> (Vec<E820Entry>, Vec<Pages>) {
    let mut entries = before.to_vec();
    entries.resize(before.len() + room, FREE);
    let mut map = Map::new(&mut entries, before.len());
    let taken = map.extra_memory().collect();
    let used = map.used();

    assert!(entries[used..].iter().all(|&entry| entry == FREE) || used == entries.len());
    entries.truncate(used);
    (entries, taken)
}

/// Joins neighbours of one kind, and drops what is empty: what a map says, however it is cut.
fn joined(entries: &[E820Entry], kind_of: impl Fn(u32) -> u32) -> Vec<(u64, u64, u32)> {
    let mut joined: Vec<(u64, u64, u32)> = Vec::new();

    for entry in entries.iter().filter(|entry| entry.size > 0) {
        let (addr, end, kind) = (entry.addr, entry.addr + entry.size, kind_of(entry.kind));

        match joined.last_mut() {
            Some(last) if last.1 == addr && last.2 == kind => last.1 = end,
            _ => joined.push((addr, end, kind)),
        }
    }
    joined
}

/// Whole pages of one kind.
fn pages(entries: &[E820Entry], kind: u32) -> u64 {
    entries
        .iter()
        .filter(|entry| entry.kind == kind)
        .map(|entry| ((entry.addr + entry.size) / PAGE).saturating_sub(entry.addr.div_ceil(PAGE)))
        .sum()
}

proptest! {
    #[test]
    fn memory_is_neither_lost_nor_moved(before in map(0..ROOM), room in 0..3usize) {
        let (after, _) = convert(&before, room);
        // Extra memory was unusable, and is RAM: apart from that the maps say the same.
        let blur = |kind| if kind == RAM { UNUSABLE } else { kind };

        prop_assert_eq!(joined(&before, blur), joined(&after, blur));
    }

    #[test]
    fn ram_stays_ram(before in map(0..ROOM), room in 0..3usize) {
        let (after, _) = convert(&before, room);

        for ram in before.iter().filter(|entry| entry.kind == RAM) {
            prop_assert!(after.contains(ram));
        }
    }

    #[test]
    fn entries_keep_their_order_and_do_not_overlap(before in map(0..ROOM), room in 0..3usize) {
        let (after, _) = convert(&before, room);

        for pair in after.windows(2) {
            prop_assert!(pair[0].addr + pair[0].size <= pair[1].addr);
        }
    }

    #[test]
    fn at_most_one_entry_is_cut_and_only_where_there_is_room(before in map(0..ROOM), room in 0..3usize) {
        let (after, _) = convert(&before, room);

        prop_assert!(after.len() <= before.len() + room.min(1));
    }

    #[test]
    fn never_more_than_the_ratio(before in map(0..ROOM), room in 0..3usize) {
        let (after, taken) = convert(&before, room);
        let quota = pages(&before, RAM) * EXTRA_MEM_RATIO;
        let count: u64 = taken.iter().map(|pages| pages.count).sum();

        prop_assert!(count <= quota);
        prop_assert_eq!(pages(&after, RAM) - pages(&before, RAM), count);
        // And no less, where cutting is possible.
        if room > 0 {
            prop_assert_eq!(count, quota.min(pages(&before, UNUSABLE)));
        }
    }

    #[test]
    fn what_is_named_is_ram_now_and_was_unusable(before in map(0..ROOM), room in 0..3usize) {
        let (after, taken) = convert(&before, room);
        let holds = |entries: &[E820Entry], kind, pages: &Pages| {
            let (first, end) = (pages.first.get() * PAGE, (pages.first.get() + pages.count) * PAGE);

            entries.iter().any(|entry| {
                entry.kind == kind && entry.addr <= first && end <= entry.addr + entry.size
            })
        };

        for pages in &taken {
            prop_assert!(pages.count > 0);
            prop_assert!(holds(&before, UNUSABLE, pages));
            prop_assert!(holds(&after, RAM, pages));
        }
    }

    #[test]
    fn a_full_table_loses_nothing(before in map(ROOM)) {
        let (after, taken) = convert(&before, 0);

        prop_assert_eq!(after.len(), before.len());
        for (old, new) in before.iter().zip(&after) {
            prop_assert_eq!((old.addr, old.size), (new.addr, new.size));
        }
        prop_assert_eq!(taken.len(), before.iter().zip(&after).filter(|(old, new)| old != new).count());
    }

    #[test]
    fn any_bytes_are_survived(
        entries in vec((any::<u64>(), any::<u64>(), 0..8u32), 0..ROOM),
        used in 0..2 * ROOM,
    ) {
        let mut entries: Vec<_> = entries
            .into_iter()
            .map(|(addr, size, kind)| E820Entry { addr, size, kind })
            .collect();
        let room = entries.len();
        let mut map = Map::new(&mut entries, used);

        map.extra_memory().for_each(drop);
        prop_assert!(map.used() <= room);
    }
}
