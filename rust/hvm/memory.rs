// SPDX-License-Identifier: GPL-2.0

//! What Xen wants to know, and what it knows, of an HVM guest's memory.
//!
//! C ancestor: `mmu_hvm.c`.

use crate::abi::{
    errno::XenErrno,
    frame::{
        Paddr,
        Pfn, //
    },
    hvm::GetMemType, //
};

/// The hypercalls that this is about.
pub trait Hypervisor {
    /// Says that the address space whose top-level table is at `table` goes.
    fn pagetable_dying(&mut self, table: Paddr) -> Result<(), XenErrno>;
    /// Asks what backs a frame.
    fn mem_type(&mut self, frame: Pfn) -> Result<GetMemType, XenErrno>;
}

/// Returns whether Xen wants to be told of address spaces that go.
///
/// It does where it keeps shadow page tables, which it can drop then.
pub fn wants_dying_pagetables(xen: &mut impl Hypervisor) -> bool {
    xen.pagetable_dying(Paddr::MIN).is_ok()
}

/// Returns whether memory backs the frame with number `raw` of a crashed
/// kernel, as opposed to the device model.
///
/// # Errors
///
/// What Xen said if it does not tell. The frame counts as memory then: better
/// a slow read than a hole in the dump.
pub fn is_ram(xen: &mut impl Hypervisor, raw: u64) -> Result<bool, XenErrno> {
    let frame = Pfn::new(raw).ok_or(XenErrno::EINVAL)?;

    Ok(xen.mem_type(frame)?.is_ram())
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_hvm_memory))]
mod tests {
    use super::*;

    /// A Xen that gives one answer to everything.
    struct Fake {
        answer: Result<(), XenErrno>,
        asked: Option<Pfn>,
        told: Option<Paddr>,
    }

    impl Fake {
        fn new(answer: Result<(), XenErrno>) -> Self {
            Self {
                answer,
                asked: None,
                told: None,
            }
        }
    }

    impl Hypervisor for Fake {
        fn pagetable_dying(&mut self, table: Paddr) -> Result<(), XenErrno> {
            self.told = Some(table);
            self.answer
        }

        fn mem_type(&mut self, frame: Pfn) -> Result<GetMemType, XenErrno> {
            self.asked = Some(frame);
            self.answer.map(|()| GetMemType::new(frame))
        }
    }

    #[test]
    fn xen_is_asked_with_table_zero() {
        let mut xen = Fake::new(Ok(()));

        assert!(wants_dying_pagetables(&mut xen));
        assert_eq!(xen.told, Paddr::new(0));
    }

    #[test]
    fn any_refusal_means_no_interest() {
        for errno in [XenErrno::ENOSYS, XenErrno::EINVAL, XenErrno::EPERM] {
            assert!(!wants_dying_pagetables(&mut Fake::new(Err(errno))));
        }
    }

    #[test]
    fn frames_are_asked_for_by_number() {
        let mut xen = Fake::new(Ok(()));

        assert_eq!(is_ram(&mut xen, 0x1234), Ok(true));
        assert_eq!(xen.asked, Pfn::new(0x1234));
    }

    #[test]
    fn a_refusal_is_handed_on() {
        let mut xen = Fake::new(Err(XenErrno::ENOSYS));

        assert_eq!(is_ram(&mut xen, 1), Err(XenErrno::ENOSYS));
    }

    #[test]
    fn a_number_that_is_no_frame_is_not_asked_for() {
        let mut xen = Fake::new(Ok(()));

        assert_eq!(is_ram(&mut xen, u64::MAX), Err(XenErrno::EINVAL));
        assert_eq!(xen.asked, None);
    }
}
