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
#[cfg(CONFIG_XEN_DOM0)]
pub(crate) mod vga;

/// Fails the build unless each function has the type of its C prototype.
macro_rules! contract {
    ($($function:ident),* $(,)?) => {
        $(const _: () = {
            // Both arms must be of one type, and function items of different types have none but
            // the function pointer.
            let _ = if true { $crate::raw::bindings::$function } else { $function };
        };)*
    };
}
pub(crate) use contract;
