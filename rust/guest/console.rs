// SPDX-License-Identifier: GPL-2.0

//! Which consoles to prefer where the command line names none.
//!
//! The last one added becomes `/dev/console`. `xenboot` is Xen's own console
//! for early messages, `hvc` the domain's console, `tty` the screen, which few
//! guests have.
//!
//! C ancestor: `enlighten.c:306`.

use core::ffi::CStr;

/// What may show messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// None, as far as the kernel knows.
    Absent,
    /// One that the boot loader or Xen has set up.
    Present,
}

/// Returns the consoles in the order in which to add them.
pub const fn order(screen: Screen) -> [&'static CStr; 3] {
    match screen {
        Screen::Absent => [c"xenboot", c"tty", c"hvc"],
        Screen::Present => [c"xenboot", c"hvc", c"tty"],
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_guest_console))]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_is_where_people_look() {
        assert_eq!(order(Screen::Absent), [c"xenboot", c"tty", c"hvc"]);
        assert_eq!(order(Screen::Present), [c"xenboot", c"hvc", c"tty"]);
    }
}
