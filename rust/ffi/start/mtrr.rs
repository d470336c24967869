// SPDX-License-Identifier: GPL-2.0

//! The types of the machine's memory, which MTRRs would tell.
//!
//! C ancestor: `enlighten_pv.c:173`.

use crate::{
    abi::platform::ReadMemtype,
    boot::pv::{
        address_width,
        fill_mtrrs,
        MtrrRange, //
    },
    raw::{
        bindings,
        boot_cell::BootCell,
        cpuid::ask_xen,
        domain,
        hypercall::platform::read_memtype,
        section::{
            init,
            init_data, //
        },
    },
};

/// The type of ordinary memory.
const WRITE_BACK: u8 = bindings::MTRR_TYPE_WRBACK as u8; // CAST: It is 6.
/// The type of memory that nobody has said anything about, where there are ranges.
const UNCACHABLE: u8 = bindings::MTRR_TYPE_UNCACHABLE as u8; // CAST: It is 0.
/// `MTRR_MAX_VAR_RANGES`.
const ROOM: usize = 256;

const _: () = assert!(size_of::<MtrrRange>() == size_of::<bindings::mtrr_var_range>());

init_data! {
    /// What Xen says of it.
    static RANGES: BootCell<[MtrrRange; ROOM]> = BootCell::new([MtrrRange::UNUSED; ROOM]);
}

init! {
    /// Tells the kernel what Xen says, or that all memory is ordinary.
    pub(super) fn set_up() {
        if !domain::is_initial() {
            // SAFETY: Boot code, once.
            unsafe {
                bindings::guest_force_mtrr_state(core::ptr::null_mut(), 0, WRITE_BACK)
            };
            return;
        }
        // SAFETY: Boot code; nobody else borrows it.
        let count = ask(unsafe { RANGES.get() });

        if count != 0 {
            // SAFETY: So many are filled in.
            unsafe {
                bindings::guest_force_mtrr_state(RANGES.as_ptr().cast(), count, UNCACHABLE)
            };
        }
    }
}

/// Asks Xen, and returns for how many ranges there was an answer.
fn ask(ranges: &mut [MtrrRange]) -> u32 {
    let width = address_width(ask_xen(0x8000_0000, 0).eax, || ask_xen(0x8000_0008, 0).eax);

    fill_mtrrs(ranges, width, |reg| {
        read_memtype(ReadMemtype::new(reg)).ok()
    })
}
