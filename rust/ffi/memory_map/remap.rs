// SPDX-License-Identifier: GPL-2.0

//! Frames that move, and frames that go back to Xen.

use core::mem::size_of;

use super::{
    State,
    STATE, //
};
use crate::{
    abi::{
        errno::XenErrno,
        frame::{
            Mfn,
            Pfn,
            PAGE_SIZE, //
        },
        p2m::P2mEntry,
        pagetable::{
            Flush,
            Machine,
            Pte, //
        }, //
    },
    boot::memory_map::{
        record::{
            self,
            Frames,
            Record,
            MFNS, //
        },
        remap::{
            plan,
            Step, //
        },
        Pages, //
    },
    ffi::{
        guest::extra_memory,
        mmu::access::set_pte_mfn,
        p2m as list, //
    },
    raw::{
        address,
        bindings,
        boot_cell::BootCell,
        bug::{
            bug,
            bug_on_err, //
        },
        frames,
        hypercall::{
            memory,
            mmu, //
        },
        p2m,
        pagetable::kernel_flags,
        print::{
            printk,
            INFO,
            WARNING, //
        },
        section::{
            init,
            init_data, //
        },
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// A page whose place in the address space is lent to one record after the other.
#[repr(C, align(4096))]
struct Buffer(Record<MFNS>);

const _: () = assert!(size_of::<Buffer>() as u64 == PAGE_SIZE); // CAST: It widens.

init_data! {
    /// That place. What is in this page itself is not used.
    static BUFFER: BootCell<Buffer> = BootCell::new(Buffer(Record::EMPTY));
}

/// This domain's frames, with one of them mapped.
struct Mapped {
    /// The frame that belongs to [`BUFFER`].
    own: Mfn,
}

impl Mapped {
    /// Begins to map others.
    #[inline(always)]
    fn new() -> Self {
        let own = address::image_to_physical(to_u64(BUFFER.as_ptr().addr()))
            .and_then(|address| p2m::lookup(address.frame()).mfn());

        match own {
            Some(own) => Self { own },
            None => bug("a page of the kernel's has no frame"),
        }
    }

    /// Maps a frame.
    #[inline(always)]
    fn set(&mut self, frame: Mfn) {
        let prot = bindings::pgprot_t {
            pgprot: to_usize(kernel_flags()),
        };

        // Nobody looks at this page but through `record()`, whose reference has ended; the frame is
        // memory of this domain that nothing else is kept in.
        set_pte_mfn(to_u64(BUFFER.as_ptr().expose_provenance()), frame, prot);
    }

    /// Maps the own frame again.
    #[inline(always)]
    fn end(mut self) {
        self.set(self.own);
    }
}

impl Frames<MFNS> for Mapped {
    #[inline(always)]
    fn frame(&self, page: Pfn) -> Option<Mfn> {
        p2m::lookup(page).mfn()
    }

    #[inline(always)]
    fn map(&mut self, frame: Mfn) {
        self.set(frame);
    }

    #[inline(always)]
    fn record(&mut self) -> &mut Record<MFNS> {
        // SAFETY: The page is mapped, any bytes are a record, and the borrow of `self`, of which
        // there is one, ends before another frame is mapped.
        unsafe { &mut BUFFER.get().0 }
    }

    #[inline(always)]
    fn place(&mut self, page: Pfn, frame: Mfn) {
        place(page, frame);
    }

    #[inline(always)]
    fn fill(&mut self, pages: Pages) {
        extra_memory::remove(pages);
        // SAFETY: It was reserved as extra memory, and is memory now.
        unsafe { bindings::memblock_phys_free(pages.address(), pages.bytes()) };
    }
}

/// Gives a frame a page number: in the p2m list, in Xen's table, and in the direct map.
fn place(page: Pfn, frame: Mfn) {
    let failed = if list::set(page, P2mEntry::Mapped(frame)).is_err() {
        "p2m"
    } else if mmu::machphys_update(frame, page).is_err() {
        "m2p"
    } else if is_mapped(page) && set_direct_map(page, kernel_entry(frame)).is_err() {
        "kernel"
    } else {
        return;
    };

    printk!(
        WARNING,
        "Failed to set {} mapping for pfn={} mfn={}\n",
        failed,
        page.get(),
        frame.get()
    );
    bug("a frame cannot be given another number");
}

/// Returns whether the direct map has a page: with "mem=" it may end below, with "memmap=" it may
/// have holes.
fn is_mapped(page: Pfn) -> bool {
    let page = to_usize(page.get());

    // SAFETY: What is mapped changes no more once memory is mapped.
    unsafe { bindings::pfn_range_is_mapped(page, page + 1) }
}

/// Returns the page-table entry of a frame in the kernel.
fn kernel_entry(frame: Mfn) -> Pte<Machine> {
    Pte::<Machine>::map(frame, kernel_flags())
}

/// Writes the entry that maps a page in the direct map.
fn set_direct_map(page: Pfn, entry: Pte<Machine>) -> Result<(), XenErrno> {
    let address = to_u64(address::physical_to_linear::<u8>(page.base()).addr());

    // SAFETY: Either the page had no memory, or it is no memory of ours any more.
    unsafe { mmu::remap(address, entry, Flush::None) }
}

init! {
    /// Makes identity pages of those that are not RAM, and notes which frames are to move.
    pub(super) fn move_frames() {
        // SAFETY: Boot code; who is called below does not know the map.
        let State { map, built, last_record } = unsafe { STATE.get() };

        for step in plan(map.entries(), *built) {
            match step {
                Step::Move { pages, target } => {
                    let mut frames = Mapped::new();

                    bug_on_err(
                        record::save(&mut frames, last_record, pages, target),
                        "a page that Xen built the domain with has no frame",
                    );
                    frames.end();
                }
                Step::Release(pages) => {
                    printk!(
                        WARNING,
                        "Unable to find available pfn range, not remapping identity pages\n"
                    );
                    release(pages);
                }
                Step::Identity(pages) => list::boot::set_identity(pages),
                Step::Unmap(pages) => unmap(pages),
            }
        }
        // SAFETY: Boot code.
        printk!(INFO, "Released {} page(s)\n", unsafe { bindings::xen_released_pages });
    }
}

/// Gives the frames of some pages back to Xen.
fn release(pages: Pages) {
    for page in (pages.start..pages.end).map_while(Pfn::new) {
        let frame = p2m::lookup(page).mfn();
        let Some(frame) = frame.filter(|&frame| is_page_of(frame, page.get())) else {
            continue;
        };
        // SAFETY: The page becomes an identity page, so nobody may use its memory.
        let answer = unsafe { memory::decrease_reservation(frame) };

        if answer != Ok(1) {
            printk!(
                WARNING,
                "Failed to release pfn {:x} err={}\n",
                page.get(),
                answer.map_or_else(|errno| -i64::from(errno.get()), |_| 0)
            );
            return;
        }
        // SAFETY: Boot code.
        unsafe { bindings::xen_released_pages += 1 };
        if list::store(page, P2mEntry::Missing).is_err() {
            return;
        }
    }
}

/// Returns whether Xen knows a frame by this page's number.
fn is_page_of(frame: Mfn, page: u64) -> bool {
    frames::page_of(frame).is_some_and(|known| known.get() == page)
}

/// Ends what the kernel maps of some pages.
fn unmap(pages: Pages) {
    // SAFETY: Boot code.
    let mapped = to_u64(unsafe { bindings::max_pfn_mapped }).saturating_add(1);
    let pages = pages.below(mapped);

    for page in (pages.start..pages.end).filter_map(Pfn::new) {
        // Where nothing is mapped there is nothing to end.
        let _ = set_direct_map(page, Pte::EMPTY);
    }
}

init! {
    /// Gives the frames that were noted their new page numbers, when page tables can be allocated.
    pub(in crate::ffi) fn remap_memory() {
        // SAFETY: Boot code; who is called below does not know the map.
        let last = unsafe { STATE.get() }.last_record.take();
        let mut frames = Mapped::new();
        let moved = bug_on_err(
            record::restore(&mut frames, last),
            "a record of frames is damaged",
        );

        frames.end();
        printk!(INFO, "Remapped {} page(s)\n", moved);
        list::remap::finish();
    }
}
