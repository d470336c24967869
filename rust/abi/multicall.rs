// SPDX-License-Identifier: GPL-2.0

//! A list of hypercalls that Xen executes in one go.
//!
//! C ancestor: `struct multicall_entry` in `include/xen/interface/xen.h`.

use core::{
    cell::Cell,
    mem::{
        offset_of,
        size_of, //
    }, //
};

use super::hypercall::Number;

/// One hypercall of a list: its number, its arguments, and Xen's answer.
///
/// Cells, because Xen writes the answer, and may write over the arguments of a
/// call that it preempts. It does so before the hypercall returns only.
#[derive(Debug)]
#[repr(C)]
pub struct Entry {
    /// The hypercall's number.
    pub op: Cell<u64>,
    /// What Xen answered, as in `rax`.
    pub result: Cell<i64>,
    /// The arguments, as many as the hypercall has.
    pub args: [Cell<u64>; 6],
}

const _: () = {
    assert!(size_of::<Entry>() == 64);
    assert!(offset_of!(Entry, result) == 8);
    assert!(offset_of!(Entry, args) == 16);
};

impl Entry {
    /// Makes an entry of zeros, which calls nothing of use.
    pub const fn new() -> Self {
        Self {
            op: Cell::new(0),
            result: Cell::new(0),
            args: [const { Cell::new(0) }; 6],
        }
    }

    /// Makes an entry for a hypercall of two arguments.
    #[inline(always)]
    pub const fn call(number: Number, [first, second]: [u64; 2]) -> Self {
        let mut entry = Self::new();

        entry.op = Cell::new(number.get());
        entry.args = [
            Cell::new(first),
            Cell::new(second),
            Cell::new(0),
            Cell::new(0),
            Cell::new(0),
            Cell::new(0),
        ];
        entry
    }

    /// Returns whether Xen refused the call.
    #[inline]
    pub fn has_failed(&self) -> bool {
        self.result.get() < 0
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_multicall))]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_number_and_arguments() {
        let entry = Entry::call(Number::EventChannelOp, [4, 0x1000]);

        assert_eq!(entry.op.get(), 32);
        assert_eq!(entry.result.get(), 0);
        assert_eq!(
            entry.args.each_ref().map(Cell::get),
            [4, 0x1000, 0, 0, 0, 0]
        );
    }

    #[test]
    fn negative_answers_are_refusals() {
        let entry = Entry::new();

        assert!(!entry.has_failed());
        entry.result.set(-38);
        assert!(entry.has_failed());
    }
}
