// SPDX-License-Identifier: GPL-2.0

//! The map that Xen hands out, in order.
//!
//! Firmware writes overlapping entries in any order, and Xen passes them on. As in the rest of the
//! kernel the higher type wins where entries overlap, so a byte is RAM only where nobody says that
//! it is anything else.
//!
//! C ancestors: `xen_e820_table`, `e820__update_table()` in `arch/x86/kernel/e820.c`.

use crate::abi::e820::{
    E820Entry,
    NVS,
    PRAM,
    RAM,
    SOFT_RESERVED,
    UNUSABLE, //
};

/// The map has no entry left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// A memory map of up to `N` entries.
///
/// # Invariants
///
/// `len` is at most `N`.
pub struct Map<const N: usize> {
    /// The entries, of which `len` are used.
    entries: [E820Entry; N],
    /// Where [`Map::sanitize`] writes.
    spare: [E820Entry; N],
    /// How many there are.
    len: usize,
}

impl<const N: usize> Map<N> {
    /// A map of nothing.
    // INVARIANT: 0 is at most anything.
    pub const EMPTY: Self = Self {
        entries: [E820Entry::EMPTY; N],
        spare: [E820Entry::EMPTY; N],
        len: 0,
    };

    /// Returns the entries.
    pub fn entries(&self) -> &[E820Entry] {
        self.entries.get(..self.len).unwrap_or_default()
    }

    /// Returns the entries.
    fn entries_mut(&mut self) -> &mut [E820Entry] {
        self.entries.get_mut(..self.len).unwrap_or_default()
    }

    /// Returns an entry, if there are that many.
    pub(super) fn entry_mut(&mut self, index: usize) -> Option<&mut E820Entry> {
        self.entries_mut().get_mut(index)
    }

    /// Has somebody fill the whole array, who returns how many entries there are now.
    ///
    /// # Errors
    ///
    /// What `fill` fails with, and the map is empty.
    pub fn fill<E>(
        &mut self,
        fill: impl FnOnce(&mut [E820Entry]) -> Result<usize, E>,
    ) -> Result<(), E> {
        self.len = 0;
        // INVARIANT: `min`.
        self.len = fill(&mut self.entries)?.min(N);
        Ok(())
    }

    /// Adds an entry, in no order.
    ///
    /// # Errors
    ///
    /// [`Full`], and the map is as before.
    pub fn push(&mut self, entry: E820Entry) -> Result<(), Full> {
        *self.entries.get_mut(self.len).ok_or(Full)? = entry;
        // INVARIANT: An entry of that index exists.
        self.len += 1;
        Ok(())
    }

    /// Takes what Xen cannot use for RAM.
    ///
    /// In dom0's own page numbers there is RAM, and Xen allows no identity mapping of the page.
    pub fn use_unusable(&mut self) {
        for entry in self.entries_mut() {
            if entry.kind == UNUSABLE {
                entry.kind = RAM;
            }
        }
    }

    /// Sorts the entries, and resolves overlaps in favour of the higher type.
    ///
    /// What touches and is of one type becomes one entry, but where a boundary tells memory from
    /// memory. Where that makes more entries than there is room for, the highest ones are lost.
    pub fn sanitize(&mut self) {
        let mut written = 0;
        let mut position = 0;

        while let Some(next) = boundary_after(self.entries(), position) {
            let kind = kind_at(self.entries(), position);

            if kind != 0 && append(&mut self.spare, &mut written, position, next, kind).is_err() {
                break;
            }
            position = next;
        }
        // INVARIANT: `append()` counts what it wrote to an array of `N`.
        self.len = written;
        self.entries = self.spare;
    }

    /// Returns whether all of a stretch is RAM in one entry.
    pub fn is_ram(&self, start: u64, size: u64) -> bool {
        let end = start.saturating_add(size);

        size == 0
            || self
                .entries()
                .iter()
                .any(|entry| entry.kind == RAM && entry.addr <= start && entry.end() >= end)
    }

    /// Returns the first entry of ACPI non-volatile memory in a stretch.
    pub(super) fn find_nvs(&self, start: u64, size: u64) -> Option<usize> {
        let end = start.saturating_add(size);

        if size == 0 {
            return None;
        }
        self.entries()
            .iter()
            .position(|entry| entry.kind == NVS && entry.addr < end && entry.end() > start)
    }

    /// Returns the first address after the last entry.
    pub fn end(&self) -> u64 {
        self.entries().last().map_or(0, E820Entry::end)
    }
}

/// Returns the lowest begin or end of an entry above `position`.
fn boundary_after(entries: &[E820Entry], position: u64) -> Option<u64> {
    entries
        .iter()
        .flat_map(|entry| [entry.addr, entry.end()])
        .filter(|&boundary| boundary > position)
        .min()
}

/// Returns the highest type that an entry gives to `position`, or 0.
fn kind_at(entries: &[E820Entry], position: u64) -> u32 {
    entries
        .iter()
        .filter(|entry| entry.addr <= position && position < entry.end())
        .map(|entry| entry.kind)
        .max()
        .unwrap_or(0)
}

/// Appends a stretch to the first `written` entries, or makes the last of them longer.
fn append(
    entries: &mut [E820Entry],
    written: &mut usize,
    start: u64,
    end: u64,
    kind: u32,
) -> Result<(), Full> {
    let last = written
        .checked_sub(1)
        .and_then(|index| entries.get_mut(index))
        .filter(|last| last.end() == start && last.kind == kind && is_mergeable(kind));
    let size = end - start;

    if let Some(last) = last {
        last.size += size;
        return Ok(());
    }
    let addr = start;

    *entries.get_mut(*written).ok_or(Full)? = E820Entry { addr, size, kind };
    *written += 1;
    Ok(())
}

/// Returns whether entries of a type mean no more than their sum.
///
/// The others are as long as a device or a node.
const fn is_mergeable(kind: u32) -> bool {
    kind != PRAM && kind != SOFT_RESERVED
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_map))]
mod tests {
    use super::*;
    use crate::abi::e820::RESERVED;

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

    /// Returns the map in order.
    fn sane(entries: &[E820Entry]) -> Map<8> {
        let mut map = map(entries);

        map.sanitize();
        map
    }

    #[test]
    fn entries_are_sorted() {
        assert_eq!(
            sane(&[entry(5, 9, RAM), entry(0, 3, RESERVED)]).entries(),
            [entry(0, 3, RESERVED), entry(5, 9, RAM)]
        );
    }

    #[test]
    fn what_touches_is_joined() {
        assert_eq!(
            sane(&[entry(5, 9, RAM), entry(0, 5, RAM), entry(9, 10, RESERVED)]).entries(),
            [entry(0, 9, RAM), entry(9, 10, RESERVED)]
        );
    }

    #[test]
    fn the_higher_type_wins() {
        assert_eq!(
            sane(&[entry(0, 10, RAM), entry(4, 6, NVS), entry(5, 8, RESERVED)]).entries(),
            [
                entry(0, 4, RAM),
                entry(4, 6, NVS),
                entry(6, 8, RESERVED),
                entry(8, 10, RAM)
            ]
        );
    }

    #[test]
    fn empty_entries_and_no_type_are_dropped() {
        assert_eq!(
            sane(&[entry(3, 3, RESERVED), entry(0, 5, RAM), entry(7, 9, 0)]).entries(),
            [entry(0, 5, RAM)]
        );
        assert_eq!(sane(&[]).entries(), []);
    }

    #[test]
    fn memory_for_a_purpose_keeps_its_boundaries() {
        assert_eq!(
            sane(&[entry(0, 5, PRAM), entry(5, 9, PRAM)]).entries(),
            [entry(0, 5, PRAM), entry(5, 9, PRAM)]
        );
    }

    #[test]
    fn an_entry_that_wraps_ends_at_the_end() {
        let wrapping = E820Entry {
            addr: 0x1000,
            size: u64::MAX,
            kind: RESERVED,
        };

        assert_eq!(
            sane(&[wrapping, entry(0, 0x2000, RAM)]).entries(),
            [entry(0, 0x1000, RAM), entry(0x1000, u64::MAX, RESERVED)]
        );
    }

    #[test]
    fn a_full_map_keeps_the_lowest() {
        let mut map: Map<3> = Map::EMPTY;

        assert_eq!(map.push(entry(0, 10, RAM)), Ok(()));
        assert_eq!(map.push(entry(2, 3, NVS)), Ok(()));
        assert_eq!(map.push(entry(6, 7, NVS)), Ok(()));
        assert_eq!(map.push(entry(20, 21, RAM)), Err(Full));
        map.sanitize();
        assert_eq!(
            map.entries(),
            [entry(0, 2, RAM), entry(2, 3, NVS), entry(3, 6, RAM)]
        );
    }

    #[test]
    fn what_xen_says_it_wrote_is_bounded() {
        let mut map: Map<2> = Map::EMPTY;

        assert_eq!(map.fill(|_| Ok::<_, ()>(5)), Ok(()));
        assert_eq!(map.entries().len(), 2);
        assert_eq!(map.fill(|_| Err(7)), Err(7));
        assert_eq!(map.entries(), []);
    }

    #[test]
    fn ram_is_asked_for_whole() {
        let map = sane(&[entry(10, 20, RAM), entry(20, 30, RESERVED)]);

        assert!(map.is_ram(10, 10));
        assert!(map.is_ram(25, 0));
        assert!(!map.is_ram(15, 6));
        assert!(!map.is_ram(9, 2));
        assert!(!map.is_ram(22, 1));
        assert!(!map.is_ram(15, u64::MAX));
    }

    #[test]
    fn unusable_memory_is_used() {
        let mut map = map(&[entry(0, 5, RAM), entry(5, 9, UNUSABLE)]);

        map.use_unusable();
        map.sanitize();
        assert_eq!(map.entries(), [entry(0, 9, RAM)]);
        assert_eq!(map.end(), 9);
    }
}
