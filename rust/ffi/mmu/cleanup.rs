// SPDX-License-Identifier: GPL-2.0

//! When page tables can be allocated: the rest of them is built, and what Xen has mapped and nobody
//! needs any more goes.
//!
//! C ancestor: `xen_pagetable_init()`, `xen_cleanhighmap()`, `xen_cleanmfnmap()` in `mmu_pv.c`.

use super::{
    access::{
        protect_page,
        unpin_table, //
    },
    boot::{
        page_at,
        start_info,
        table, //
    },
    entry::{
        xen_set_p4d,
        xen_set_pmd,
        xen_set_pud, //
    },
    ops,
    tables::P2m,
};
use crate::{
    abi::{
        frame::{
            Pfn,
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        pagetable::{
            Level,
            ENTRIES, //
        },
    },
    ffi::{
        memory_map,
        multicall,
        p2m, //
    },
    mmu::{
        pin::Access,
        pte::Frames,
        relocate::Run, //
    },
    raw::{
        address::{
            self,
            KERNEL_IMAGE, //
        },
        bindings,
        pagetable::{
            Slot,
            Table, //
        },
        preempt::PreemptOff,
        section::init,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

init! {
    /// Builds the kernel's page tables, and brings the p2m list to where it stays.
    pub(super) extern "C" fn xen_pagetable_init() {
        // SAFETY: Boot code, once, in this order.
        unsafe {
            ops::use_set_pte();
            bindings::paging_init();
            ops::use_final_ops();
        }
        p2m::boot::vmalloc_p2m_tree();
        free_old_list();
        clean_start();
        start_info().set_mfn_list(list_address());
        p2m::tools::build_mfn_list_list();
        memory_map::remap_memory();
        p2m::tools::setup_mfn_list_list();
    }
}

/// Returns where the p2m list is.
fn list_address() -> u64 {
    // SAFETY: Written in boot only.
    to_u64(unsafe { bindings::xen_p2m_addr }.addr())
}

/// Returns the next multiple of `unit`, a power of two.
#[inline(always)]
fn round_up(number: u64, unit: u64) -> u64 {
    number.next_multiple_of(unit)
}

init! {
    /// Frees the p2m list that Xen has built, with what maps it.
    fn free_old_list() {
        let start = start_info();
        let list = start.mfn_list();
        let size = round_up(start.nr_pages().wrapping_mul(8), PAGE_SIZE);

        // The new one may be the old one, if there was no memory.
        if list == list_address() {
            return;
        }
        let words = core::ptr::with_exposed_provenance_mut::<u8>(to_usize(list));

        // SAFETY: It is there and nobody uses it; who still does finds no frame.
        unsafe { words.write_bytes(0xff, to_usize(size)) };
        if list >= KERNEL_IMAGE {
            clean_image(list, list + round_up(size, Level::Pmd.bytes()));
            let pages = Run {
                first: page_at(list).get(),
                count: size >> PAGE_SHIFT,
            };

            free(pages);
        } else {
            clean_list(list);
        }
    }
}

init! {
    /// Gives pages to the allocator.
    fn free(pages: Run) {
        // SAFETY: Boot code; nobody uses them any more.
        unsafe {
            bindings::memblock_phys_free(
                pages.first << PAGE_SHIFT,
                pages.count << PAGE_SHIFT,
            )
        };
    }
}

init! {
    /// Unmaps what Xen has mapped behind the kernel image: its first page tables and the boot stack.
    fn clean_start() {
        let start = start_info();
        let tables = start.pt_base();
        let end = tables + start.nr_pt_frames() * PAGE_SIZE;

        // Xen maps up to a multiple of 4 MiB.
        clean_image(tables, round_up(end, 2 * Level::Pmd.bytes()));
        let linear = address::physical_to_linear::<u8>(address::known_linear(tables));

        start.set_pt_base(to_u64(linear.addr()));
    }
}

init! {
    /// Unmaps what is mapped from `start` to `end`, with both, at addresses of the kernel image but
    /// is no part of it.
    fn clean_image(start: u64, end: u64) {
        let unit = Level::Pmd.bytes();
        // SAFETY: Written in boot only.
        let brk_end = to_u64(unsafe { bindings::_brk_end });
        let image = to_u64((&raw const bindings::_text).addr())..round_up(brk_end, unit);
        let addresses = (start..=end).step_by(to_usize(unit));

        for (index, address) in (Level::Pmd.index(start)..ENTRIES).zip(addresses) {
            let slot = table!(level2_kernel_pgt).slot(index);

            if !slot.read().is_none() && !image.contains(&address) {
                empty(Level::Pmd, slot);
            }
        }
        // If that was wrong, it shall crash here.
        multicall::flush(PreemptOff::new().stays_here());
    }
}

init! {
    /// Empties an entry.
    fn empty(level: Level, slot: Slot) {
        let place = to_usize(slot.address());

        // SAFETY: It is an entry of this level; what was mapped is not used any more.
        unsafe {
            match level {
                Level::Pgd => xen_set_p4d(
                    core::ptr::with_exposed_provenance_mut(place),
                    bindings::p4d_t { p4d: 0 },
                ),
                Level::Pud => xen_set_pud(
                    core::ptr::with_exposed_provenance_mut(place),
                    bindings::pud_t { pud: 0 },
                ),
                _ => xen_set_pmd(
                    core::ptr::with_exposed_provenance_mut(place),
                    bindings::pmd_t { pmd: 0 },
                ),
            }
        }
    }
}

init! {
    /// Frees the list at an address outside the kernel's part of the address space, where it is
    /// alone, with its page tables.
    fn clean_list(list: u64) {
        let top = table!(init_top_pgt).slot(Level::Pgd.index(list));
        // What was moved has tables that were pinned one by one.
        let are_pinned = list == 2 << Level::Pgd.shift();

        if !top.read().is_none() {
            clean(Level::Pgd, top, are_pinned);
        }
    }
}

init! {
    /// Frees all that an entry leads to, the lower levels first.
    fn clean(level: Level, slot: Slot, are_pinned: bool) {
        let entry = slot.read();
        let (Some(page), Some(below)) = (P2m.page(entry.frame()), level.below()) else {
            return;
        };

        if entry.is_large() {
            free_protected(Run {
                first: page.get(),
                count: level.bytes() >> PAGE_SHIFT,
            });
            return;
        }
        // SAFETY: The entry leads to a table, which nobody changes but us.
        let table = unsafe { Table::of(page) };

        for slot in (0..ENTRIES).map(|index| table.slot(index)) {
            let entry = slot.read();

            if entry.is_none() {
                continue;
            }
            if below != Level::Pte {
                clean(below, slot, are_pinned);
            } else if let Some(page) = P2m.page(entry.frame()) {
                free_page(page);
            }
        }
        empty(level, slot);
        if are_pinned {
            unpin_table(page);
        }
        free_page(page);
    }
}

init! {
    /// Makes a page writable and frees it.
    fn free_page(page: Pfn) {
        free_protected(Run { first: page.get(), count: 1 });
    }
}

init! {
    /// Makes pages writable and frees them.
    fn free_protected(pages: Run) {
        for page in pages.pages() {
            protect_page(page, Access::Writable);
        }
        free(pages);
    }
}
