// SPDX-License-Identifier: GPL-2.0

//! From a kernel address of any kind to what Xen calls it.
//!
//! Xen takes machine addresses from a PV guest. Memory in the direct map is
//! contiguous in the guest's own numbers and needs only the p2m; for all
//! other memory the page tables hold the answer, because a PV guest's page
//! tables hold machine frames. In the other guest modes Xen translates, and
//! what Linux takes for a physical address is what Xen wants.
//!
//! C ancestor: `mmu.c`.

use crate::abi::{
    frame::{
        Maddr,
        Paddr,
        Pfn, //
    },
    p2m::P2mEntry, //
};

/// The tables that translate.
pub trait Tables {
    /// Returns where in the guest's memory `address` is, if it is in the
    /// direct map or the kernel image.
    fn linear(&self, address: u64) -> Option<Paddr>;

    /// Returns what is behind a page: in a PV guest the p2m's entry, elsewhere
    /// the page itself.
    fn frame(&self, page: Pfn) -> P2mEntry;

    /// Returns what the page tables hold for `address`.
    fn walk(&self, address: u64) -> Option<Maddr>;
}

/// Why an address has no machine address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAddress {
    /// Nothing is mapped there.
    Unmapped,
    /// The page has been given back to Xen.
    Missing,
}

/// Returns the machine address of the kernel's `address`.
///
/// # Errors
///
/// Both of [`NoAddress`].
#[inline]
pub fn to_machine(tables: &impl Tables, address: u64) -> Result<Maddr, NoAddress> {
    let Some(physical) = tables.linear(address) else {
        return tables.walk(address).ok_or(NoAddress::Unmapped);
    };
    let frame = tables
        .frame(physical.frame())
        .mfn()
        .ok_or(NoAddress::Missing)?;

    // The offset is smaller than a page, so the sum exists.
    frame
        .base()
        .checked_add(physical.page_offset())
        .ok_or(NoAddress::Missing)
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_translate))]
mod tests {
    use super::*;
    use crate::abi::frame::Mfn;

    /// A direct map at `DIRECT`, one module page at `MODULE`, and a p2m.
    struct Fake;

    const DIRECT: u64 = 0xffff_8880_0000_0000;
    const MODULE: u64 = 0xffff_ffff_c000_0000;

    impl Tables for Fake {
        fn linear(&self, address: u64) -> Option<Paddr> {
            address.checked_sub(DIRECT).and_then(Paddr::new)
        }

        fn frame(&self, page: Pfn) -> P2mEntry {
            match page.get() {
                0 => P2mEntry::Mapped(Mfn::from_raw(0x123)),
                1 => P2mEntry::Foreign(Mfn::from_raw(0x456)),
                2 => P2mEntry::Identity(Mfn::from_raw(2)),
                3 => P2mEntry::Mapped(Mfn::MAX),
                _ => P2mEntry::Missing,
            }
        }

        fn walk(&self, address: u64) -> Option<Maddr> {
            (address == MODULE).then_some(Maddr::from_raw(0x789_0000))
        }
    }

    /// A fake whose direct map holds nothing.
    struct OnlyTables;

    impl Tables for OnlyTables {
        fn linear(&self, _address: u64) -> Option<Paddr> {
            None
        }

        fn frame(&self, _page: Pfn) -> P2mEntry {
            P2mEntry::Missing
        }

        fn walk(&self, address: u64) -> Option<Maddr> {
            Fake.walk(address)
        }
    }

    #[test]
    fn the_direct_map_goes_through_the_p2m() {
        let machine = |offset| to_machine(&Fake, DIRECT + offset).map(Maddr::get);

        assert_eq!(machine(0x7), Ok(0x12_3007));
        assert_eq!(machine(0x1fff), Ok(0x45_6fff));
        assert_eq!(machine(0x2000), Ok(0x2000));
        assert_eq!(machine(0x3fff), Ok(Maddr::MAX.get()));
    }

    #[test]
    fn a_page_that_is_gone_has_no_address() {
        assert_eq!(to_machine(&Fake, DIRECT + 0x4000), Err(NoAddress::Missing));
    }

    #[test]
    fn other_addresses_are_looked_up() {
        assert_eq!(
            to_machine(&OnlyTables, MODULE),
            Ok(Maddr::from_raw(0x789_0000))
        );
        assert_eq!(
            to_machine(&OnlyTables, MODULE + 0x1000),
            Err(NoAddress::Unmapped)
        );
    }
}
