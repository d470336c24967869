// SPDX-License-Identifier: GPL-2.0

//! Regions that are contiguous in the machine's memory.
//!
//! Pages that follow one another here have frames from anywhere, which does not do for devices. So
//! a region's frames are exchanged with Xen for as many that are contiguous, and low enough; and
//! back, when the device is done.
//!
//! While that goes on, the region has no frames: its pages are unmapped and missing from the p2m
//! list. It is a transaction: what Xen gives is mapped, or, if it gives nothing, what was there
//! before. [`Taken`] is the state in between, which is left in one of these two ways only.
//!
//! The callers hold the lock of reservations, with interrupts off.
//!
//! C ancestor: `xen_create_contiguous_region()`, `xen_destroy_contiguous_region()` in `mmu_pv.c`.

use crate::abi::{
    frame::Mfn,
    pagetable::Flush, //
};

/// Pages that get other frames.
pub trait Region {
    /// Returns how many there are, a power of two.
    fn len(&self) -> usize;

    /// Returns the frame of a page as Xen takes it: missing ones have a number that it refuses.
    fn frame(&self, index: usize) -> u64;

    /// Returns the number of a page.
    fn page(&self, index: usize) -> u64;

    /// Takes the frames from all pages: they are unmapped and missing.
    fn take(&self);

    /// Gives each page the frame that `frame` says, and flushes TLBs.
    fn give(&self, frame: impl Fn(usize) -> Mfn, flush: Flush);
}

/// Xen, which deals out frames.
pub trait Exchange {
    /// Has it take the frames in `frames`, and give as many that are contiguous, with addresses of
    /// no more than `bits` bits, to the pages from `page` on. Returns the first.
    fn gather(&self, frames: &mut [u64], page: u64, bits: u32) -> Option<Mfn>;

    /// Has it take as many contiguous frames from `first` on as there are pages in `pages`, and
    /// give these pages others, whose numbers it leaves in `pages`.
    fn scatter(&self, first: Mfn, pages: &mut [u64]) -> bool;
}

/// A list for frames is too short for the region.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// A region without frames.
#[must_use = "its pages are unmapped"]
struct Taken<'a, R: Region>(&'a R);

impl<'a, R: Region> Taken<'a, R> {
    /// Takes the frames.
    fn new(region: &'a R) -> Self {
        region.take();
        Self(region)
    }

    /// Gives it frames that follow one another.
    fn give_from(self, first: Mfn) {
        // A frame beyond the last one is refused by Xen.
        let frame = |index| {
            u64::try_from(index)
                .ok()
                .and_then(|index| first.checked_add(index))
                .unwrap_or(Mfn::MAX)
        };

        self.0.give(frame, flush_for(self.0.len()));
    }

    /// Gives it the frames of a list.
    fn give_list(self, frames: &[u64]) {
        let frame = |index| {
            frames
                .get(index)
                .copied()
                .and_then(Mfn::new)
                .unwrap_or(Mfn::MAX)
        };

        self.0.give(frame, flush_for(self.0.len()));
    }
}

/// Returns what is flushed when a region is mapped again, everywhere.
fn flush_for(pages: usize) -> Flush {
    if pages == 1 {
        Flush::PageAll
    } else {
        Flush::All
    }
}

/// Makes a region contiguous, and returns whether Xen had the memory. If not, nothing has changed.
///
/// # Errors
///
/// [`NoRoom`]; nothing has changed either.
pub fn create<R: Region>(
    xen: &impl Exchange,
    region: &R,
    list: &mut [u64],
    bits: u32,
) -> Result<bool, NoRoom> {
    let frames = list.get_mut(..region.len()).ok_or(NoRoom)?;

    for (index, frame) in frames.iter_mut().enumerate() {
        *frame = region.frame(index);
    }
    let taken = Taken::new(region);

    match xen.gather(frames, region.page(0), bits) {
        Some(first) => {
            taken.give_from(first);
            Ok(true)
        }
        None => {
            taken.give_list(frames);
            Ok(false)
        }
    }
}

/// Gives a contiguous region frames from anywhere. If Xen refuses, it stays what it is.
///
/// # Errors
///
/// [`NoRoom`]; nothing has changed either.
pub fn destroy<R: Region>(xen: &impl Exchange, region: &R, list: &mut [u64]) -> Result<(), NoRoom> {
    let pages = list.get_mut(..region.len()).ok_or(NoRoom)?;
    let first = Mfn::new(region.frame(0)).unwrap_or(Mfn::MAX);

    for (index, page) in pages.iter_mut().enumerate() {
        *page = region.page(index);
    }
    let taken = Taken::new(region);

    if xen.scatter(first, pages) {
        taken.give_list(pages);
    } else {
        taken.give_from(first);
    }
    Ok(())
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_contiguous))]
mod tests {
    use core::cell::{
        Cell,
        RefCell, //
    };

    use super::*;

    /// Four pages from number 40 on, whose frames are these.
    struct Fake {
        frames: RefCell<[Option<u64>; 4]>,
        refuses: bool,
        flushed: Cell<Option<Flush>>,
    }

    impl Fake {
        fn new(frames: [u64; 4]) -> Self {
            Self {
                frames: RefCell::new(frames.map(Some)),
                refuses: false,
                flushed: Cell::new(None),
            }
        }

        fn has(&self, frames: [u64; 4]) -> bool {
            *self.frames.borrow() == frames.map(Some)
        }
    }

    impl Region for Fake {
        fn len(&self) -> usize {
            4
        }

        fn frame(&self, index: usize) -> u64 {
            self.frames
                .borrow()
                .get(index)
                .copied()
                .flatten()
                .unwrap_or(!0)
        }

        fn page(&self, index: usize) -> u64 {
            40 + u64::try_from(index).unwrap_or(0)
        }

        fn take(&self) {
            *self.frames.borrow_mut() = [None; 4];
        }

        fn give(&self, frame: impl Fn(usize) -> Mfn, flush: Flush) {
            for (index, place) in self.frames.borrow_mut().iter_mut().enumerate() {
                *place = Some(frame(index).get());
            }
            self.flushed.set(Some(flush));
        }
    }

    impl Exchange for Fake {
        fn gather(&self, frames: &mut [u64], page: u64, bits: u32) -> Option<Mfn> {
            let taken = self.frames.borrow().iter().all(Option::is_none);

            assert!(taken);
            assert_eq!((page, bits), (40, 32));
            assert!(frames == [7, 3, 9, 1]);
            (!self.refuses).then(|| Mfn::from_raw(0x100))
        }

        fn scatter(&self, first: Mfn, pages: &mut [u64]) -> bool {
            assert_eq!(first.get(), 0x100);
            assert!(pages == [40, 41, 42, 43]);
            if !self.refuses {
                pages.copy_from_slice(&[5, 6, 2, 8]);
            }
            !self.refuses
        }
    }

    #[test]
    fn a_region_becomes_contiguous() {
        let fake = Fake::new([7, 3, 9, 1]);

        assert_eq!(create(&fake, &fake, &mut [0; 8], 32), Ok(true));
        assert!(fake.has([0x100, 0x101, 0x102, 0x103]));
        assert_eq!(fake.flushed.get(), Some(Flush::All));
    }

    #[test]
    fn it_stays_what_it_was_if_xen_has_no_memory() {
        let fake = Fake {
            refuses: true,
            ..Fake::new([7, 3, 9, 1])
        };

        assert_eq!(create(&fake, &fake, &mut [0; 4], 32), Ok(false));
        assert!(fake.has([7, 3, 9, 1]));
    }

    #[test]
    fn it_is_taken_apart_again() {
        let fake = Fake::new([0x100, 0x101, 0x102, 0x103]);

        assert_eq!(destroy(&fake, &fake, &mut [0; 4]), Ok(()));
        assert!(fake.has([5, 6, 2, 8]));
    }

    #[test]
    fn or_stays_contiguous_if_xen_has_no_memory() {
        let frames = [0x100, 0x101, 0x102, 0x103];
        let fake = Fake {
            refuses: true,
            ..Fake::new(frames)
        };

        assert_eq!(destroy(&fake, &fake, &mut [0; 4]), Ok(()));
        assert!(fake.has(frames));
    }

    #[test]
    fn a_list_that_is_too_short_changes_nothing() {
        let fake = Fake::new([7, 3, 9, 1]);

        assert_eq!(create(&fake, &fake, &mut [0; 3], 32), Err(NoRoom));
        assert_eq!(destroy(&fake, &fake, &mut [0; 3]), Err(NoRoom));
        assert!(fake.has([7, 3, 9, 1]));
        assert_eq!(flush_for(1), Flush::PageAll);
    }
}
