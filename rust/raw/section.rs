// SPDX-License-Identifier: GPL-2.0

//! Placement: what is freed after boot, what becomes read-only, what is seldom written.
//!
//! modpost complains of code that stays but refers to code or data that is freed. It reads
//! symbols, not Rust: a closure or a generic function instantiated in an init function lands in
//! `.text`. So init functions are plain `fn`s that call policy, and only they name init data.
//!
//! A `static` whose value is zero lands in `.bss`, which PV and PVH clear after their first
//! functions have run: what those write has to be placed by one of these macros.
//!
//! C ancestor: `__init`, `__ref`, `__initdata`, `__ro_after_init`, `__read_mostly`.

/// Places a function that runs during boot only; its memory is freed afterwards.
macro_rules! init {
    ($function:item) => {
        #[link_section = ".init.text"]
        $function
    };
}
pub(crate) use init;

/// Places a function that stays, but calls functions and uses data that are freed: it does so during
/// boot only. It must not be inlined into another one.
#[cfg_attr(not(CONFIG_XEN_PV), expect(unused_macros))]
macro_rules! init_ref {
    ($function:item) => {
        #[link_section = ".ref.text"]
        #[inline(never)]
        $function
    };
}
#[cfg_attr(not(CONFIG_XEN_PV), expect(unused_imports))]
pub(crate) use init_ref;

/// Places a static that is used during boot only; its memory is freed afterwards.
macro_rules! init_data {
    ($variable:item) => {
        #[link_section = ".init.data"]
        $variable
    };
}
pub(crate) use init_data;

/// Places a static that is written during boot only, and write-protected afterwards.
macro_rules! ro_after_init {
    ($variable:item) => {
        #[link_section = ".data..ro_after_init"]
        $variable
    };
}
pub(crate) use ro_after_init;

/// Places a static that is read often and written seldom, away from those that are written often.
macro_rules! read_mostly {
    ($variable:item) => {
        #[link_section = ".data..read_mostly"]
        $variable
    };
}
pub(crate) use read_mostly;
