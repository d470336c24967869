// SPDX-License-Identifier: GPL-2.0

//! Regions for devices, whose frames are contiguous.
//!
//! C ancestor: `xen_create_contiguous_region()`, `xen_destroy_contiguous_region()` in `mmu_pv.c`.

use kernel::{
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*, //
};

use super::tables::{
    direct_map,
    linear_machine,
    P2m, //
};
use crate::{
    abi::{
        frame::{
            Mfn,
            Paddr,
            Pfn,
            PAGE_SIZE, //
        },
        memory::{
            MemoryExchange,
            MemoryReservation, //
        },
        p2m::P2mEntry,
        pagetable::{
            Flush,
            Machine,
            Pte, //
        },
    },
    ffi::{
        contract,
        multicall::batch::{
            batch,
            Issue, //
        },
        p2m, //
    },
    mmu::{
        contiguous::{
            self,
            Exchange,
            Region, //
        },
        pte::Frames, //
    },
    raw::{
        address,
        bindings,
        boot_cell::BootCell,
        bug::bug,
        hypercall::memory,
        pagetable::{
            has_struct_pages,
            kernel_flags, //
        },
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

contract!(
    xen_create_contiguous_region(_, _, _, _),
    xen_destroy_contiguous_region(_, _),
);

/// Pages of the regions that there is always a list for, as a power of two: 2 MiB.
const MIN_ORDER: c_uint = 9;

/// That list, which fills a page.
static FIRST: BootCell<FirstList> = BootCell::new(FirstList([0; 1 << MIN_ORDER]));

/// A list that neither begins nor ends amidst other data.
#[repr(C, align(4096))]
struct FirstList([u64; 1 << MIN_ORDER]);

/// The list that is used. Guarded by the lock of reservations.
static LIST: BootCell<List> = BootCell::new(List {
    memory: core::ptr::null_mut(),
    order: MIN_ORDER,
});

/// A list of frames.
#[derive(Clone, Copy)]
struct List {
    /// Where it was allocated; null for the first one.
    memory: *mut u64,
    /// How many frames it has room for, as a power of two.
    order: c_uint,
}

impl List {
    /// Allocates a list. Task context.
    fn allocate(order: c_uint) -> Option<Self> {
        // SAFETY: It may sleep, as we may.
        let address =
            unsafe { bindings::get_free_pages_noprof(bindings::GFP_KERNEL, order - MIN_ORDER) };

        (address != 0).then(|| Self {
            memory: core::ptr::with_exposed_provenance_mut(address),
            order,
        })
    }

    /// Frees it.
    fn free(self) {
        if !self.memory.is_null() {
            let address = self.memory.expose_provenance();

            // SAFETY: It was allocated with this order, and nobody uses it any more.
            unsafe { bindings::free_pages(address, self.order - MIN_ORDER) };
        }
    }
}

/// Does `work` with the lock of reservations held, which guards the list too.
fn locked<T>(work: impl FnOnce(&mut List) -> T) -> T {
    // SAFETY: It is released below.
    let flags = unsafe { bindings::xen_lock_reservation() };
    // SAFETY: One at a time, because of the lock.
    let result = work(unsafe { LIST.get() });

    // SAFETY: It was taken above.
    unsafe { bindings::xen_unlock_reservation(flags) };
    result
}

/// Sees to a list for regions of `order`, and returns whether there is one. Task context, unless
/// one is there already.
fn has_list(order: c_uint) -> bool {
    if order <= locked(|list| list.order) {
        return true;
    }
    // In early boot there is nothing to allocate.
    let Some(new) = has_struct_pages().then(|| List::allocate(order)).flatten() else {
        return false;
    };

    // Somebody else may have been faster.
    locked(|list| {
        if new.order > list.order {
            core::mem::replace(list, new)
        } else {
            new
        }
    })
    .free();
    true
}

/// Returns the memory of the list.
///
/// # Safety
///
/// `list` must be the guarded one, and no other reference to the memory exist.
unsafe fn frames(list: &mut List) -> &mut [u64] {
    if list.memory.is_null() {
        // SAFETY: The caller's promise.
        return &mut unsafe { FIRST.get() }.0;
    }
    // SAFETY: It was allocated with this size; the caller vouches for the rest.
    unsafe { core::slice::from_raw_parts_mut(list.memory, 1 << list.order) }
}

/// Pages of the direct map.
struct Pages {
    /// The first.
    first: Pfn,
    /// How many, as a power of two.
    order: c_uint,
}

impl Pages {
    /// Returns one of them.
    fn at(&self, index: usize) -> Pfn {
        self.first.checked_add(to_u64(index)).unwrap_or(Pfn::MAX)
    }

    /// Fills them with zeros: who has the frames next is to see nothing.
    fn clear(&self) {
        let memory = address::physical_to_linear::<u8>(self.first.base());

        // SAFETY: The caller gives up what is in them.
        unsafe { memory.write_bytes(0, self.len() * to_usize(PAGE_SIZE)) };
    }

    /// Notes which frame a page has, before or after it is mapped.
    fn note(page: Pfn, entry: P2mEntry) {
        // The page is the caller's, and its word in the list exists, as it has had a frame.
        let _ = p2m::set(page, entry);
    }
}

impl Region for Pages {
    fn len(&self) -> usize {
        1 << self.order
    }

    fn frame(&self, index: usize) -> u64 {
        P2m.frame(self.at(index)).map_or(!0, Mfn::get)
    }

    fn page(&self, index: usize) -> u64 {
        self.at(index).get()
    }

    fn take(&self) {
        batch(Issue::Now, |batch| {
            for page in (0..self.len()).map(|index| self.at(index)) {
                batch.remap(direct_map(page), Pte::EMPTY, Flush::None);
                Self::note(page, P2mEntry::Missing);
            }
        });
    }

    fn give(&self, frame: impl Fn(usize) -> Mfn, flush: Flush) {
        batch(Issue::Now, |batch| {
            for index in 0..self.len() {
                let (page, frame) = (self.at(index), frame(index));
                let is_last = index + 1 == self.len();
                let entry = Pte::<Machine>::map(frame, kernel_flags());

                batch.remap(
                    direct_map(page),
                    entry,
                    if is_last { flush } else { Flush::None },
                );
                Self::note(page, P2mEntry::Mapped(frame));
            }
        });
    }
}

/// Xen.
struct Xen;

impl Exchange for Xen {
    fn gather(&self, frames: &mut [u64], page: u64, bits: u32) -> Option<Mfn> {
        let order = frames.len().trailing_zeros();
        let mut first = [page];
        let taken = reservation(frames, 0, 0);
        let given = reservation(&mut first, order, bits);

        exchange(MemoryExchange::new(taken, given), to_u64(frames.len())).then_some(())?;
        first.first().copied().and_then(Mfn::new)
    }

    fn scatter(&self, first: Mfn, pages: &mut [u64]) -> bool {
        let order = pages.len().trailing_zeros();
        let mut first = [first.get()];
        let taken = reservation(&mut first, order, 0);
        let given = reservation(pages, 0, 0);

        exchange(MemoryExchange::new(taken, given), 1)
    }
}

/// Names the frames of a list to Xen.
fn reservation(list: &mut [u64], order: u32, bits: u32) -> MemoryReservation {
    let start = to_u64(list.as_mut_ptr().expose_provenance());

    MemoryReservation::of_order(start, to_u64(list.len()), order, bits)
}

/// Exchanges frames, and returns whether Xen did: all, or none.
fn exchange(request: MemoryExchange, extents: u64) -> bool {
    // SAFETY: The lists are borrowed by the caller until this returns; nobody uses the frames that
    // are given away.
    let (done, answer) = unsafe { memory::exchange(request) };

    match answer {
        Ok(()) if done == extents => true,
        Err(_) if done == 0 => false,
        _ => bug("Xen has exchanged a part of a region"),
    }
}

/// Returns the pages of a region, if there is a list for so many.
fn region(start: bindings::phys_addr_t, order: c_uint) -> Option<Pages> {
    let first = Paddr::new(start)?.frame();

    Some(Pages { first, order })
}

/// Makes the region of `1 << order` pages at physical address `start` contiguous in the machine's
/// memory, with addresses of no more than `bits` bits, and says where it is. Its content is lost.
///
/// May sleep if the region is larger than any before; otherwise any context but NMI.
///
/// # Safety
///
/// The region must be the caller's, and `dma_handle` be valid for a write.
#[no_mangle]
unsafe extern "C" fn xen_create_contiguous_region(
    start: bindings::phys_addr_t,
    order: c_uint,
    bits: c_uint,
    dma_handle: *mut bindings::dma_addr_t,
) -> c_int {
    let Some(region) = region(start, order).filter(|_| has_list(order)) else {
        return ENOMEM.to_errno();
    };

    region.clear();
    let outcome = locked(|list| {
        // SAFETY: It is guarded, and this is the only user.
        contiguous::create(&Xen, &region, unsafe { frames(list) }, bits)
    });
    let machine = linear_machine(direct_map(region.first));

    // SAFETY: The caller's promise.
    unsafe { dma_handle.write(machine.get()) };
    match outcome {
        Ok(true) => 0,
        _ => ENOMEM.to_errno(),
    }
}

/// Gives a contiguous region frames from anywhere. Its content is lost. Any context but NMI.
#[no_mangle]
extern "C" fn xen_destroy_contiguous_region(start: bindings::phys_addr_t, order: c_uint) {
    let Some(region) = region(start, order).filter(|_| order <= locked(|list| list.order)) else {
        return;
    };

    region.clear();
    // There is room: it was looked for.
    let _ = locked(|list| {
        // SAFETY: It is guarded, and this is the only user.
        contiguous::destroy(&Xen, &region, unsafe { frames(list) })
    });
}
