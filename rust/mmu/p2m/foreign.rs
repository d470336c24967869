// SPDX-License-Identifier: GPL-2.0

//! Frames of other domains behind pages of this one.
//!
//! A driver has Xen map granted frames, into the kernel or into user space, and gives each a page
//! that was ballooned out. From then on the list says which frame is behind that page, and that it
//! is foreign, so that the page can be used for I/O and its page-table entries can be read back.
//!
//! Each slot of a driver's request has an answer of its own. Drivers look at every status, and
//! unmap what was mapped when another slot failed, so a slot that fails must neither stop those
//! after it nor leave a mapping that nobody knows of.
//!
//! C ancestor: `set_foreign_p2m_mapping()` and `clear_foreign_p2m_mapping()` in `p2m.c`.

use crate::abi::{
    errno::XenErrno,
    frame::{
        Maddr,
        Mfn,
        Pfn, //
    },
    grant::{
        MapGrantRef,
        UnmapGrantRef,
        OKAY, //
    },
    p2m::P2mEntry, //
};

use super::NoEntry;

/// What an answer is before Xen has given one: no status of Xen's is above zero.
const UNANSWERED: i16 = 1;

/// What mapping frames takes.
pub trait Domain {
    /// Returns what is behind a page.
    fn entry(&self, page: Pfn) -> P2mEntry;
    /// Says what is behind a page. May sleep if nobody has before.
    fn set(&mut self, page: Pfn, entry: P2mEntry) -> Result<(), NoEntry>;
    /// Returns the frame in the page-table entry at a machine address.
    fn frame_in(&self, address: Maddr) -> Option<Mfn>;
    /// Has Xen end mappings, and answer each in its status.
    fn unmap(&mut self, mappings: &mut [UnmapGrantRef]) -> Result<(), XenErrno>;
    /// Warns that a page was not ballooned out.
    fn warn_in_use(&mut self, page: Pfn);
    /// Reports mappings that Xen did not end.
    fn report_leak(&mut self, refusal: Option<XenErrno>, statuses: [i16; 2]);
}

/// The page is none of another domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotForeign;

/// Puts the frame that Xen has mapped for a slot behind `page`.
///
/// `user` is the driver's mapping. If it is in user space, `kernel` is a second one of the same
/// frame. Where either was refused nothing is done; the driver sees that in the status. Where the
/// list cannot hold the frame, both mappings are ended and both have failed.
pub fn map(
    domain: &mut impl Domain,
    user: &mut MapGrantRef,
    kernel: Option<&mut MapGrantRef>,
    page: Pfn,
) {
    if !user.is_mapped() || kernel.as_ref().is_some_and(|kernel| !kernel.is_mapped()) {
        return;
    }
    if domain.entry(page) != P2mEntry::Missing {
        domain.warn_in_use(page);
    }
    let known = frame_of(domain, user)
        .is_some_and(|frame| domain.set(page, P2mEntry::Foreign(frame)).is_ok());

    if !known {
        undo(domain, user, kernel);
    }
}

/// Returns the frame that Xen has mapped.
fn frame_of(domain: &impl Domain, mapping: &MapGrantRef) -> Option<Mfn> {
    if mapping.flags & MapGrantRef::CONTAINS_PTE != 0 {
        // Xen was given an entry to write, and tells the frame nowhere else.
        domain.frame_in(Maddr::new(mapping.host_addr)?)
    } else {
        Some(Maddr::new(mapping.dev_bus_addr)?.frame())
    }
}

/// Ends the mappings of a slot at once.
fn undo(domain: &mut impl Domain, user: &mut MapGrantRef, kernel: Option<&mut MapGrantRef>) {
    let second: &MapGrantRef = kernel.as_deref().unwrap_or(user);
    let mut both = [user.undo(UNANSWERED), second.undo(UNANSWERED)];
    let ends = match kernel {
        Some(_) => &mut both[..],
        None => &mut both[..1],
    };

    user.fail();
    if let Some(kernel) = kernel {
        kernel.fail();
    }
    let refusal = domain.unmap(ends).err();

    if refusal.is_some() || ends.iter().any(|end| end.status != OKAY) {
        domain.report_leak(refusal, both.map(|end| end.status));
    }
}

/// Says that nothing is behind `page` any more.
///
/// # Errors
///
/// [`NotForeign`] if no frame of another domain was.
pub fn unmap(domain: &mut impl Domain, page: Pfn) -> Result<(), NotForeign> {
    match domain.entry(page) {
        P2mEntry::Foreign(_) => domain.set(page, P2mEntry::Missing).map_err(|_| NotForeign),
        _ => Err(NotForeign),
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_p2m_foreign))]
mod tests {
    use super::*;
    use crate::abi::grant::{
        GENERAL_ERROR,
        INVALID_HANDLE, //
    };
    use zerocopy::FromZeros;

    /// A page that was ballooned out.
    const PAGE: Pfn = Pfn::from_raw(0x1234);
    /// The frame that Xen maps.
    const FRAME: Mfn = Mfn::from_raw(0x5678);
    /// Where the entry of a user mapping is.
    const ENTRY: Maddr = Maddr::from_raw(0x9_9998);

    /// A domain with one page.
    struct Fake {
        entry: P2mEntry,
        full: bool,
        refusal: Option<XenErrno>,
        answer: i16,
        unmapped: [u32; 2],
        warnings: u32,
        leak: Option<(Option<XenErrno>, [i16; 2])>,
    }

    impl Fake {
        fn new() -> Self {
            Self {
                entry: P2mEntry::Missing,
                full: false,
                refusal: None,
                answer: OKAY,
                unmapped: [0; 2],
                warnings: 0,
                leak: None,
            }
        }
    }

    impl Domain for Fake {
        fn entry(&self, page: Pfn) -> P2mEntry {
            assert_eq!(page, PAGE);
            self.entry
        }

        fn set(&mut self, page: Pfn, entry: P2mEntry) -> Result<(), NoEntry> {
            assert_eq!(page, PAGE);
            if self.full {
                return Err(NoEntry::OutOfMemory);
            }
            self.entry = entry;
            Ok(())
        }

        fn frame_in(&self, address: Maddr) -> Option<Mfn> {
            (address == ENTRY).then_some(FRAME)
        }

        fn unmap(&mut self, mappings: &mut [UnmapGrantRef]) -> Result<(), XenErrno> {
            for (mapping, handle) in mappings.iter_mut().zip(&mut self.unmapped) {
                *handle = mapping.handle;
                if self.refusal.is_none() {
                    mapping.status = self.answer;
                }
            }
            self.refusal.map_or(Ok(()), Err)
        }

        fn warn_in_use(&mut self, _page: Pfn) {
            self.warnings += 1;
        }

        fn report_leak(&mut self, refusal: Option<XenErrno>, statuses: [i16; 2]) {
            self.leak = Some((refusal, statuses));
        }
    }

    /// A mapping in the kernel.
    fn kernel_mapping(handle: u32) -> MapGrantRef {
        MapGrantRef {
            host_addr: 0xffff_8880_0000_0000,
            handle,
            dev_bus_addr: FRAME.base().get(),
            ..MapGrantRef::new_zeroed()
        }
    }

    /// A mapping in user space.
    fn user_mapping(handle: u32) -> MapGrantRef {
        MapGrantRef {
            host_addr: ENTRY.get(),
            flags: MapGrantRef::CONTAINS_PTE,
            handle,
            ..MapGrantRef::new_zeroed()
        }
    }

    #[test]
    fn the_frame_of_a_kernel_mapping_is_known() {
        let mut fake = Fake::new();
        let mut mapping = kernel_mapping(7);

        map(&mut fake, &mut mapping, None, PAGE);
        assert_eq!(fake.entry, P2mEntry::Foreign(FRAME));
        assert_eq!(mapping, kernel_mapping(7));
        assert_eq!(fake.warnings, 0);
        assert_eq!(unmap(&mut fake, PAGE), Ok(()));
        assert_eq!(fake.entry, P2mEntry::Missing);
        assert_eq!(unmap(&mut fake, PAGE), Err(NotForeign));
    }

    #[test]
    fn that_of_a_user_mapping_is_in_its_entry() {
        let mut fake = Fake::new();
        let (mut user, mut kernel) = (user_mapping(7), kernel_mapping(8));

        map(&mut fake, &mut user, Some(&mut kernel), PAGE);
        assert_eq!(fake.entry, P2mEntry::Foreign(FRAME));
        assert!(user.is_mapped() && kernel.is_mapped());
    }

    #[test]
    fn what_xen_refused_is_left_alone() {
        let mut fake = Fake::new();
        let (mut user, mut kernel) = (user_mapping(7), kernel_mapping(8));

        kernel.status = -13;
        map(&mut fake, &mut user, Some(&mut kernel), PAGE);
        assert_eq!((user, kernel.status), (user_mapping(7), -13));

        user.status = -3;
        map(&mut fake, &mut user, None, PAGE);
        assert_eq!(user.status, -3);
        assert_eq!(fake.entry, P2mEntry::Missing);
        assert_eq!(fake.unmapped, [0, 0]);
    }

    #[test]
    fn what_the_list_cannot_hold_is_unmapped_at_once() {
        let mut fake = Fake::new();
        let (mut user, mut kernel) = (user_mapping(7), kernel_mapping(8));

        fake.full = true;
        map(&mut fake, &mut user, Some(&mut kernel), PAGE);
        assert_eq!(fake.unmapped, [7, 8]);
        assert_eq!(fake.leak, None);
        assert_eq!((user.status, user.handle), (GENERAL_ERROR, INVALID_HANDLE));
        assert_eq!(
            (kernel.status, kernel.handle),
            (GENERAL_ERROR, INVALID_HANDLE)
        );
    }

    #[test]
    fn one_mapping_without_a_second_is_no_leak() {
        let mut fake = Fake::new();
        let mut mapping = kernel_mapping(7);

        fake.full = true;
        map(&mut fake, &mut mapping, None, PAGE);
        assert_eq!(fake.unmapped, [7, 0]);
        assert_eq!(fake.leak, None);
        assert_eq!(mapping.handle, INVALID_HANDLE);
    }

    #[test]
    fn a_frame_that_cannot_be_found_fails_the_slot() {
        let mut fake = Fake::new();
        let (mut user, mut kernel) = (user_mapping(7), kernel_mapping(8));

        user.host_addr += 8;
        map(&mut fake, &mut user, Some(&mut kernel), PAGE);
        assert_eq!(fake.entry, P2mEntry::Missing);
        assert_eq!(fake.unmapped, [7, 8]);
        assert_eq!(user.status, GENERAL_ERROR);
    }

    #[test]
    fn a_mapping_that_stays_is_reported() {
        let mut fake = Fake::new();

        fake.full = true;
        fake.answer = -4;
        map(&mut fake, &mut kernel_mapping(7), None, PAGE);
        assert_eq!(fake.leak, Some((None, [-4, UNANSWERED])));

        fake.refusal = Some(XenErrno::EFAULT);
        map(&mut fake, &mut kernel_mapping(7), None, PAGE);
        assert_eq!(
            fake.leak,
            Some((Some(XenErrno::EFAULT), [UNANSWERED, UNANSWERED]))
        );
    }

    #[test]
    fn a_page_in_use_is_warned_of_and_taken() {
        let mut fake = Fake::new();

        fake.entry = P2mEntry::Mapped(Mfn::from_raw(1));
        map(&mut fake, &mut kernel_mapping(7), None, PAGE);
        assert_eq!(fake.warnings, 1);
        assert_eq!(fake.entry, P2mEntry::Foreign(FRAME));
    }
}
