// SPDX-License-Identifier: GPL-2.0

//! Whether this CPU handles an NMI. Valid in any context.
//!
//! C ancestor: `in_nmi()`.

use crate::raw::{
    bindings,
    preempt::count, //
};

/// Returns whether it does.
#[inline(always)]
pub(crate) fn in_nmi() -> bool {
    count::read() & bindings::RUST_CONST_HELPER_NMI_MASK != 0
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_nmi)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_no_nmi() {
        assert!(!in_nmi());
    }

    #[test]
    fn the_flags_are_where_the_kernel_counts_nmis() {
        assert_eq!(bindings::RUST_CONST_HELPER_NMI_MASK, 0xf000_0000);
    }
}
