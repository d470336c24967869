// SPDX-License-Identifier: GPL-2.0

//! What is loaded where the map has no RAM.
//!
//! Xen loads the kernel, the first page tables and its record where the kernel wants to be, without
//! a look at the map. Most types of memory in that place are fatal, and better now than when the
//! pages are given away. ACPI non-volatile memory may be moved: its frames get page numbers at the
//! end of RAM, where nothing is yet, and ACPI code, which knows the old ones, is told the new.
//!
//! C ancestor: `setup.c:641`.

use super::{
    map::Map,
    Pages, //
};
use crate::abi::{
    e820::{
        E820Entry,
        RAM, //
    },
    frame::PAGE_SIZE,
};

/// Whole pages of other memory than RAM that get another number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// Where they are in the machine, and were in the map.
    pub maddr: u64,
    /// Where they are in the map now.
    pub paddr: u64,
    /// How many bytes.
    pub size: u64,
}

/// There is no RAM that they could change places with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// Moves one stretch of ACPI non-volatile memory out of the way, if there is one.
///
/// It changes places with RAM above the stretch, and above the `built` pages that the domain was
/// built with, which have something behind them. To be called until there is nothing to move.
///
/// # Errors
///
/// [`NoRoom`], and the map is as before.
pub fn resolve<const N: usize>(
    map: &mut Map<N>,
    start: u64,
    size: u64,
    built: u64,
) -> Result<Option<Move>, NoRoom> {
    let Some(index) = map.find_nvs(start, size) else {
        return Ok(None);
    };
    let nvs = map.entry_mut(index).map_or(E820Entry::EMPTY, |nvs| *nvs);
    let pages = Pages::touched(nvs.addr, nvs.end());
    let stretch = Pages::touched(start, start.saturating_add(size));
    let target = take_ram(map, pages.count(), built.max(stretch.end))?;
    let moved = Move {
        maddr: pages.address(),
        paddr: target.address(),
        size: pages.bytes(),
    };

    if let Some(entry) = map.entry_mut(index) {
        *entry = E820Entry {
            addr: moved.maddr,
            size: moved.size,
            kind: RAM,
        };
    }
    // `take_ram()` has seen to it that there is room.
    let _ = map.push(E820Entry {
        addr: moved.paddr.saturating_add(nvs.addr % PAGE_SIZE),
        ..nvs
    });
    map.sanitize();
    Ok(Some(moved))
}

/// Cuts `count` pages off the end of the first RAM that has so many from page `from` on.
fn take_ram<const N: usize>(map: &mut Map<N>, count: u64, from: u64) -> Result<Pages, NoRoom> {
    if map.entries().len() == N {
        return Err(NoRoom);
    }
    let (index, whole) = map
        .entries()
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.kind == RAM)
        .map(|(index, entry)| (index, Pages::whole(entry.addr, entry.end())))
        .find(|(_, whole)| whole.from(from).count() >= count)
        .ok_or(NoRoom)?;
    let start = whole.end.saturating_sub(count);

    if let Some(entry) = map.entry_mut(index) {
        entry.size = start.saturating_mul(PAGE_SIZE).saturating_sub(entry.addr);
    }
    Ok(Pages {
        start,
        end: whole.end,
    })
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_conflict))]
mod tests {
    use super::*;
    use crate::abi::e820::{
        NVS,
        RESERVED, //
    };

    const fn entry(addr: u64, end: u64, kind: u32) -> E820Entry {
        let size = end - addr;

        E820Entry { addr, size, kind }
    }

    /// Returns a map of eight entries at most.
    fn map(entries: &[E820Entry]) -> Map<8> {
        let mut map = Map::EMPTY;

        for &entry in entries {
            assert_eq!(map.push(entry), Ok(()));
        }
        map
    }

    #[test]
    fn nvs_changes_places_with_the_end_of_ram() {
        let mut map = map(&[
            entry(0, 0x4000, RAM),
            entry(0x4000, 0x6000, NVS),
            entry(0x6000, 0x40000, RAM),
        ]);
        let moved = Move {
            maddr: 0x4000,
            paddr: 0x3e000,
            size: 0x2000,
        };

        assert_eq!(resolve(&mut map, 0x1000, 0x7000, 16), Ok(Some(moved)));
        assert_eq!(
            map.entries(),
            [entry(0, 0x3e000, RAM), entry(0x3e000, 0x40000, NVS)]
        );
        assert_eq!(resolve(&mut map, 0x1000, 0x7000, 16), Ok(None));
        assert!(map.is_ram(0x1000, 0x7000));
    }

    #[test]
    fn parts_of_pages_keep_their_place_in_the_page() {
        let mut map = map(&[
            entry(0, 0x4800, RAM),
            entry(0x4800, 0x5400, NVS),
            entry(0x5400, 0x40800, RAM),
        ]);
        let moved = Move {
            maddr: 0x4000,
            paddr: 0x3e000,
            size: 0x2000,
        };

        assert_eq!(resolve(&mut map, 0x4000, 0x1000, 16), Ok(Some(moved)));
        assert_eq!(
            map.entries(),
            [entry(0, 0x3e000, RAM), entry(0x3e800, 0x3f400, NVS)]
        );
    }

    #[test]
    fn only_what_is_in_the_way_is_moved() {
        let mut map = map(&[entry(0, 0x4000, RAM), entry(0x4000, 0x6000, NVS)]);

        assert_eq!(resolve(&mut map, 0x1000, 0x3000, 0), Ok(None));
        assert_eq!(resolve(&mut map, 0x6000, 0x3000, 0), Ok(None));
        assert_eq!(resolve(&mut map, 0x5000, 0, 0), Ok(None));
    }

    #[test]
    fn pages_with_frames_are_not_given_to_nvs() {
        let entries = [entry(0x4000, 0x6000, NVS), entry(0x6000, 0x9000, RAM)];
        let mut map = map(&entries);

        assert_eq!(resolve(&mut map, 0x4000, 1, 8), Err(NoRoom));
        assert_eq!(map.entries(), entries);
        assert!(resolve(&mut map, 0x4000, 1, 7).is_ok());
    }

    #[test]
    fn nvs_is_not_moved_within_the_stretch() {
        let mut map = map(&[entry(0, 0x2000, NVS), entry(0x2000, 0x9000, RAM)]);

        assert_eq!(resolve(&mut map, 0, 0x9000, 0), Err(NoRoom));
        assert!(resolve(&mut map, 0, 0x7000, 0).is_ok());
        assert_eq!(resolve(&mut map, 0, 0x7000, 0), Ok(None));
    }

    #[test]
    fn other_types_are_not_moved() {
        let mut map = map(&[entry(0x4000, 0x6000, RESERVED), entry(0x6000, 0x90000, RAM)]);

        assert_eq!(resolve(&mut map, 0x4000, 0x2000, 0), Ok(None));
        assert!(!map.is_ram(0x4000, 0x2000));
    }

    #[test]
    fn a_full_map_has_no_room() {
        let mut map: Map<2> = Map::EMPTY;

        assert_eq!(map.push(entry(0, 0x2000, NVS)), Ok(()));
        assert_eq!(map.push(entry(0x2000, 0x9000, RAM)), Ok(()));
        assert_eq!(resolve(&mut map, 0, 0x2000, 0), Err(NoRoom));
    }
}
