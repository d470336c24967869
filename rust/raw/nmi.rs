// SPDX-License-Identifier: GPL-2.0

//! Whether this CPU handles an NMI. Valid in any context.
//!
//! C ancestor: `in_nmi()`.

#![expect(unsafe_code)]

use crate::raw::{
    bindings,
    percpu::PerCpu, //
};

// SAFETY: `__preempt_count` is a per-CPU variable of 4 or 8 bytes; the flags are in its lower half.
const COUNT: PerCpu<u32> = unsafe { PerCpu::new((&raw const bindings::__preempt_count).cast()) };

/// Returns whether it does.
#[inline(always)]
pub(crate) fn in_nmi() -> bool {
    COUNT.read() & bindings::RUST_CONST_HELPER_NMI_MASK != 0
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
        assert!(matches!(
            bindings::RUST_CONST_HELPER_NMI_MASK,
            0x1000_0000 | 0xf000_0000
        ));
    }
}
