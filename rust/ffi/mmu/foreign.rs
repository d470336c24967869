// SPDX-License-Identifier: GPL-2.0

//! Frames of other domains in user space, and where crash information is.
//!
//! C ancestor: `xen_remap_pfn()`, `paddr_vmcoreinfo_note()` in `mmu_pv.c`.

use core::ops::Range;

use kernel::ffi::{
    c_int,
    c_uint,
    c_ulong,
    c_void, //
};

use super::{
    access::machine_entry,
    tables::linear_machine,
    tlb, //
};
use crate::{
    abi::{
        errno::XenErrno,
        frame::PAGE_SIZE,
        pagetable::{
            MmuUpdate,
            Update,
            SPECIAL, //
        },
    },
    ffi::contract,
    mmu::foreign::{
        self,
        Mapping,
        CHUNK, //
    },
    raw::{
        bindings,
        bug::bug,
        hypercall::mmu,
        pagetable::Slot,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

contract!(xen_remap_pfn(_, _, _, _, _, _, _, _));

/// What is mapped where.
struct Request {
    /// The next frame's number.
    frames: *mut bindings::xen_pfn_t,
    /// Whether there is one only, and the others follow it.
    contiguous: bool,
    /// How its entry is updated.
    how: Update,
    /// With which permissions.
    prot: bindings::pgprot_t,
    /// Updates that were collected.
    updates: [MmuUpdate; CHUNK],
    /// How many there are.
    count: usize,
    /// Whether something else was mapped there, which TLBs may still have.
    replaces: bool,
}

impl Request {
    /// Returns the next frame's number, and goes on to the one after it.
    ///
    /// # Safety
    ///
    /// There must be one.
    unsafe fn next_frame(&mut self) -> c_ulong {
        // SAFETY: The caller's promise.
        let frame = unsafe { self.frames.read() };

        if self.contiguous {
            // SAFETY: As above; it is a copy of the caller's.
            unsafe { self.frames.write(frame.wrapping_add(1)) };
        } else {
            self.frames = self.frames.wrapping_add(1);
        }
        frame
    }
}

/// Collects the update of one entry, as `apply_to_page_range()` goes through them.
///
/// # Safety
///
/// `entry` must be an entry of the last level, and `data` a [`Request`] that nobody else uses.
unsafe extern "C" fn collect(
    entry: *mut bindings::pte_t,
    _address: c_ulong,
    data: *mut c_void,
) -> c_int {
    // SAFETY: The caller's promise.
    let request = unsafe { &mut *data.cast::<Request>() };
    // SAFETY: There are as many frames as there are pages.
    let frame = unsafe { request.next_frame() };
    let value = machine_entry(frame, request.prot).with(SPECIAL);
    // SAFETY: The caller's promise.
    let before = unsafe { Slot::new(entry) }.read();

    request.replaces |= !before.is_none();
    let place = linear_machine(to_u64(entry.addr()));

    if let Some(update) = request.updates.get_mut(request.count) {
        *update = MmuUpdate::new(place, request.how, value);
        request.count += 1;
    }
    0
}

/// The updates of a chunk.
struct Chunk<'a> {
    /// The updates.
    updates: &'a mut [MmuUpdate],
    /// Whose frames they map.
    domain: c_uint,
    /// Where there is an answer for each, or null.
    errors: *mut c_int,
}

impl Mapping for Chunk<'_> {
    type Error = XenErrno;

    fn update(&mut self, from: usize, count: usize) -> (usize, Result<(), XenErrno>) {
        let updates = self.updates.get_mut(from..count).unwrap_or_default();

        // SAFETY: The entries are in a mapping that the caller of `xen_remap_pfn()` fills.
        unsafe { mmu::update(updates, self.domain) }
    }

    fn tell(&mut self, index: usize, outcome: Result<(), XenErrno>) -> bool {
        if self.errors.is_null() {
            return false;
        }
        // SAFETY: There is one for each update.
        unsafe { self.errors.add(index).write(errno(outcome)) };
        true
    }
}

/// Returns C's number for an outcome.
fn errno(outcome: Result<(), XenErrno>) -> c_int {
    outcome.map_or_else(|errno| -errno.get(), |()| 0)
}

/// Maps `nr` frames of domain `domain` from `address` on, and returns how many were mapped, or a
/// refusal. May sleep.
///
/// With `errors`, there is a number for each in `frames`, and an answer for each in `errors`, which
/// may be the same memory. Without, `frames` is the first of a range.
///
/// # Safety
///
/// `vma` must be a mapping for frames without `struct page`, locked, which contains the range.
#[no_mangle]
unsafe extern "C" fn xen_remap_pfn(
    vma: *mut bindings::vm_area_struct,
    address: c_ulong,
    frames: *mut bindings::xen_pfn_t,
    nr: c_int,
    errors: *mut c_int,
    prot: bindings::pgprot_t,
    domain: c_uint,
    no_translate: bool,
) -> c_int {
    const OF_FRAMES: bindings::vm_flags_t = bindings::VM_PFNMAP | bindings::VM_IO;

    // SAFETY: The caller's promise.
    if unsafe { (*vma).__bindgen_anon_2.vm_flags } & OF_FRAMES != OF_FRAMES {
        bug("frames are mapped where pages belong");
    }
    // SAFETY: The caller's promise.
    let mm = unsafe { (&raw const (*vma).vm_mm).read() };
    let mut request = Request {
        frames,
        contiguous: errors.is_null(),
        how: if no_translate {
            Update::NoTranslate
        } else {
            Update::Normal
        },
        prot,
        updates: [MmuUpdate::default(); CHUNK],
        count: 0,
        replaces: false,
    };
    // SAFETY: The caller's promise.
    let outcome = unsafe { remap(&mut request, mm, address, nr, errors, domain) };

    if request.replaces {
        tlb::flush_all();
    }
    outcome
}

/// Does so, chunk by chunk, without the flush.
///
/// # Safety
///
/// As for [`xen_remap_pfn`].
unsafe fn remap(
    request: &mut Request,
    mm: *mut bindings::mm_struct,
    address: c_ulong,
    nr: c_int,
    errors: *mut c_int,
    domain: c_uint,
) -> c_int {
    let total = usize::try_from(nr).unwrap_or(0);
    let mut mapped = 0;
    let mut last = None;

    for start in (0..total).step_by(CHUNK) {
        let count = CHUNK.min(total - start);
        let [from, size] = [start, count].map(|pages| pages * to_usize(PAGE_SIZE));

        request.count = 0;
        // SAFETY: The range is in the mapping, and `data` is what `collect()` expects.
        let failed = unsafe {
            bindings::apply_to_page_range(
                mm,
                address.wrapping_add(from),
                size,
                Some(collect),
                core::ptr::from_mut(request).cast(),
            )
        };

        if failed != 0 {
            // SAFETY: There is one for each frame.
            unsafe { refuse(errors, start..total, failed) };
            return failed;
        }
        let mut chunk = Chunk {
            updates: &mut request.updates,
            domain,
            errors: if errors.is_null() {
                errors
            } else {
                errors.wrapping_add(start)
            },
        };

        match foreign::map(&mut chunk, count) {
            Ok((done, refusal)) => {
                mapped += done;
                last = refusal;
            }
            Err(refusal) => return errno(Err(refusal)),
        }
        // SAFETY: This may sleep.
        unsafe { bindings::rust_helper_cond_resched() };
    }
    match last {
        Some(refusal) => errno(Err(refusal)),
        None => c_int::try_from(mapped).unwrap_or(c_int::MAX),
    }
}

/// Answers frames that no table could be allocated for, where there is an answer for each.
///
/// # Safety
///
/// `errors` must be null, or valid for writes of these elements.
unsafe fn refuse(errors: *mut c_int, frames: Range<usize>, answer: c_int) {
    if errors.is_null() {
        return;
    }
    for index in frames {
        // SAFETY: The caller's promise.
        unsafe { errors.add(index).write(answer) };
    }
}

/// Returns where the note is that crash tools read: in a PV guest, they find it in the machine's
/// memory. Any context.
#[cfg(CONFIG_VMCORE_INFO)]
#[no_mangle]
extern "C" fn paddr_vmcoreinfo_note() -> bindings::phys_addr_t {
    use crate::raw::{
        address,
        domain, //
    };

    // SAFETY: Written in boot only.
    let note = to_u64(unsafe { bindings::vmcoreinfo_note }.addr());
    let place = if domain::is_pv() {
        linear_machine(note).get()
    } else {
        address::known_linear(note).get()
    };

    place
}

#[cfg(CONFIG_VMCORE_INFO)]
contract!(paddr_vmcoreinfo_note());
