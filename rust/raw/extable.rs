// SPDX-License-Identifier: GPL-2.0

//! Loads and stores that survive a fault.
//!
//! Xen's machine-to-physical table has holes where the machine has no RAM, and its page-table
//! entries may refuse a store: an entry in the exception table turns the fault into an answer.
//!
//! Valid in any context once exceptions are handled: in PV after `idt_setup_early_handler()`.
//!
//! C ancestor: `xen_safe_read_ulong()`, `xen_safe_write_ulong()` in `asm/xen/page.h`.

#![expect(unsafe_code)]

use core::arch::asm;

/// An instruction with an entry in the exception table, which says `{fixup}`.
macro_rules! guarded {
    ($instruction:literal) => {
        concat!(
            "2: ",
            $instruction,
            "\n3:\n",
            ".pushsection __ex_table, \"aM\", @progbits, 12\n",
            ".balign 4\n",
            ".long 2b - .\n",
            ".long 3b - .\n",
            ".long {fixup}\n",
            ".popsection",
        )
    };
}

/// The address could not be accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault;

/// `EX_TYPE_EFAULT_REG` for register rax: on a fault, put `-EFAULT` there and go on.
const EFAULT_IN_RAX: i32 = {
    /// `EX_TYPE_IMM_REG`.
    const IMM_REG: i32 = 17;
    /// `EX_DATA_IMM_SHIFT`.
    const IMM_SHIFT: i32 = 16;

    IMM_REG | (-14 << IMM_SHIFT)
};

/// Loads the word at `address`, or returns one of ones if it is unmapped.
///
/// # Safety
///
/// If there is memory at `address`, any word in it is one that the caller may see. It is read
/// once, and may change at any time.
#[inline(always)]
pub(crate) unsafe fn load_or_ones(address: *const u64) -> u64 {
    /// `EX_TYPE_DEFAULT`: on a fault, go on.
    const DEFAULT: i32 = 1;

    let value: u64;

    // SAFETY: Reads one word, or nothing: the exception table catches the fault, and the register
    // stays what it was.
    unsafe {
        asm!(
            guarded!("mov {value}, qword ptr [{address}]"),
            address = in(reg) address,
            value = inout(reg) !0u64 => value,
            fixup = const DEFAULT,
            options(nostack, preserves_flags, readonly),
        );
    }
    value
}

/// Stores `value` at `address`, which may be unmapped or read-only.
///
/// # Errors
///
/// [`Fault`] if it is; nothing has changed then.
///
/// # Safety
///
/// If there is writable memory at `address`, the caller may overwrite a word of it.
#[inline]
pub(crate) unsafe fn store(address: *mut u64, value: u64) -> Result<(), Fault> {
    let error: i64;

    // SAFETY: Writes one word, or nothing: the exception table catches the fault.
    unsafe {
        asm!(
            guarded!("mov qword ptr [{address}], {value}"),
            address = in(reg) address,
            value = in(reg) value,
            fixup = const EFAULT_IN_RAX,
            inout("rax") 0i64 => error,
            options(nostack, preserves_flags),
        );
    }
    if error == 0 {
        Ok(())
    } else {
        Err(Fault)
    }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_extable)]
mod tests {
    use super::*;

    /// The last page there is, which nobody maps: it holds what pointers that are errors point to.
    const UNMAPPED: usize = 0xffff_ffff_ffff_f000;

    #[test]
    fn memory_is_loaded_and_stored() {
        let mut word = 5;
        let address = core::ptr::from_mut(&mut word);

        // SAFETY: `word` is ours.
        assert_eq!(unsafe { store(address, 7) }, Ok(()));
        // SAFETY: `word` is ours.
        assert_eq!(unsafe { load_or_ones(address) }, 7);
    }

    #[test]
    fn a_hole_faults() {
        let hole = core::ptr::without_provenance_mut(UNMAPPED);

        // SAFETY: Nothing is there.
        assert_eq!(unsafe { load_or_ones(hole) }, !0);
        // SAFETY: Nothing is there.
        assert_eq!(unsafe { store(hole, 0) }, Err(Fault));
    }
}
