// SPDX-License-Identifier: GPL-2.0

//! What to flush on several CPUs, and on which of them.
//!
//! C ancestor: `xen_flush_tlb_multi()` in `mmu_pv.c`, `should_flush_tlb()` in `mm/tlb.c`.

use crate::abi::{
    frame::PAGE_SIZE,
    pagetable::MmuextOp, //
};

/// `TLB_FLUSH_ALL`, as the end of a range.
const ALL: u64 = !0;

/// `LOADED_MM_SWITCHING`: what a CPU has loaded while it loads something else.
const SWITCHING: u64 = 1;

/// Returns whether the TLB of a CPU may have something of an address space.
///
/// The kernel names each CPU that has ever run the address space, and a native CPU takes itself out
/// when it is interrupted for nothing. Xen interrupts CPUs without the kernel's knowledge, so they
/// would stay forever.
///
/// `loaded` is the address of what the CPU has loaded or is about to, and `xen_has_it` tells whether
/// Xen, as far as the CPU has seen, still has the address space at address `space` there. A CPU with
/// neither loads page tables before it looks through them, and Xen empties its TLB then. It sees all
/// updates that Xen had seen before this is asked: the switch has a barrier behind `SWITCHING`.
#[inline(always)]
pub fn may_hold(loaded: u64, space: u64, xen_has_it: impl FnOnce() -> bool) -> bool {
    loaded == space || loaded == SWITCHING || xen_has_it()
}

/// A range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The first address.
    pub start: u64,
    /// The address after the last one, or `!0` for everything.
    pub end: u64,
}

/// Returns what is asked of Xen: one address alone is flushed by itself. For more, Xen would
/// interrupt the CPUs once for each.
#[inline(always)]
pub fn operation(range: Range, vcpus: u64) -> MmuextOp {
    if range.end != ALL && range.end.wrapping_sub(range.start) <= PAGE_SIZE {
        MmuextOp::flush_page_multi(range.start, vcpus)
    } else {
        MmuextOp::flush_multi(vcpus)
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_tlb))]
mod tests {
    use super::*;

    /// Returns what is asked for a range.
    fn asked(start: u64, end: u64) -> MmuextOp {
        operation(Range { start, end }, 0x1000)
    }

    #[test]
    fn who_has_loaded_it_or_is_switching_is_flushed() {
        assert!(may_hold(0x1000, 0x1000, || false));
        assert!(may_hold(SWITCHING, 0x1000, || false));
        assert!(may_hold(0x2000, 0x1000, || true));
        assert!(!may_hold(0x2000, 0x1000, || false));
    }

    #[test]
    fn one_page_is_flushed_by_itself() {
        let page = MmuextOp::flush_page_multi(0x7000, 0x1000);

        assert_eq!(asked(0x7000, 0x8000), page);
        assert_eq!(asked(0x7000, 0x7001), page);
    }

    #[test]
    fn more_is_everything() {
        let all = MmuextOp::flush_multi(0x1000);

        assert_eq!(asked(0x7000, 0x8001), all);
        assert_eq!(asked(0, !0), all);
        assert_eq!(asked(!0 - 0xfff, !0), all);
    }
}
