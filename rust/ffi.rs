// SPDX-License-Identifier: GPL-2.0

//! The functions that C and assembly call, as `include/xen-ops.h` and the kernel's headers promise.
//!
//! Each converts what C gives it, calls safe code, and maps the answer to C's conventions.

#[cfg(CONFIG_XEN_PV)]
pub(crate) mod cpu;
pub(crate) mod grant;
pub(crate) mod guest;
pub(crate) mod hvm;
pub(crate) mod mmu;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod p2m;
#[cfg(CONFIG_SMP)]
pub(crate) mod smp;
pub(crate) mod suspend;
pub(crate) mod time;
pub(crate) mod unplug;

#[cfg(CONFIG_XEN_PV)]
pub(crate) mod arch_setup;
#[cfg(CONFIG_XEN_EFI)]
pub(crate) mod efi;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod memory_map;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod multicall;
#[cfg(CONFIG_XEN_PVH)]
pub(crate) mod pvh;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod start;
#[cfg(CONFIG_XEN_DOM0)]
pub(crate) mod vga;

/// Fails the build unless each function has the type of its C prototype.
///
/// Each is listed with a `_` for every parameter: a safe function and the unsafe declaration of C
/// have only a function pointer in common, and before Rust 1.86 that has to be named.
macro_rules! contract {
    ($($function:ident($($parameter:tt),*)),* $(,)?) => {
        $(const _: () = {
            let ours: unsafe extern "C" fn($($parameter),*) -> _ = $function;
            let _ = [ours, $crate::raw::bindings::$function];
        };)*
    };
}
pub(crate) use contract;
