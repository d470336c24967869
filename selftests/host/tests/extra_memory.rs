// SPDX-License-Identifier: GPL-2.0

//! The list of extra memory against a set of pages.

use std::collections::BTreeSet;

use proptest::prelude::*;
use xen_host_tests::guest::extra_memory::{
    add,
    contains,
    remove,
    take,
    Region, //
};

/// Short regions close to each other, some of them empty.
fn region() -> impl Strategy<Value = Region> {
    (0_u64..60, 0_u64..8).prop_map(|(start_pfn, n_pfns)| Region { start_pfn, n_pfns })
}

/// All pages of a region.
fn pages(region: Region) -> std::ops::Range<u64> {
    region.start_pfn..region.start_pfn + region.n_pfns
}

proptest! {
    #[test]
    fn a_page_that_was_added_is_listed_once_unless_the_list_was_full(
        regions in proptest::collection::vec(region(), 0..24),
        emptied in proptest::collection::vec(0_usize..4, 24),
    ) {
        let mut list = [Region::UNUSED; 4];
        let mut model = BTreeSet::new();

        for (added, &hole) in regions.into_iter().zip(&emptied) {
            // C code takes a region out now and then.
            if added.n_pfns == 7 {
                pages(list[hole]).for_each(|pfn| { model.remove(&pfn); });
                list[hole].n_pfns = 0;
            }
            let before = list;

            match add(&mut list, added) {
                Ok(()) => model.extend(pages(added)),
                Err(_) => {
                    prop_assert_eq!(list, before);
                    prop_assert!(list.iter().all(|region| !region.is_unused()));
                }
            }
            let listed: Vec<u64> = list.iter().copied().flat_map(pages).collect();

            prop_assert_eq!(listed.len(), model.len());
            prop_assert_eq!(&listed.into_iter().collect::<BTreeSet<_>>(), &model);
        }
    }

    #[test]
    fn pages_that_are_taken_out_are_not_listed_and_all_others_are(
        regions in proptest::collection::vec(region(), 0..12),
        removed in proptest::collection::vec(region(), 0..12),
    ) {
        let mut list = [Region::UNUSED; 32];
        let mut model = BTreeSet::new();

        for added in regions {
            prop_assert!(add(&mut list, added).is_ok());
            model.extend(pages(added));
        }
        for region in removed {
            prop_assert!(remove(&mut list, region).is_ok());
            pages(region).for_each(|pfn| { model.remove(&pfn); });
        }
        for pfn in 0..70 {
            prop_assert_eq!(contains(&list, pfn), model.contains(&pfn));
        }
        prop_assert_eq!(list.iter().copied().flat_map(pages).count(), model.len());
    }

    #[test]
    fn what_is_taken_is_what_was_listed_below_the_limit(
        regions in proptest::collection::vec(region(), 0..24),
        limit in 0_u64..80,
    ) {
        let mut list = [Region::UNUSED; 32];
        let mut given = Vec::new();

        for &added in &regions {
            prop_assert!(add(&mut list, added).is_ok());
        }
        let count = take(&mut list, limit, |pfn| given.push(pfn));
        let model: BTreeSet<u64> = regions
            .into_iter()
            .flat_map(pages)
            .filter(|&pfn| pfn < limit)
            .collect();

        prop_assert_eq!(usize::try_from(count), Ok(given.len()));
        prop_assert_eq!(given.len(), model.len());
        prop_assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), model);
        prop_assert!(list.iter().all(|region| region.is_unused()));
    }
}
