// SPDX-License-Identifier: GPL-2.0

//! The frames that are to move, noted in the frames themselves.
//!
//! When the pages are found there is no allocator, and there may be hundreds of thousands of them.
//! Moving them later takes page tables for the p2m list, so it has to wait for one. But a page that
//! becomes an identity page leaves a frame behind that nobody uses: each group of them is noted in
//! its own first frame, which no page number leads to any more. Each record names the one before
//! it, and one word, the frame of the last, leads to all.
//!
//! Frames keep their order within a group, so what was contiguous in the machine mostly stays so.
//!
//! C ancestor: `setup.c:289`, `setup.c:453`.

use super::Pages;
use crate::abi::frame::{
    Mfn,
    Pfn, //
};

/// Frames that a record of one page has room for.
pub const MFNS: usize = 509;

/// `INVALID_P2M_ENTRY`: there is no record before this one.
const NONE: u64 = !0;

/// A record: a group of frames, and where it goes.
///
/// Plain words, because any memory is such a record until it is looked at.
#[repr(C)]
pub struct Record<const N: usize> {
    /// The frame of the record before this one.
    next_area_mfn: u64,
    /// The page number that the first frame gets.
    target_pfn: u64,
    /// How many frames there are.
    size: u64,
    /// The frames. The first is the one that holds this.
    mfns: [u64; N],
}

impl<const N: usize> Record<N> {
    /// A record of nothing.
    pub const EMPTY: Self = Self {
        next_area_mfn: NONE,
        target_pfn: 0,
        size: 0,
        mfns: [0; N],
    };
}

/// What was noted is not there any more, or was never possible: memory is corrupted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

/// Access to frames, and to what they are known by.
pub trait Frames<const N: usize> {
    /// Returns the frame behind a page.
    fn frame(&self, page: Pfn) -> Option<Mfn>;
    /// Has [`Frames::record`] mean this frame from now on.
    fn map(&mut self, frame: Mfn);
    /// Returns what is in that frame.
    fn record(&mut self) -> &mut Record<N>;
    /// Gives a frame a page number.
    fn place(&mut self, page: Pfn, frame: Mfn);
    /// Says that these pages have memory now.
    fn fill(&mut self, pages: Pages);
}

/// Notes that the frames behind `pages` go to the pages from `target` on.
///
/// `last` is the frame of the last record; it is another one afterwards.
///
/// # Errors
///
/// [`Broken`] if a page has no frame.
#[inline(always)]
pub fn save<const N: usize, F: Frames<N>>(
    frames: &mut F,
    last: &mut Option<Mfn>,
    pages: Pages,
    target: u64,
) -> Result<(), Broken> {
    let mut left = pages;
    let mut target = target;

    while !left.is_empty() {
        let holder = frame_of(frames, left.start)?;
        let mut size = 0;

        frames.map(holder);
        for index in 0..N {
            if left.is_empty() {
                break;
            }
            let frame = frame_of(frames, left.start)?;

            if let Some(place) = frames.record().mfns.get_mut(index) {
                *place = frame.get();
            }
            left.start += 1;
            size += 1;
        }
        let record = frames.record();

        record.next_area_mfn = last.map_or(NONE, Mfn::get);
        record.target_pfn = target;
        record.size = size;
        *last = Some(holder);
        target = target.saturating_add(size);
    }
    Ok(())
}

/// Returns the frame behind a page.
#[inline(always)]
fn frame_of<const N: usize, F: Frames<N>>(frames: &F, page: u64) -> Result<Mfn, Broken> {
    Pfn::new(page)
        .and_then(|page| frames.frame(page))
        .ok_or(Broken)
}

/// Gives all frames that were noted their page numbers, and returns how many.
///
/// # Errors
///
/// [`Broken`] if a record is not what [`save`] has written.
#[inline(always)]
pub fn restore<const N: usize, F: Frames<N>>(
    frames: &mut F,
    last: Option<Mfn>,
) -> Result<u64, Broken> {
    let mut next = last;
    let mut run: Option<Pages> = None;
    let mut restored = 0;

    while let Some(holder) = next {
        frames.map(holder);
        let pages = place_all(frames, holder)?;

        next = match frames.record().next_area_mfn {
            NONE => None,
            word => Some(Mfn::new(word).ok_or(Broken)?),
        };
        restored += pages.count();
        run = match run.and_then(|run| run.join(pages)) {
            Some(joined) => Some(joined),
            None => {
                if let Some(done) = run {
                    frames.fill(done);
                }
                Some(pages)
            }
        };
    }
    if let Some(done) = run {
        frames.fill(done);
    }
    Ok(restored)
}

/// Gives the frames of the record that is mapped, that of `holder`, their page numbers.
#[inline(always)]
fn place_all<const N: usize, F: Frames<N>>(frames: &mut F, holder: Mfn) -> Result<Pages, Broken> {
    let record = frames.record();
    let start = record.target_pfn;
    let pages = Pages {
        start,
        end: start.checked_add(record.size).ok_or(Broken)?,
    };

    if record.mfns.first() != Some(&holder.get()) {
        return Err(Broken);
    }
    for (index, page) in (pages.start..pages.end).enumerate() {
        let frame = *frames.record().mfns.get(index).ok_or(Broken)?;

        frames.place(
            Pfn::new(page).ok_or(Broken)?,
            Mfn::new(frame).ok_or(Broken)?,
        );
    }
    Ok(pages)
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_record))]
mod tests {
    use super::*;

    /// The first frame of [`Fake`]; page 0 has it at first.
    const BASE: u64 = 0x500;

    /// A machine of 16 frames, each of which holds three numbers of others.
    struct Fake {
        memory: [Record<3>; 16],
        mapped: usize,
        /// What was placed where.
        placed: [u64; 64],
        /// What was filled, and how often.
        filled: [Pages; 8],
        fills: usize,
    }

    impl Fake {
        const fn new() -> Self {
            Self {
                memory: [const { Record::EMPTY }; 16],
                mapped: 0,
                placed: [0; 64],
                filled: [Pages { start: 0, end: 0 }; 8],
                fills: 0,
            }
        }
    }

    impl Frames<3> for Fake {
        fn frame(&self, page: Pfn) -> Option<Mfn> {
            (page.get() < 16).then_some(Mfn::from_raw(BASE + page.get()))
        }

        fn map(&mut self, frame: Mfn) {
            self.mapped = usize::try_from(frame.get() - BASE).unwrap_or(0);
        }

        fn record(&mut self) -> &mut Record<3> {
            &mut self.memory[self.mapped]
        }

        fn place(&mut self, page: Pfn, frame: Mfn) {
            let index = usize::try_from(page.get()).unwrap_or(0);

            assert_eq!(self.placed[index], 0);
            self.placed[index] = frame.get();
        }

        fn fill(&mut self, pages: Pages) {
            self.filled[self.fills] = pages;
            self.fills += 1;
        }
    }

    const fn pages(start: u64, end: u64) -> Pages {
        Pages { start, end }
    }

    #[test]
    fn frames_come_back_in_order() {
        let mut fake = Fake::new();
        let mut last = None;

        assert_eq!(save(&mut fake, &mut last, pages(2, 10), 40), Ok(()));
        assert_eq!(restore(&mut fake, last), Ok(8));
        for offset in 0..8 {
            let index = usize::try_from(40 + offset).unwrap_or(0);

            assert_eq!(fake.placed[index], BASE + 2 + offset);
        }
        assert_eq!(fake.placed[39], 0);
        assert_eq!(fake.placed[48], 0);
        assert_eq!(fake.filled[0], pages(40, 48));
        assert_eq!(fake.fills, 1);
    }

    #[test]
    fn groups_that_do_not_touch_are_filled_apart() {
        let mut fake = Fake::new();
        let mut last = None;

        assert_eq!(save(&mut fake, &mut last, pages(0, 4), 20), Ok(()));
        assert_eq!(save(&mut fake, &mut last, pages(8, 10), 24), Ok(()));
        assert_eq!(save(&mut fake, &mut last, pages(12, 16), 30), Ok(()));
        assert_eq!(restore(&mut fake, last), Ok(10));
        assert_eq!(fake.fills, 2);
        assert_eq!(fake.filled[0], pages(30, 34));
        assert_eq!(fake.filled[1], pages(20, 26));
        assert_eq!(fake.placed[25], BASE + 9);
        assert_eq!(fake.placed[33], BASE + 15);
    }

    #[test]
    fn nothing_was_noted() {
        let mut fake = Fake::new();
        let mut last = None;

        assert_eq!(save(&mut fake, &mut last, pages(5, 5), 40), Ok(()));
        assert_eq!(last, None);
        assert_eq!(restore(&mut fake, last), Ok(0));
        assert_eq!(fake.fills, 0);
    }

    #[test]
    fn a_page_without_a_frame_is_an_error() {
        let mut fake = Fake::new();
        let mut last = None;

        assert_eq!(save(&mut fake, &mut last, pages(14, 18), 40), Err(Broken));
    }

    #[test]
    fn corrupted_records_are_found() {
        let corrupt = |change: fn(&mut Record<3>)| {
            let mut fake = Fake::new();
            let mut last = None;

            assert_eq!(save(&mut fake, &mut last, pages(0, 2), 40), Ok(()));
            change(&mut fake.memory[0]);
            restore(&mut fake, last)
        };

        assert_eq!(corrupt(|_| ()), Ok(2));
        assert_eq!(corrupt(|record| record.mfns[0] += 1), Err(Broken));
        assert_eq!(corrupt(|record| record.mfns[1] = NONE), Err(Broken));
        assert_eq!(corrupt(|record| record.size = 4), Err(Broken));
        assert_eq!(corrupt(|record| record.size = u64::MAX), Err(Broken));
        assert_eq!(corrupt(|record| record.target_pfn = NONE), Err(Broken));
        assert_eq!(
            corrupt(|record| record.next_area_mfn = 1 << 60),
            Err(Broken)
        );
    }
}
