// SPDX-License-Identifier: GPL-2.0

//! Pages that the domain has numbers for, but no memory yet.
//!
//! Boot code finds them in the memory map and in what Xen promised beyond.
//! They are kept away from the allocator, and listed: later the balloon
//! populates them, or drivers use their numbers for other domains' pages.
//!
//! The list is a fixed array that C code writes too, whose unused entries have
//! no pages, in any place. Here it is a set: what touches or overlaps becomes
//! one region, because a page that is listed twice would be given out twice.
//!
//! Callers: boot code on one CPU.
//!
//! C ancestor: `enlighten.c:464`.

/// A run of pages: `struct xen_memory_region`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Region {
    /// The first page.
    pub start_pfn: u64,
    /// How many there are; 0 where the entry is unused.
    pub n_pfns: u64,
}

impl Region {
    /// An unused entry.
    pub const UNUSED: Self = Self {
        start_pfn: 0,
        n_pfns: 0,
    };

    /// Returns the first page after it.
    const fn end(self) -> u64 {
        self.start_pfn.saturating_add(self.n_pfns)
    }

    /// Returns whether the entry is unused.
    pub const fn is_unused(self) -> bool {
        self.n_pfns == 0
    }

    /// Returns the region of all pages from `start_pfn` up to `end`.
    const fn between(start_pfn: u64, end: u64) -> Self {
        Self {
            start_pfn,
            n_pfns: end.saturating_sub(start_pfn),
        }
    }

    /// Returns this and another region as one, if no page lies between them.
    fn join(self, other: Self) -> Option<Self> {
        let touch = self.start_pfn <= other.end() && other.start_pfn <= self.end();

        (touch && !other.is_unused()).then(|| {
            Self::between(
                self.start_pfn.min(other.start_pfn),
                self.end().max(other.end()),
            )
        })
    }

    /// Returns its part from a page on.
    #[allow(dead_code, reason = "CONFIG_XEN_PV has its one use")]
    const fn from(self, limit: u64) -> Self {
        let start = self.start_pfn;

        Self::between(if start > limit { start } else { limit }, self.end())
    }

    /// Returns its part below a page.
    #[allow(dead_code, reason = "CONFIG_XEN_UNPOPULATED_ALLOC has its one use")]
    const fn below(self, limit: u64) -> Self {
        let end = self.end();

        Self::between(self.start_pfn, if end < limit { end } else { limit })
    }
}

/// The list has no entry left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// Adds pages.
///
/// # Errors
///
/// [`Full`], and the list is as before.
pub fn add(list: &mut [Region], added: Region) -> Result<(), Full> {
    let mut whole = added;

    if added.is_unused() {
        return Ok(());
    }
    for region in list.iter_mut() {
        if let Some(joined) = whole.join(*region) {
            whole = joined;
            *region = Region::UNUSED;
        }
    }
    let place = list.iter_mut().find(|region| region.is_unused());

    *place.ok_or(Full)? = whole;
    Ok(())
}

/// Takes pages out of the list: they have got memory.
///
/// # Errors
///
/// [`Full`], where pages remained below and above, and the list had no second entry for those above:
/// they are lost.
#[allow(dead_code, reason = "CONFIG_XEN_PV has its one use")]
pub fn remove(list: &mut [Region], removed: Region) -> Result<(), Full> {
    let mut rest = Region::UNUSED;

    for region in list.iter_mut() {
        let below = region.below(removed.start_pfn);
        let above = region.from(removed.end());

        *region = match (below.is_unused(), above.is_unused()) {
            (true, true) => Region::UNUSED,
            (true, false) => above,
            (false, true) => below,
            (false, false) => {
                rest = above;
                below
            }
        };
    }
    add(list, rest)
}

/// Returns whether a page is in the list.
#[allow(dead_code, reason = "CONFIG_XEN_PV has its one use")]
pub fn contains(list: &[Region], pfn: u64) -> bool {
    list.iter()
        .any(|region| region.start_pfn <= pfn && pfn < region.end())
}

/// Gives away all pages below `limit`, and forgets all others; returns how many were given.
#[allow(dead_code, reason = "CONFIG_XEN_UNPOPULATED_ALLOC has its one use")]
pub fn take(list: &mut [Region], limit: u64, mut give: impl FnMut(u64)) -> u64 {
    let mut given = 0_u64;

    for region in list {
        let part = core::mem::take(region).below(limit);

        (part.start_pfn..part.end()).for_each(&mut give);
        given = given.saturating_add(part.n_pfns);
    }
    given
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_guest_extra_memory))]
mod tests {
    use super::*;

    const fn region(start_pfn: u64, n_pfns: u64) -> Region {
        Region { start_pfn, n_pfns }
    }

    /// Adds regions to a list of three, in order, and returns it.
    fn list(regions: &[Region]) -> [Region; 3] {
        let mut list = [Region::UNUSED; 3];

        for &added in regions {
            assert_eq!(add(&mut list, added), Ok(()));
        }
        list
    }

    #[test]
    fn regions_apart_have_entries_of_their_own() {
        assert_eq!(
            list(&[region(10, 5), region(16, 1)]),
            [region(10, 5), region(16, 1), Region::UNUSED]
        );
    }

    #[test]
    fn regions_that_touch_are_one() {
        let one = [region(10, 10), Region::UNUSED, Region::UNUSED];

        assert_eq!(list(&[region(10, 5), region(15, 5)]), one);
        assert_eq!(list(&[region(15, 5), region(10, 5)]), one);
        assert_eq!(list(&[region(10, 2), region(18, 2), region(12, 6)]), one);
    }

    #[test]
    fn regions_that_overlap_are_one() {
        let one = [region(10, 10), Region::UNUSED, Region::UNUSED];

        assert_eq!(list(&[region(10, 8), region(13, 7)]), one);
        assert_eq!(list(&[region(10, 10), region(10, 10)]), one);
        assert_eq!(list(&[region(12, 2), region(10, 10)]), one);
        assert_eq!(list(&[region(10, 10), region(12, 2)]), one);
    }

    #[test]
    fn no_pages_are_no_region() {
        assert_eq!(list(&[region(10, 0)]), [Region::UNUSED; 3]);
        assert_eq!(
            list(&[region(10, 5), region(15, 0)]),
            [region(10, 5), Region::UNUSED, Region::UNUSED]
        );
    }

    #[test]
    fn an_entry_that_c_emptied_is_used_again() {
        let mut list = [region(5, 0), region(10, 5), region(20, 5)];

        assert_eq!(add(&mut list, region(30, 1)), Ok(()));
        assert_eq!(list, [region(30, 1), region(10, 5), region(20, 5)]);
    }

    #[test]
    fn a_full_list_stays_as_it_is() {
        let mut full = list(&[region(10, 1), region(20, 1), region(30, 1)]);
        let before = full;

        assert_eq!(add(&mut full, region(40, 1)), Err(Full));
        assert_eq!(full, before);
        assert_eq!(add(&mut full, region(31, 9)), Ok(()));
        assert_eq!(full, [region(10, 1), region(20, 1), region(30, 10)]);
    }

    #[test]
    fn numbers_do_not_wrap() {
        assert_eq!(
            list(&[region(u64::MAX - 1, 9), region(0, 1)]),
            [region(u64::MAX - 1, 9), region(0, 1), Region::UNUSED]
        );
    }

    #[test]
    fn pages_are_taken_out_wherever_they_are() {
        let from_list = |start_pfn, n_pfns| {
            let mut list = list(&[region(10, 10), region(30, 10)]);
            let removed = remove(&mut list, region(start_pfn, n_pfns));

            removed.map(|()| list)
        };

        assert_eq!(
            from_list(10, 4),
            Ok([region(14, 6), region(30, 10), Region::UNUSED])
        );
        assert_eq!(
            from_list(16, 4),
            Ok([region(10, 6), region(30, 10), Region::UNUSED])
        );
        assert_eq!(
            from_list(12, 3),
            Ok([region(10, 2), region(30, 10), region(15, 5)])
        );
        assert_eq!(
            from_list(15, 20),
            Ok([region(10, 5), region(35, 5), Region::UNUSED])
        );
        assert_eq!(
            from_list(20, 10),
            Ok([region(10, 10), region(30, 10), Region::UNUSED])
        );
        assert_eq!(from_list(0, 100).map(|list| contains(&list, 15)), Ok(false));
    }

    #[test]
    fn of_a_full_list_the_upper_part_is_lost() {
        let mut full = list(&[region(10, 10), region(30, 10), region(50, 10)]);

        assert_eq!(remove(&mut full, region(13, 2)), Err(Full));
        assert_eq!(full, [region(10, 3), region(30, 10), region(50, 10)]);
    }

    #[test]
    fn listed_pages_are_found() {
        let list = list(&[region(10, 2), region(20, 1)]);

        assert!(contains(&list, 10));
        assert!(contains(&list, 11));
        assert!(contains(&list, 20));
        assert!(!contains(&list, 9));
        assert!(!contains(&list, 12));
        assert!(!contains(&list, 0));
    }

    #[test]
    fn each_page_is_given_once_and_the_list_is_empty() {
        let mut list = list(&[region(10, 2), region(20, 1)]);
        let (mut sum, mut count) = (0, 0);

        let given = take(&mut list, 100, |pfn| {
            sum += pfn;
            count += 1;
        });
        assert_eq!(given, 3);
        assert_eq!(count, 3);
        assert_eq!(sum, 10 + 11 + 20);
        assert_eq!(list, [Region::UNUSED; 3]);
    }

    #[test]
    fn pages_from_the_limit_up_are_not_given() {
        let mut list = list(&[region(10, 5), region(20, 5), region(30, 5)]);
        let mut last = 0;

        assert_eq!(take(&mut list, 22, |pfn| last = pfn), 7);
        assert_eq!(last, 21);
        assert_eq!(list, [Region::UNUSED; 3]);
    }
}
