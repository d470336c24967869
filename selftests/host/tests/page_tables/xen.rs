// SPDX-License-Identifier: GPL-2.0

//! A hypervisor that keeps Xen's rules of page tables.
//!
//! Each frame has a type and a count of those who need it to be of that type: a frame cannot be
//! written by somebody and a page table for somebody else. A table gets its type when all of its
//! entries were found to be right, and keeps it as long as it is pinned or in a table of the level
//! above.

use std::collections::BTreeMap;

use xen_host_tests::abi::{
    frame::{
        Mfn,
        Pfn,
        PAGE_SHIFT, //
    },
    pagetable::{
        Level,
        ACCESSED,
        DIRTY,
        FRAME,
        PRESENT,
        RW, //
    },
};

/// What Xen says to what it refuses.
pub(crate) type Refusal = String;

/// Where the domain's first frame is.
const FIRST_FRAME: u64 = 0x1000;
/// Below here, an entry that is not present is what L1TF can use.
const L1TF_SAFE: u64 = 1 << 50;

/// What a frame is used as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    /// Nothing in particular.
    None,
    /// Somebody can write it.
    Writable,
    /// It is a page table.
    Table(Level),
}

/// A frame of the domain's.
#[derive(Clone, Debug)]
struct Frame {
    words: BTreeMap<usize, u64>,
    kind: Type,
    count: u32,
    pinned: bool,
    /// Whether the direct map of the guest can write it.
    direct_map: bool,
}

/// The machine, as this domain sees it.
#[derive(Clone, Debug)]
pub(crate) struct Xen {
    frames: Vec<Frame>,
    /// Stores that Xen had to emulate.
    pub(crate) emulated: u32,
    /// Updates of entries that were asked for.
    pub(crate) updates: u32,
}

impl Xen {
    /// Makes a domain of `pages` pages, all of which can be written.
    pub(crate) fn new(pages: usize) -> Self {
        let frame = Frame {
            words: BTreeMap::new(),
            kind: Type::Writable,
            count: 1,
            pinned: false,
            direct_map: true,
        };

        Self {
            frames: vec![frame; pages],
            emulated: 0,
            updates: 0,
        }
    }

    /// Returns the frame behind a page: not in order, so that a mix-up is found.
    pub(crate) fn frame_of(&self, page: Pfn) -> Option<Mfn> {
        let count = self.frames.len() as u64;

        (page.get() < count).then(|| Mfn::new(FIRST_FRAME + count - 1 - page.get()).unwrap())
    }

    /// Returns the page of a frame.
    pub(crate) fn page_of(&self, frame: Mfn) -> Option<Pfn> {
        let index = frame.get().checked_sub(FIRST_FRAME)?;

        Pfn::new((self.frames.len() as u64).checked_sub(index + 1)?)
    }

    fn index(&self, frame: u64) -> Result<usize, Refusal> {
        let index = frame.checked_sub(FIRST_FRAME).map(|index| index as usize);

        index
            .filter(|&index| index < self.frames.len())
            .ok_or_else(|| format!("frame {frame:#x} is not the domain's"))
    }

    fn index_of(&self, page: Pfn) -> usize {
        self.index(self.frame_of(page).unwrap().get()).unwrap()
    }

    /// Returns what a page is used as.
    pub(crate) fn kind(&self, page: Pfn) -> Type {
        self.frames[self.index_of(page)].kind
    }

    /// Returns whether the guest can write a page in the direct map.
    pub(crate) fn is_writable(&self, page: Pfn) -> bool {
        self.frames[self.index_of(page)].direct_map
    }

    /// Reads a word, as the guest or the CPU does.
    pub(crate) fn read(&self, page: Pfn, index: usize) -> u64 {
        let frame = &self.frames[self.index_of(page)];

        frame.words.get(&index).copied().unwrap_or(0)
    }

    /// Needs a frame to be of a type.
    fn get(&mut self, index: usize, kind: Type) -> Result<(), Refusal> {
        let frame = &self.frames[index];

        if frame.count > 0 && frame.kind != kind {
            return Err(format!("{:?} is needed as {kind:?}", frame.kind));
        }
        if frame.count == 0 {
            if let Type::Table(level) = kind {
                let words: Vec<u64> = frame.words.values().copied().collect();

                for (number, &word) in words.iter().enumerate() {
                    if let Err(refusal) = self.take(level, word) {
                        for &word in &words[..number] {
                            self.drop_entry(level, word);
                        }
                        return Err(refusal);
                    }
                }
            }
            self.frames[index].kind = kind;
        }
        self.frames[index].count += 1;
        Ok(())
    }

    /// Ends that.
    fn put(&mut self, index: usize) {
        self.frames[index].count -= 1;
        if self.frames[index].count > 0 {
            return;
        }
        if let Type::Table(level) = self.frames[index].kind {
            for word in self.frames[index].words.clone().into_values() {
                self.drop_entry(level, word);
            }
        }
        self.frames[index].kind = Type::None;
    }

    /// Checks an entry, and needs what it leads to.
    fn take(&mut self, level: Level, entry: u64) -> Result<(), Refusal> {
        if entry & PRESENT == 0 {
            let address = entry & FRAME;

            return if address == 0 || address >= L1TF_SAFE {
                Ok(())
            } else {
                Err(format!("entry {entry:#x} can be used by L1TF"))
            };
        }
        let index = self.index((entry & FRAME) >> PAGE_SHIFT)?;

        match level.below() {
            Some(below) => self.get(index, Type::Table(below)),
            None if entry & RW != 0 => self.get(index, Type::Writable),
            None => Ok(()),
        }
    }

    /// Ends that.
    fn drop_entry(&mut self, level: Level, entry: u64) {
        let leads = entry & PRESENT != 0 && (level != Level::Pte || entry & RW != 0);

        if leads {
            let index = self.index((entry & FRAME) >> PAGE_SHIFT).unwrap();

            self.put(index);
        }
    }

    /// Updates an entry at a machine address, whose low bits say how.
    pub(crate) fn update(&mut self, place: u64, value: u64) -> Result<(), Refusal> {
        self.updates += 1;
        let index = self.index(place >> PAGE_SHIFT)?;
        let Type::Table(level) = self.frames[index].kind else {
            return Err("an update of what is no page table".to_owned());
        };
        let entry = (place as usize & 0xfff) / 8;
        let old = self.frames[index].words.get(&entry).copied().unwrap_or(0);
        let kept = match place & 7 {
            0 => 0,
            2 => old & (ACCESSED | DIRTY),
            how => return Err(format!("update of kind {how}")),
        };

        self.take(level, value | kept)?;
        self.frames[index].words.insert(entry, value | kept);
        self.drop_entry(level, old);
        Ok(())
    }

    /// Stores a word, as the guest does through the direct map.
    pub(crate) fn store(&mut self, page: Pfn, entry: usize, value: u64) -> Result<(), Refusal> {
        let index = self.index_of(page);

        if self.frames[index].direct_map {
            self.frames[index].words.insert(entry, value);
            return Ok(());
        }
        if self.frames[index].kind != Type::Table(Level::Pte) {
            return Err("a store to what is read-only".to_owned());
        }
        self.emulated += 1;
        let place = self.frame_of(page).unwrap().get() << PAGE_SHIFT | entry as u64 * 8;

        self.update(place, value)
    }

    /// Sets bits in an entry, as the CPU does.
    pub(crate) fn touch(&mut self, page: Pfn, entry: usize, bits: u64) {
        let index = self.index_of(page);

        *self.frames[index].words.entry(entry).or_insert(0) |= bits;
    }

    /// Maps a page in the direct map.
    pub(crate) fn remap(&mut self, page: Pfn, writable: bool) -> Result<(), Refusal> {
        let index = self.index_of(page);

        match (self.frames[index].direct_map, writable) {
            (false, true) => self.get(index, Type::Writable)?,
            (true, false) => self.put(index),
            _ => {}
        }
        self.frames[index].direct_map = writable;
        Ok(())
    }

    /// Pins a table.
    pub(crate) fn pin(&mut self, level: Level, frame: u64) -> Result<(), Refusal> {
        let index = self.index(frame)?;

        self.get(index, Type::Table(level))?;
        if self.frames[index].pinned {
            return Err("a table is pinned twice".to_owned());
        }
        self.frames[index].pinned = true;
        Ok(())
    }

    /// Unpins a table.
    pub(crate) fn unpin(&mut self, frame: u64) -> Result<(), Refusal> {
        let index = self.index(frame)?;

        if !self.frames[index].pinned {
            return Err("a table that is not pinned is unpinned".to_owned());
        }
        self.frames[index].pinned = false;
        self.put(index);
        Ok(())
    }
}
