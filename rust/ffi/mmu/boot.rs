// SPDX-License-Identifier: GPL-2.0

//! The kernel's first page tables.
//!
//! Xen starts a guest with page tables that map the kernel image, the p2m list and a little more at
//! the addresses of the image. The kernel brings tables of its own, with page numbers where machine
//! frames have to be. Here the two are grafted: our tables of the upper levels lead to a copy of
//! Xen's second level, once for the image and once for the direct map, which begins small; the rest
//! of it is built when memory can be allocated. Then ours are pinned and loaded, and Xen's unpinned.
//!
//! Before that there is no direct map, and memory is seen at the addresses of the image only.
//!
//! C ancestor: `xen_setup_kernel_pagetable()` in `mmu_pv.c`.

use super::{
    access::{
        self,
        pin_table,
        unpin_table, //
    },
    ops,
    tables::{
        entry,
        P2m, //
    },
};
use crate::{
    abi::{
        frame::{
            Mfn,
            Pfn,
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        pagetable::{
            Flush,
            Level,
            Pte,
            ENTRIES,
            KERNEL_TABLE,
            NX,
            TABLE, //
        },
        start_info::StartInfo,
    },
    ffi::memory_map,
    mmu::{
        pte::{
            self,
            Frames, //
        },
        relocate::Run,
    },
    raw::{
        address::{
            self,
            KERNEL_IMAGE, //
        },
        bindings,
        boot_cell::BootCell,
        bug::{
            bug,
            bug_on_err, //
        },
        domain,
        hypercall::memory,
        pagetable::{
            kernel_flags,
            read_only_flags,
            Table, //
        },
        section::{
            init,
            init_data, //
        },
        shared::{
            self,
            Shared, //
        },
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

init_data! {
    /// The pages of those of Xen's tables that are still in use.
    static XENS_TABLES: BootCell<Run> = BootCell::new(Run { first: 0, count: 0 });
}

init! {
    /// Has the kernel use what is here. PV start.
    pub(in crate::ffi) fn init_ops() {
        let dummy = (&raw mut bindings::xen_dummy_mapping).cast::<u8>();

        ops::use_ops();
        // SAFETY: Boot code. The dummy is a page, which nobody reads yet.
        unsafe {
            dummy.write_bytes(0xff, to_usize(PAGE_SIZE));
        }
    }
}

init! {
    /// Finds Xen's machine-to-physical table. PV start.
    pub(in crate::ffi) fn setup_machphys_mapping() {
        /// `MACH2PHYS_NR_ENTRIES`: words that fit in its place in the address space.
        const MAX: u64 = 0x40_0000_0000 / 8;

        // SAFETY: Boot code.
        unsafe {
            match memory::machphys_mapping() {
                Ok(mapping) => {
                    bindings::machine_to_phys_mapping =
                        core::ptr::with_exposed_provenance_mut(to_usize(mapping.v_start));
                    bindings::machine_to_phys_nr = to_usize(mapping.max_mfn.wrapping_add(1));
                }
                Err(_) => bindings::machine_to_phys_nr = to_usize(MAX),
            }
        }
    }
}

/// Returns what Xen told this PV guest.
#[inline(always)]
pub(super) fn start_info() -> Shared<StartInfo> {
    match shared::start_info() {
        Some(start) => start,
        None => bug("a PV guest has no start_info"),
    }
}

/// Returns which page an address in the kernel image or the direct map is in.
#[inline(always)]
pub(super) fn page_at(address: u64) -> Pfn {
    address::known_linear(address).frame()
}

/// Returns where a page of page tables is seen before there is a direct map.
#[inline(always)]
fn in_image(page: Pfn) -> Table {
    let address = KERNEL_IMAGE.wrapping_add(page.get() << PAGE_SHIFT);

    // SAFETY: Xen maps its tables there.
    unsafe {
        Table::new(core::ptr::with_exposed_provenance_mut::<u64>(to_usize(
            address,
        )))
    }
}

/// Returns the table that an entry of Xen's leads to.
#[inline(always)]
fn xens_table(table: Table, index: usize) -> Table {
    match P2m.page(table.slot(index).read().frame()) {
        Some(page) => in_image(page),
        None => bug("Xen's page tables are not this domain's"),
    }
}

/// Names one of the kernel's own tables.
macro_rules! table {
    ($name:ident) => {
        // SAFETY: It is a table, of which only boot code knows.
        unsafe { Table::new(&raw mut bindings::$name) }
    };
}
pub(super) use table;

/// Makes machine frames of the page numbers in a table that the kernel was built with.
#[inline(always)]
fn convert(table: Table) {
    for slot in (0..ENTRIES).map(|index| table.slot(index)) {
        slot.write(pte::to_machine(&P2m, Pte::from_raw(slot.read().get())));
    }
}

/// Changes the mapping of a table, at the address of the image.
#[inline(always)]
fn remap(table: Table, flags: u64, flush: Flush) {
    access::remap(
        table.address(),
        entry(page_at(table.address()), flags),
        flush,
    );
}

/// Links our tables, and copies Xen's second level, `image`, into them.
#[inline(always)]
fn graft(top: Table, image: Table) {
    let link = |upper: Table, index: usize, lower: Table, flags: u64| {
        upper
            .slot(index)
            .write(entry(page_at(lower.address()), flags));
    };
    /// `__PAGE_OFFSET_BASE_L4`.
    const DIRECT_MAP: u64 = 0xffff_8880_0000_0000;

    let direct = table!(level2_ident_pgt);

    top.slot(0).write(Pte::EMPTY);
    link(
        top,
        Level::Pgd.index(DIRECT_MAP),
        table!(level3_ident_pgt),
        KERNEL_TABLE,
    );
    link(
        top,
        Level::Pgd.index(KERNEL_IMAGE),
        table!(level3_kernel_pgt),
        TABLE,
    );
    link(table!(level3_ident_pgt), 0, direct, KERNEL_TABLE);
    convert(table!(level3_kernel_pgt));
    convert(table!(level2_fixmap_pgt));
    // Both lead to the same tables of the last level.
    direct.copy_from(image);
    table!(level2_kernel_pgt).copy_from(image);

    // So it is here that the direct map loses the permission to execute.
    // SAFETY: Written in boot only.
    let no_execute = to_u64(unsafe { bindings::__supported_pte_mask }) & NX;

    for slot in (0..ENTRIES).map(|index| direct.slot(index)) {
        let entry = slot.read();

        if !entry.is_none() {
            slot.write(entry.with(no_execute));
        }
    }
}

/// Makes our tables read-only.
#[inline(always)]
fn protect() {
    let fixmap = table!(level1_fixmap_pgt);
    let pages = u64::from(bindings::RUST_CONST_HELPER_XEN_FIXMAP_PMD_NUM);

    for table in [
        table!(init_top_pgt),
        table!(level3_ident_pgt),
        table!(level3_kernel_pgt),
        table!(level2_ident_pgt),
        table!(level2_kernel_pgt),
        table!(level2_fixmap_pgt),
    ] {
        remap(table, read_only_flags(), Flush::None);
    }
    for page in 0..pages {
        let address = fixmap.address() + page * PAGE_SIZE;

        access::remap(
            address,
            entry(page_at(address), read_only_flags()),
            Flush::None,
        );
    }
}

/// Makes memory of one of Xen's tables, which is not used any more, if it is at an end of the area.
#[inline(always)]
fn reuse(area: Run, table: Table) -> Run {
    let rest = area.without(page_at(table.address()).get());

    if rest != area {
        remap(table, kernel_flags(), Flush::Page);
        table.clear();
    }
    rest
}

/// Returns the last page of the first mappings, with which the direct map begins.
#[inline(always)]
fn last_mapped(start: Shared<StartInfo>) -> u64 {
    let list = start.mfn_list();

    if list < KERNEL_IMAGE {
        start.first_p2m_pfn()
    } else {
        page_at(list).get()
    }
}

init! {
    /// Replaces Xen's page tables by our own. PV start.
    ///
    /// # Safety
    ///
    /// They must be loaded.
    pub(in crate::ffi) unsafe fn setup_kernel_pagetable() {
        let start = start_info();
        let xens = core::ptr::with_exposed_provenance_mut::<u64>(to_usize(start.pt_base()));
        // SAFETY: The caller's promise.
        let xens = unsafe { Table::new(xens) };
        let top = table!(init_top_pgt);
        let third = xens_table(xens, Level::Pgd.index(KERNEL_IMAGE));
        let second = xens_table(third, Level::Pud.index(KERNEL_IMAGE));
        let list = Level::Pgd.index(start.mfn_list());

        // SAFETY: Boot code.
        unsafe { bindings::max_pfn_mapped = to_usize(last_mapped(start)) };
        graft(top, second);
        // A p2m list outside the kernel's part of the address space stays where it is.
        if list != 0 && list < Level::Pgd.index(KERNEL_IMAGE) {
            top.slot(list).write(xens.slot(list).read());
        }
        protect();
        pin_table(Level::Pgd, page_at(top.address()));
        unpin_table(page_at(xens.address()));
        #[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
        {
            let vsyscall = table!(level3_user_vsyscall);

            remap(vsyscall, read_only_flags(), Flush::None);
            pin_table(Level::Pud, page_at(vsyscall.address()));
        }
        super::cr3::xen_write_cr3(to_usize(page_at(top.address()).base().get()));

        // SAFETY: Boot code, once.
        let area = unsafe { XENS_TABLES.get() };

        *area = [xens, third, second].into_iter().fold(
            Run {
                first: page_at(start.pt_base()).get(),
                count: start.nr_pt_frames(),
            },
            reuse,
        );
        let [first, size] = [area.first, area.count].map(|pages| pages << PAGE_SHIFT);

        // SAFETY: Boot code. From here on the record is seen in the direct map.
        unsafe {
            bindings::rust_helper_memblock_reserve(first, size);
            bindings::xen_start_info =
                address::physical_to_linear(address::known_linear(start.address()));
        }
    }
}

/// Returns where a page that Xen names by its frame is.
#[inline(always)]
fn page_of(frame: u64) -> Pfn {
    Mfn::new(frame)
        .and_then(|frame| P2m.page(frame))
        .unwrap_or(Pfn::MAX)
}

init! {
    /// Keeps the pages that Xen has put something into from being allocated. PV start.
    pub(in crate::ffi) fn reserve_special_pages() {
        let start = start_info();

        reserve(page_at(start.address()));
        if start.store_mfn() != 0 {
            reserve(page_of(start.store_mfn()));
        }
        if !domain::is_initial() {
            reserve(page_of(start.console_mfn()));
        }
    }
}

init! {
    /// Keeps a page from being allocated.
    fn reserve(page: Pfn) {
        let failed =
            // SAFETY: Boot code.
            unsafe { bindings::rust_helper_memblock_reserve(page.base().get(), PAGE_SIZE) };

        bug_on_err(
            if failed == 0 { Ok(()) } else { Err(()) },
            "a page of Xen's cannot be reserved",
        );
    }
}

init! {
    /// Stops if Xen's page tables are where the machine has no RAM.
    pub(in crate::ffi) fn check_tables() {
        // SAFETY: Boot code.
        let area = *unsafe { XENS_TABLES.get() };

        memory_map::check(
            area.first << PAGE_SHIFT,
            area.count << PAGE_SHIFT,
            c"page table",
        );
    }
}
