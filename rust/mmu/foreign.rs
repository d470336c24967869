// SPDX-License-Identifier: GPL-2.0

//! Mapping frames of other domains, and of the machine.
//!
//! Xen takes an array of updates and stops at the first that it refuses. Who asks for single frames
//! gets an answer for each, and those after a refused one are mapped nevertheless; who asks for a
//! range gets it whole, or learns that not.
//!
//! C ancestor: `xen_remap_pfn()` in `mmu_pv.c`.

/// Updates that are made at a time.
pub const CHUNK: usize = 16;

/// Xen, and who asks.
pub trait Mapping {
    /// What Xen says to an update that it refuses.
    type Error: Copy;

    /// Makes updates number `from` and up of a chunk of `count`, and returns how many were made, and
    /// what Xen says to the next one.
    fn update(&mut self, from: usize, count: usize) -> (usize, Result<(), Self::Error>);

    /// Tells who asks for single frames how one of the chunk went, and returns whether anybody does.
    fn tell(&mut self, index: usize, outcome: Result<(), Self::Error>) -> bool;
}

/// Makes a chunk of `count` updates, and returns how many were made, and the last refusal.
///
/// # Errors
///
/// What Xen says to the first update that it refuses, where a range is asked for.
pub fn map<M: Mapping>(
    mapping: &mut M,
    count: usize,
) -> Result<(usize, Option<M::Error>), M::Error> {
    let mut next = 0;
    let mut mapped = 0;
    let mut last = None;

    while next < count {
        let (done, answer) = mapping.update(next, count);
        // Xen does not claim more than it was given.
        let done = done.min(count - next);

        for index in next..next + done {
            mapping.tell(index, Ok(()));
        }
        next += done;
        mapped += done;
        match answer {
            Ok(()) => {
                last = None;
                // Nothing done and nothing wrong: not to be repeated for ever.
                if done == 0 {
                    break;
                }
            }
            Err(error) => {
                if !mapping.tell(next, Err(error)) {
                    return Err(error);
                }
                last = Some(error);
                next += 1;
            }
        }
    }
    Ok((mapped, last))
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_foreign))]
mod tests {
    use super::*;

    /// Refuses some updates.
    struct Fake<'a> {
        refused: &'a [usize],
        single: bool,
        calls: usize,
        told: [i32; 8],
    }

    impl Fake<'_> {
        fn new(refused: &[usize], single: bool) -> Fake<'_> {
            Fake {
                refused,
                single,
                calls: 0,
                told: [7; 8],
            }
        }
    }

    impl Mapping for Fake<'_> {
        type Error = i32;

        fn update(&mut self, from: usize, count: usize) -> (usize, Result<(), i32>) {
            self.calls += 1;
            match (from..count).find(|index| self.refused.contains(index)) {
                Some(index) => (index - from, Err(-14)),
                None => (count - from, Ok(())),
            }
        }

        fn tell(&mut self, index: usize, outcome: Result<(), i32>) -> bool {
            if let Some(place) = self.told.get_mut(index) {
                *place = outcome.err().unwrap_or(0);
            }
            self.single
        }
    }

    #[test]
    fn each_frame_has_its_answer() {
        let mut fake = Fake::new(&[0, 2, 3], true);

        assert_eq!(map(&mut fake, 6), Ok((3, None)));
        assert!(fake.told == [-14, 0, -14, -14, 0, 0, 7, 7]);
        assert_eq!(fake.calls, 4);
    }

    #[test]
    fn a_refusal_at_the_end_is_the_last_word() {
        let mut fake = Fake::new(&[5], true);

        assert_eq!(map(&mut fake, 6), Ok((5, Some(-14))));
        assert!(fake.told == [0, 0, 0, 0, 0, -14, 7, 7]);
    }

    #[test]
    fn a_range_is_whole_or_not() {
        assert_eq!(map(&mut Fake::new(&[], false), 6), Ok((6, None)));
        assert_eq!(map(&mut Fake::new(&[2], false), 6), Err(-14));
        assert_eq!(map(&mut Fake::new(&[], false), 0), Ok((0, None)));
    }

    /// Neither makes updates nor refuses them.
    struct Lazy;

    impl Mapping for Lazy {
        type Error = i32;

        fn update(&mut self, _from: usize, _count: usize) -> (usize, Result<(), i32>) {
            (0, Ok(()))
        }

        fn tell(&mut self, _index: usize, _outcome: Result<(), i32>) -> bool {
            true
        }
    }

    #[test]
    fn it_comes_to_an_end() {
        assert_eq!(map(&mut Lazy, 6), Ok((0, None)));
    }
}
