// SPDX-License-Identifier: GPL-2.0

//! Where the grant table is mapped: what `drivers/xen/grant-table.c` asks of the architecture.
//!
//! C ancestor: `grant-table.c`.

#![expect(unsafe_code)]

use kernel::{
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    sync::SetOnce, //
};

use crate::{
    abi::frame::Mfn,
    ffi::contract,
    grant::{
        self,
        Window, //
    },
    raw::{
        bindings,
        domain,
        section::ro_after_init,
        vmarea::VmArea, //
    },
};

contract!(
    arch_gnttab_init(_, _),
    arch_gnttab_map_shared(_, _, _, _),
    arch_gnttab_map_status(_, _, _, _),
    arch_gnttab_unmap(_, _),
);

ro_after_init! {
    /// Where the entries are mapped.
    static SHARED: SetOnce<VmArea> = SetOnce::new();
}

ro_after_init! {
    /// Where the status words of the second version's entries are mapped.
    static STATUS: SetOnce<VmArea> = SetOnce::new();
}

impl Window for VmArea {
    fn pages(&self) -> usize {
        self.pages()
    }

    fn map(&self, index: usize, frame: Mfn) {
        self.map(index, frame);
    }

    fn unmap(&self, index: usize) {
        self.unmap(index);
    }
}

/// Reserves room for `nr_shared` and `nr_status` frames in a PV guest. May sleep.
///
/// There is room for status frames even if this Xen has none: after a migration it may.
///
/// Returns 0 or `-ENOMEM`.
#[no_mangle]
extern "C" fn arch_gnttab_init(nr_shared: c_ulong, nr_status: c_ulong) -> c_int {
    if !domain::is_pv() {
        return 0;
    }
    match reserve(nr_shared, nr_status) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Reserves both ranges, or neither.
fn reserve(shared: usize, status: usize) -> Result {
    let shared = VmArea::new(shared)?;
    let status = VmArea::new(status)?;

    SHARED.populate(shared);
    STATUS.populate(status);
    Ok(())
}

/// Maps `frames` into `window`, and says in `*shared` where, unless the caller knows.
///
/// # Safety
///
/// `frames` must be valid for reads of `count` numbers, `shared` for reads and writes.
unsafe fn map(
    window: &SetOnce<VmArea>,
    frames: *const u64,
    count: c_ulong,
    shared: *mut *mut c_void,
) -> Result {
    let window = window.as_ref().ok_or(ENODEV)?;
    // SAFETY: The caller's promise, for each index below `count`.
    let frames = (0..count).map(|index| unsafe { frames.add(index).read() });

    grant::map(window, count, frames).map_err(|error| match error {
        grant::MapError::TooMany => ENOSPC,
        grant::MapError::NoFrame(_) => EINVAL,
    })?;
    // SAFETY: The caller's promise.
    unsafe {
        if (*shared).is_null() {
            *shared = core::ptr::with_exposed_provenance_mut(window.start());
        }
    }
    Ok(())
}

/// Maps the frames that hold the entries. Also runs on resume, interrupts off.
///
/// Returns 0, `-ENODEV` before [`arch_gnttab_init`] or outside PV, `-ENOSPC` for more frames than
/// it reserved for, `-EINVAL` for a number that no frame has.
///
/// # Safety
///
/// `frames` must be valid for reads of `nr_gframes` numbers, `shared` for reads and writes.
#[no_mangle]
unsafe extern "C" fn arch_gnttab_map_shared(
    frames: *mut bindings::xen_pfn_t,
    nr_gframes: c_ulong,
    _max_nr_gframes: c_ulong,
    shared: *mut *mut c_void,
) -> c_int {
    // SAFETY: The caller's promise.
    match unsafe { map(&SHARED, frames.cast(), nr_gframes, shared) } {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Maps the frames that hold the status words. Otherwise as [`arch_gnttab_map_shared`].
///
/// # Safety
///
/// `frames` must be valid for reads of `nr_gframes` numbers, `shared` for reads and writes.
#[no_mangle]
unsafe extern "C" fn arch_gnttab_map_status(
    frames: *mut u64,
    nr_gframes: c_ulong,
    _max_nr_gframes: c_ulong,
    shared: *mut *mut bindings::grant_status_t,
) -> c_int {
    // SAFETY: The caller's promise.
    match unsafe { map(&STATUS, frames, nr_gframes, shared.cast()) } {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Unmaps the first `nr_gframes` frames of what is mapped at `shared`. Also runs on suspend.
#[no_mangle]
extern "C" fn arch_gnttab_unmap(shared: *mut c_void, nr_gframes: c_ulong) {
    let windows = [SHARED.as_ref(), STATUS.as_ref()].into_iter().flatten();

    for window in windows.filter(|window| window.start() == shared.addr()) {
        grant::unmap(window, nr_gframes);
    }
}

#[cfg(CONFIG_XEN_PVH)]
contract!(xen_pvh_gnttab_setup());

#[cfg(CONFIG_XEN_PVH)]
crate::raw::section::init! {
    /// Gives the grant table of a PVH guest pages of the guest's own numbering. May sleep.
    ///
    /// Returns 0, `-ENODEV` if this is no PVH guest, or what finding the pages failed with.
    #[no_mangle]
    extern "C" fn xen_pvh_gnttab_setup() -> c_int {
        if !domain::is_pvh() {
            return ENODEV.to_errno();
        }
        // SAFETY: Initcalls run one after the other, and the grant table's comes later.
        unsafe {
            let frames = &raw mut bindings::xen_auto_xlat_grant_frames;

            (*frames).count = bindings::gnttab_max_grant_frames();
            bindings::xen_xlate_map_ballooned_pages(
                &raw mut (*frames).pfn,
                &raw mut (*frames).vaddr,
                (*frames).count as c_ulong, // CAST: It widens.
            )
        }
    }
}
