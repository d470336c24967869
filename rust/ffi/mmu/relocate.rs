// SPDX-License-Identifier: GPL-2.0

//! Moving the p2m list, which Xen may have put where the machine has no RAM.
//!
//! It goes to free memory, and is mapped by tables of its own at an address where nothing is yet:
//! Xen may have used the second 512 GiB for it, so it is the third.
//!
//! C ancestor: `xen_relocate_p2m()`, `xen_early_virt_to_phys()` in `mmu_pv.c`.

use super::{
    access::{
        pin_table,
        protect_page, //
    },
    boot::{
        page_at,
        start_info, //
    },
    entry::xen_set_p4d,
    tables::{
        entry,
        P2m, //
    },
};
use crate::{
    abi::{
        frame::{
            Paddr,
            Pfn,
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        pagetable::{
            Level,
            Machine,
            Pte,
            TABLE, //
        },
    },
    ffi::memory_map::find_free_area,
    mmu::{
        pin::Access,
        pte::Frames,
        relocate::{
            Layout,
            Run, //
        },
    },
    raw::{
        address::{
            self,
            KERNEL_IMAGE, //
        },
        bindings,
        bug::bug,
        console,
        pagetable::{
            kernel_flags,
            Table, //
        },
        section::init,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Entry of the top level where the list goes.
const NEW_PLACE: usize = 2;
/// Entry of the top level where Xen may have put it.
const XENS_PLACE: usize = 1;

/// Shows a page of memory to `work`, which need not be in the direct map yet.
///
/// Xen refuses write access to what is a page table already.
#[inline(always)]
fn with_page<T>(page: Pfn, access: Access, work: impl FnOnce(Table) -> T) -> T {
    let (address, size) = (page.base().get(), to_usize(PAGE_SIZE));
    // SAFETY: Boot code; it is memory of this domain.
    let window = unsafe {
        match access {
            Access::ReadOnly => bindings::early_memremap_ro(address, size),
            Access::Writable => bindings::early_memremap(address, size),
        }
    };

    if window.is_null() {
        bug("a page table cannot be mapped");
    }
    // SAFETY: A page is mapped there.
    let result = work(unsafe { Table::new(window) });

    // SAFETY: As it was mapped.
    unsafe { bindings::early_memunmap(window, size) };
    result
}

/// Fills a table with what leads to `below`, and gives it to Xen.
#[inline(always)]
fn build(level: Level, table: Pfn, below: Run) {
    let flags = if level == Level::Pte {
        kernel_flags()
    } else {
        TABLE
    };

    with_page(table, Access::Writable, |table| {
        table.clear();
        for (index, page) in below.pages().enumerate() {
            table.slot(index).write(entry(page, flags));
        }
    });
    protect_page(table, Access::ReadOnly);
    pin_table(level, table);
}

/// Returns the kernel's top-level table.
#[inline(always)]
fn top() -> *mut bindings::p4d_t {
    let cr3 = Paddr::new(to_u64(super::cr3::xen_read_cr3())).unwrap_or(Paddr::MAX);

    address::physical_to_linear(cr3.frame().base())
}

/// Stores an entry of the kernel's top level.
#[inline(always)]
fn set_top(index: usize, value: Pte<Machine>) {
    let value = bindings::p4d_t {
        p4d: to_usize(value.get()),
    };

    // SAFETY: It is an entry of the table that is loaded.
    unsafe { xen_set_p4d(top().wrapping_add(index), value) };
}

/// Returns which page is mapped at an address, by reading the tables where they are: the direct map
/// may not have them.
#[inline(always)]
fn walk(address: u64) -> Option<Pfn> {
    let mut level = Level::Pgd;
    let mut table = page_at(to_u64(top().addr()));

    loop {
        let entry = with_page(table, Access::ReadOnly, |table| {
            table.slot(level.index(address)).read()
        });
        let page = P2m.page(entry.frame()).filter(|_| entry.is_present())?;

        level = match level.below() {
            Some(below) if !entry.is_large() => below,
            _ => return page.checked_add((address & (level.bytes() - 1)) >> PAGE_SHIFT),
        };
        table = page;
    }
}

init! {
    /// Moves the p2m list, and frees the memory of the old one.
    pub(in crate::ffi) fn relocate_p2m() {
        let start = start_info();
        let layout = Layout::new(start.nr_pages());
        let Some(area) = find_free_area(layout.pages() << PAGE_SHIFT) else {
            console::write(
                c"Can't find new memory area for p2m needed due to E820 map conflict\n",
            );
            bug("there is no memory for the p2m list");
        };
        let layout = layout.at(area >> PAGE_SHIFT);

        for level in [Level::Pte, Level::Pmd, Level::Pud] {
            for (number, table) in layout.run(level).pages().enumerate() {
                build(level, table, layout.below(level, to_u64(number)));
            }
        }
        for (number, table) in layout.run(Level::Pud).pages().enumerate() {
            set_top(NEW_PLACE + number, entry(table, TABLE));
        }
        copy(layout);
        let old = walk(start.mfn_list());

        release(Run {
            first: old.map_or(0, Pfn::get),
            count: layout.list().count,
        });
        start.set_mfn_list(new_address());
        start.set_list_pages(layout.run(Level::Pud).first, layout.pages());
    }
}

/// Returns the new address of the list.
#[inline(always)]
fn new_address() -> u64 {
    to_u64(NEW_PLACE) << Level::Pgd.shift()
}

/// Copies the list to its new place, and has it used there.
#[inline(always)]
fn copy(layout: Layout) {
    let words = to_usize(layout.list().count * PAGE_SIZE) / size_of::<usize>();
    let new = core::ptr::with_exposed_provenance_mut::<usize>(to_usize(new_address()));

    // SAFETY: Both have as many words, up to the end of their last page, and are apart.
    unsafe {
        bindings::xen_p2m_addr.copy_to_nonoverlapping(new, words);
        bindings::xen_p2m_addr = new;
    }
}

/// Frees the memory of the old list, and of the tables that have mapped it where those are its own.
#[inline(always)]
fn release(list: Run) {
    let start = start_info();
    let pages = if start.mfn_list() < KERNEL_IMAGE {
        set_top(XENS_PLACE, Pte::EMPTY);
        Run {
            first: start.first_p2m_pfn(),
            count: start.nr_p2m_frames(),
        }
    } else {
        list
    };

    if list.first == 0 {
        bug("the p2m list is not mapped");
    }
    // SAFETY: Boot code; nobody uses them any more.
    unsafe { bindings::memblock_phys_free(pages.first << PAGE_SHIFT, pages.count << PAGE_SHIFT) };
    // The pages of the list itself are writable in the direct map.
    let is_table = |page: &Pfn| !(list.first..list.end()).contains(&page.get());

    for page in pages.pages().filter(is_table) {
        protect_page(page, Access::Writable);
    }
}
