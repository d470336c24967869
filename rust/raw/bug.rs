// SPDX-License-Identifier: GPL-2.0

//! The end: what to do where going on would destroy somebody's memory.
//!
//! Documentation/differences.rst lists the uses.

#![expect(unsafe_code)]

use kernel::fmt;

use crate::raw::{
    bindings,
    print, //
};

/// Says which invariant is broken, and stops as C's `BUG()` does.
#[cold]
pub(crate) fn bug(broken: &str) -> ! {
    print::printk!(print::ERR, "xen: {}\n", broken);
    // SAFETY: It has no preconditions: it raises an exception that does not return here.
    unsafe { bindings::BUG() }
}

/// Stops the whole machine with a message, as C's `panic()` does.
#[cold]
pub(crate) fn panic(message: fmt::Arguments<'_>) -> ! {
    // SAFETY: The format has one directive, whose argument is a pointer to `fmt::Arguments`.
    unsafe {
        bindings::panic(
            c"%pA".as_ptr().cast(),
            core::ptr::from_ref(&message).cast::<core::ffi::c_void>(),
        )
    }
}

/// Stops unless `outcome` is a success.
pub(crate) fn bug_on_err<T, E>(outcome: Result<T, E>, broken: &str) -> T {
    match outcome {
        Ok(value) => value,
        Err(_) => bug(broken),
    }
}
