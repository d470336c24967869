// SPDX-License-Identifier: GPL-2.0

//! What the initial domain is told of the machine: screen, keys and disks.
//!
//! C ancestor: `enlighten_pv.c:1512`, `enlighten_pv.c:1254`.

#[cfg(CONFIG_EDD)]
use core::mem::size_of;

use super::{
    hooks,
    start_info, //
};
#[cfg(CONFIG_EDD)]
use crate::raw::word::to_u64;
use crate::{
    abi::platform::FirmwareInfo,
    raw::{
        bindings,
        hypercall::firmware_info,
        section::init, //
    },
};

init! {
    /// Fills in what only the initial domain has.
    pub(super) fn set_up() {
        #[cfg(CONFIG_XEN_DOM0)]
        show_screen();
        start_info().clear_console();

        // SAFETY: The question names no buffer.
        if let Ok(answer) = unsafe { firmware_info(FirmwareInfo::kbd_shift_flags()) } {
            // SAFETY: Boot code, on the one CPU.
            unsafe { bindings::boot_params.kbd_status = answer.keys() };
        }
        hooks::use_dom0();
        #[cfg(CONFIG_EDD)]
        describe_disks();
    }
}

#[cfg(CONFIG_XEN_DOM0)]
init! {
    /// Describes the screen, of which Xen has left a record behind what it says of the domain.
    fn show_screen() {
        let start = start_info();
        let console = start.console().dom0();
        let record = start.address().wrapping_add(u64::from(console.info_off));

        // SAFETY: Xen has left so many bytes there.
        unsafe {
            crate::ffi::vga::init(
                core::ptr::with_exposed_provenance(crate::raw::word::to_usize(record)),
                console.info_size as usize, // CAST: It widens.
                &raw mut bindings::boot_params.screen_info,
            );
        }
    }
}

#[cfg(CONFIG_EDD)]
init! {
    /// Describes the disks that the BIOS knows.
    fn describe_disks() {
        let disks = (&raw mut bindings::boot_params.eddbuf).cast::<bindings::edd_info>();
        let signatures = &raw mut bindings::boot_params.edd_mbr_sig_buffer;
        let disks_room = bindings::EDDMAXNR as usize; // CAST: It widens.
        let disks_used = (0..disks_room)
            // SAFETY: There is room for so many, and boot code has it alone.
            .take_while(|&index| unsafe { describe_disk(disks.wrapping_add(index), index) })
            .count();
        let signed = (0..bindings::EDD_MBR_SIG_MAX)
            // SAFETY: The question names no buffer.
            .map_while(|index| unsafe { firmware_info(FirmwareInfo::disk_signature(index)) }.ok())
            .zip(0..)
            .map(|(answer, index)| {
                // SAFETY: There is room for so many, and boot code has it alone.
                unsafe {
                    signatures
                        .cast::<u32>()
                        .wrapping_add(index)
                        .write_unaligned(answer.signature());
                }
            })
            .count();

        // CAST: Few.
        // SAFETY: Boot code, on the one CPU.
        unsafe {
            bindings::boot_params.eddbuf_entries = disks_used as u8;
            bindings::boot_params.edd_mbr_sig_buf_entries = signed as u8;
        }
    }
}

/// Describes one disk, and returns whether there is such a one.
///
/// # Safety
///
/// `disk` must be valid for writes.
#[cfg(CONFIG_EDD)]
unsafe fn describe_disk(disk: *mut bindings::edd_info, index: usize) -> bool {
    // SAFETY: The caller's promise.
    let params = unsafe { &raw mut (*disk).params };
    let size = size_of::<bindings::edd_device_params>() as u16; // CAST: 74.

    // The record begins with its size.
    // SAFETY: As above.
    unsafe { params.cast::<u16>().write_unaligned(size) };
    let question = FirmwareInfo::disk(index as u32, to_u64(params.expose_provenance())); // CAST: Few.
                                                                                         // SAFETY: The buffer is valid for its size, which it names.
    let Ok(answer) = (unsafe { firmware_info(question) }) else {
        return false;
    };
    let info = answer.disk_info();

    // SAFETY: The caller's promise.
    unsafe {
        (*disk).device = info.device;
        (*disk).version = info.version;
        (*disk).interface_support = info.interface_support;
        (*disk).legacy_max_cylinder = info.legacy_max_cylinder;
        (*disk).legacy_max_head = info.legacy_max_head;
        (*disk).legacy_sectors_per_track = info.legacy_sectors_per_track;
    }
    true
}
