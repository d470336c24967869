// SPDX-License-Identifier: GPL-2.0

//! `printk()` as C has it: without the prefix that `pr_*!` puts before every message.
//!
//! Tools and people search the log for these lines, so they stay letter for letter.
//!
//! Valid wherever `_printk()` is: in PV not before `xen_init_irq_ops()`.

#![cfg_attr(CONFIG_PRINTK, expect(unsafe_code))]

use core::ffi::CStr;

use kernel::fmt;

#[cfg(CONFIG_PRINTK)]
use crate::raw::bindings;

/// A log level, as the characters that start a message.
#[derive(Clone, Copy)]
pub(crate) struct Level(&'static CStr);

/// The level of a message that has none, `CONFIG_MESSAGE_LOGLEVEL_DEFAULT`.
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
pub(crate) const DEFAULT: Level = Level(c"%pA");
/// An error.
pub(crate) const ERR: Level = Level(c"\x013%pA");
/// A warning.
pub(crate) const WARNING: Level = Level(c"\x014%pA");
/// A message of some weight.
pub(crate) const NOTICE: Level = Level(c"\x015%pA");
/// A message for everyone.
pub(crate) const INFO: Level = Level(c"\x016%pA");
/// A message for debugging, which is kept but not shown.
pub(crate) const DEBUG: Level = Level(c"\x017%pA");
/// More of the line before.
#[cfg(CONFIG_XEN_PV)]
pub(crate) const CONT: Level = Level(c"\x01c%pA");

/// Goes on in the line with the name of the function that has `address` in it, and a space.
#[cfg(CONFIG_XEN_PV)]
pub(crate) fn symbol(address: usize) {
    #[cfg(CONFIG_PRINTK)]
    // SAFETY: The format has one directive, whose argument is an address that is looked up only.
    unsafe {
        bindings::_printk(c"\x01c%pS ".as_ptr().cast(), address)
    };
    #[cfg(not(CONFIG_PRINTK))]
    let _ = address;
}

/// Prints `message`, which brings its own line ends.
pub(crate) fn print(level: Level, message: fmt::Arguments<'_>) {
    #[cfg(CONFIG_PRINTK)]
    // SAFETY: The formats in this file have one directive, whose argument is a pointer to
    // `fmt::Arguments`.
    unsafe {
        bindings::_printk(
            level.0.as_ptr().cast(),
            core::ptr::from_ref(&message).cast::<core::ffi::c_void>(),
        )
    };
    #[cfg(not(CONFIG_PRINTK))]
    let _ = (level.0, message);
}

/// Prints a formatted message at a level of this module.
macro_rules! printk {
    ($level:expr, $($message:tt)*) => {
        $crate::raw::print::print($level, kernel::prelude::fmt!($($message)*))
    };
}
pub(crate) use printk;

/// Prints a formatted message the first time that it gets here.
macro_rules! printk_once {
    ($($message:tt)*) => {
        kernel::do_once_lite! { $crate::raw::print::printk!($($message)*) }
    };
}
pub(crate) use printk_once;
