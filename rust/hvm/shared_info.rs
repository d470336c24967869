// SPDX-License-Identifier: GPL-2.0

//! Where an HVM or PVH guest has the page that Xen shares with it.
//!
//! Xen puts the page where the guest asks for it, in place of RAM that is
//! gone then. It is as low as possible, because it breaks up the large page
//! that Xen maps RAM there with, and low memory has few of them. The first page
//! is the firmware's.
//!
//! The page is mapped twice: in boot through a window, later in the direct map,
//! where it stays. On resume Xen puts it into the same place again.
//!
//! C ancestor: `enlighten_hvm.c:48`.

use crate::abi::frame::Pfn;

/// The page at 4 GB: where low memory ends.
pub const LOW_MEMORY_END: Pfn = Pfn::from_raw(1 << 20);

/// What is known of memory in early boot.
pub trait Memory {
    /// Returns whether a page is RAM as a whole.
    fn is_ram(&mut self, page: Pfn) -> bool;
    /// Returns whether any of a page is in use.
    fn is_reserved(&mut self, page: Pfn) -> bool;
}

/// Finds the lowest page that can be given up, below the page `end`.
///
/// Becomes part of its caller, which is freed after boot: it may call what is
/// freed, too.
#[inline(always)]
pub fn place(memory: &mut impl Memory, end: Pfn) -> Option<Pfn> {
    let mut page = Pfn::MIN;

    loop {
        page = page.checked_add(1)?;
        if page >= end {
            return None;
        }
        if memory.is_ram(page) && !memory.is_reserved(page) {
            return Some(page);
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_hvm_shared_info))]
mod tests {
    use super::*;

    /// Sixteen pages, a letter each: `f`ree, `u`sed, or a `h`ole.
    struct Fake(&'static [u8; 16]);

    impl Fake {
        fn letter(&self, page: Pfn) -> Option<u8> {
            self.0.get(usize::try_from(page.get()).ok()?).copied()
        }
    }

    impl Memory for Fake {
        fn is_ram(&mut self, page: Pfn) -> bool {
            matches!(self.letter(page), Some(b'f' | b'u'))
        }

        fn is_reserved(&mut self, page: Pfn) -> bool {
            self.letter(page) == Some(b'u')
        }
    }

    fn found(pages: &'static [u8; 16], end: u64) -> Option<u64> {
        place(&mut Fake(pages), Pfn::new(end)?).map(Pfn::get)
    }

    #[test]
    fn the_lowest_free_page_is_taken_but_not_the_first() {
        assert_eq!(found(b"ffffffffffffffff", 16), Some(1));
        assert_eq!(found(b"fuhuhhhfufffffff", 16), Some(7));
        assert_eq!(found(b"huuuuuuuuuuuuuuf", 16), Some(15));
    }

    #[test]
    fn the_search_ends() {
        assert_eq!(found(b"fuuuuuuuuuuuuuuu", 16), None);
        assert_eq!(found(b"hhhhhhhhhhhhhhhh", 16), None);
        assert_eq!(found(b"fuuuffffffffffff", 4), None);
        assert_eq!(found(b"ffffffffffffffff", 1), None);
        assert_eq!(found(b"ffffffffffffffff", 0), None);
        assert_eq!(found(b"fuuuuuuuuuuuuuuu", 40), None);
    }
}
