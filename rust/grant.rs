// SPDX-License-Identifier: GPL-2.0

//! The grant table's frames in a PV guest's address space.
//!
//! Xen owns the frames of the grant table and names them by machine frame, of
//! which there is no `struct page`. So room for as many as Xen will ever give
//! is reserved once, and frames are mapped into it as the table grows. After
//! resume the frames are others and are mapped at the same addresses, without
//! any allocation.
//!
//! C ancestor: `grant-table.c`.

use crate::abi::frame::Mfn;

/// A reserved range of kernel addresses.
pub trait Window {
    /// Returns how many pages it has.
    fn pages(&self) -> usize;
    /// Maps `frame` at page number `index`.
    fn map(&self, index: usize, frame: Mfn);
    /// Unmaps page number `index`.
    fn unmap(&self, index: usize);
}

/// Why frames cannot be mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// There are more than were reserved for.
    TooMany,
    /// No machine has a frame with this number.
    NoFrame(u64),
}

/// Maps `frames`, of which there are `count`, from the start of the window on.
///
/// # Errors
///
/// Both of [`MapError`]; what comes before a number that is no frame is mapped.
pub fn map(
    window: &impl Window,
    count: usize,
    frames: impl Iterator<Item = u64>,
) -> Result<(), MapError> {
    if count > window.pages() {
        return Err(MapError::TooMany);
    }
    for (index, raw) in frames.take(count).enumerate() {
        window.map(index, Mfn::new(raw).ok_or(MapError::NoFrame(raw))?);
    }
    Ok(())
}

/// Unmaps the first `count` pages of the window.
pub fn unmap(window: &impl Window, count: usize) {
    for index in 0..count.min(window.pages()) {
        window.unmap(index);
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_grant))]
mod tests {
    use super::*;
    use core::cell::Cell;

    /// Three pages.
    struct Fake([Cell<Option<Mfn>>; 3]);

    impl Fake {
        fn new() -> Self {
            Self([const { Cell::new(None) }; 3])
        }

        fn holds(&self, frames: [Option<u64>; 3]) -> bool {
            self.0
                .iter()
                .zip(frames)
                .all(|(page, frame)| page.get().map(Mfn::get) == frame)
        }
    }

    impl Window for Fake {
        fn pages(&self) -> usize {
            self.0.len()
        }

        fn map(&self, index: usize, frame: Mfn) {
            if let Some(page) = self.0.get(index) {
                page.set(Some(frame));
            }
        }

        fn unmap(&self, index: usize) {
            if let Some(page) = self.0.get(index) {
                page.set(None);
            }
        }
    }

    #[test]
    fn frames_are_mapped_in_order() {
        let window = Fake::new();

        assert_eq!(map(&window, 2, [7, 5].into_iter()), Ok(()));
        assert!(window.holds([Some(7), Some(5), None]));
    }

    #[test]
    fn all_of_the_window_can_be_used() {
        let window = Fake::new();

        assert_eq!(map(&window, 3, [1, 2, 3].into_iter()), Ok(()));
        assert!(window.holds([Some(1), Some(2), Some(3)]));
    }

    #[test]
    fn more_than_the_window_is_refused_whole() {
        let window = Fake::new();

        assert_eq!(
            map(&window, 4, [1, 2, 3, 4].into_iter()),
            Err(MapError::TooMany)
        );
        assert!(window.holds([None, None, None]));
    }

    #[test]
    fn a_number_that_is_no_frame_is_refused() {
        let window = Fake::new();

        assert_eq!(
            map(&window, 2, [1, u64::MAX].into_iter()),
            Err(MapError::NoFrame(u64::MAX))
        );
    }

    #[test]
    fn growth_maps_the_old_frames_again() {
        let window = Fake::new();

        assert_eq!(map(&window, 1, [9].into_iter()), Ok(()));
        assert_eq!(map(&window, 2, [9, 8].into_iter()), Ok(()));
        assert!(window.holds([Some(9), Some(8), None]));
    }

    #[test]
    fn unmapping_stops_at_the_window() {
        let window = Fake::new();

        assert_eq!(map(&window, 3, [1, 2, 3].into_iter()), Ok(()));
        unmap(&window, 2);
        assert!(window.holds([None, None, Some(3)]));
        unmap(&window, usize::MAX);
        assert!(window.holds([None, None, None]));
    }
}
