// SPDX-License-Identifier: GPL-2.0

//! Address spaces: their top-level tables, pinning, and tables that come and go.
//!
//! C ancestor: `xen_pgd_alloc()`, `xen_enter_mmap()`, `xen_exit_mmap()`, `xen_alloc_ptpage()`,
//! `xen_mm_pin_all()` in `mmu_pv.c`.

use core::mem::offset_of;

use kernel::{
    ffi::{
        c_int,
        c_ulong, //
    },
    prelude::*, //
};

use super::{
    cr3,
    entry::user_table,
    tables::Tables, //
};
use crate::{
    abi::{
        frame::Pfn,
        pagetable::Level, //
    },
    ffi::multicall::batch::{
        batch,
        Issue, //
    },
    mmu::{
        pin::{
            self,
            Space,
            Tables as _, //
        },
        walk, //
    },
    raw::{
        address,
        bindings,
        bug::bug,
        page::ZeroedPage,
        pagetable::{
            has_struct_pages,
            TablePage,
            FIXADDR_TOP, //
        },
        section::init,
        trace,
        word::to_u64, //
    },
};

/// Whether tables of the last level have locks of their own, and so are pinned one by one.
const SPLIT_LOCKS: bool = cfg!(CONFIG_SPLIT_PTE_PTLOCKS);

/// `VSYSCALL_ADDR`: where user space finds calls that are made without the kernel.
#[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
const VSYSCALL: u64 = 0xffff_ffff_ff60_0000;

/// Returns the page of a table.
#[inline(always)]
fn page_of<T>(table: *mut T) -> Pfn {
    address::known_linear(to_u64(table.addr())).frame()
}

/// Returns the top-level table of an address space.
///
/// # Safety
///
/// `mm` must be an address space.
#[inline(always)]
pub(super) unsafe fn top_of(mm: *mut bindings::mm_struct) -> *mut bindings::pgd_t {
    // SAFETY: The caller's promise.
    unsafe { (&raw const (*mm).__bindgen_anon_1.pgd).read() }
}

/// Returns the address space that a top-level table stands for.
fn space_of(top: Pfn) -> Space {
    Space {
        kernel: top,
        user: user_table(TablePage::of(top)).map(page_of),
    }
}

/// Pins an address space, whose `page_table_lock`, that of `mm`, is held.
fn pin(mm: *mut bindings::mm_struct, top: Pfn) {
    trace::xen_mmu_pgd_pin(mm, address::physical_to_linear(top.base()));
    batch(Issue::Now, |batch| {
        pin::pin(&Tables(mm), batch, space_of(top))
    });
}

/// Unpins one.
fn unpin(mm: *mut bindings::mm_struct, top: Pfn) {
    trace::xen_mmu_pgd_unpin(mm, address::physical_to_linear(top.base()));
    batch(Issue::Now, |batch| {
        pin::unpin(&Tables(mm), batch, space_of(top))
    });
}

/// Does `work` with the lock of an address space's page tables held.
///
/// # Safety
///
/// `mm` must be an address space.
unsafe fn locked(mm: *mut bindings::mm_struct, work: impl FnOnce()) {
    // SAFETY: The caller's promise.
    let lock = unsafe { &raw mut (*mm).__bindgen_anon_1.page_table_lock };

    // SAFETY: The caller's promise.
    unsafe { bindings::spin_lock(lock) };
    work();
    // SAFETY: It was just taken.
    unsafe { bindings::spin_unlock(lock) };
}

/// Pins an address space that is going to be used. Task context.
///
/// # Safety
///
/// `mm` must be an address space.
pub(super) unsafe extern "C" fn xen_enter_mmap(mm: *mut bindings::mm_struct) {
    // SAFETY: The caller's promise.
    let top = page_of(unsafe { top_of(mm) });

    // SAFETY: The caller's promise.
    unsafe { locked(mm, || pin(mm, top)) };
}

/// Unpins an address space that is going to be torn down, so that this is done by plain stores.
/// Task context.
///
/// Other CPUs may still have it loaded: they are made to let go of it first. In the error path of
/// `execve()` it has never been pinned.
///
/// # Safety
///
/// `mm` must be an address space that no task runs in.
pub(super) unsafe extern "C" fn xen_exit_mmap(mm: *mut bindings::mm_struct) {
    // SAFETY: The caller's promise.
    let top = page_of(unsafe { top_of(mm) });

    cr3::drop_everywhere(mm, top);
    // SAFETY: The caller's promise.
    unsafe {
        locked(mm, || {
            if TablePage::of(top).is_pinned() {
                unpin(mm, top);
            }
        });
    }
}

/// Calls `visit` with each top-level table. Others wait, or are stopped.
fn for_each_top(visit: impl Fn(*mut bindings::mm_struct, Pfn)) {
    let init_mm = &raw mut bindings::init_mm;
    let visit_all = || {
        let head = &raw mut bindings::pgd_list;
        // SAFETY: The list is ours while its lock is held.
        let mut entry = unsafe { (*head).next };

        while !core::ptr::eq(entry, head) {
            let ptdesc = entry.wrapping_byte_sub(offset_of!(bindings::ptdesc, __bindgen_anon_1));

            visit(init_mm, TablePage::from_descriptor(ptdesc.cast()).number());
            // SAFETY: It is an element of the list.
            entry = unsafe { (*entry).next };
        }
    };
    let lock = &raw mut bindings::pgd_lock;

    // SAFETY: init_mm is an address space, and the lock is one.
    unsafe {
        locked(init_mm, || {
            bindings::spin_lock(lock);
            visit_all();
            bindings::spin_unlock(lock);
        });
    }
}

/// Pins all address spaces that are not, before the domain is saved: Xen makes page numbers of the
/// frames in page tables only where it knows that they are page tables.
///
/// Inside `stop_machine()`.
pub(in crate::ffi) fn pin_all() {
    for_each_top(|mm, top| {
        let page = TablePage::of(top);

        if !page.is_pinned() {
            pin(mm, top);
            page.mark_save_pinned();
        }
    });
}

/// Unpins those again, after the domain was restored, or not saved after all.
///
/// Inside `stop_machine()`.
pub(in crate::ffi) fn unpin_all() {
    for_each_top(|mm, top| {
        let page = TablePage::of(top);

        if page.mark_resumed() {
            if !page.is_pinned() {
                bug("an address space was unpinned in a suspend");
            }
            unpin(mm, top);
        }
    });
}

init! {
    /// Notes which tables are pinned, now that each has its `struct page`: all that there are, the
    /// kernel's and those of the vsyscall page.
    pub(super) extern "C" fn xen_after_bootmem() {
        // SAFETY: Boot code, once.
        unsafe { bindings::xen_use_struct_pages() };
        mark_all();
    }
}

/// Marks all tables of the kernel, and of the vsyscall page for user mode.
fn mark_all() {
    let mm = &raw mut bindings::init_mm;
    let tables = Tables(mm);
    let mark = |table, _| {
        tables.mark_pinned(table);
    };

    // SAFETY: It is an address space.
    let top = page_of(unsafe { top_of(mm) });

    walk::walk(&tables, top, FIXADDR_TOP - 1, mark);
    #[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
    walk::walk_third(
        &tables,
        page_of(&raw mut bindings::level3_user_vsyscall),
        !0,
        mark,
    );
}

/// Allocates the top-level table for user mode of a new address space. Task context.
///
/// # Safety
///
/// `mm` must be an address space that nobody else knows yet.
pub(super) unsafe extern "C" fn xen_pgd_alloc(mm: *mut bindings::mm_struct) -> c_int {
    // SAFETY: The caller's promise.
    let page = TablePage::of(page_of(unsafe { top_of(mm) }));

    if page.is_pinned() || page.private() != 0 {
        bug("a new top-level page table is in use");
    }
    let Some(user) = ZeroedPage::new() else {
        return ENOMEM.to_errno();
    };
    let user = user.leak::<u64>();

    if TablePage::of(page_of(user)).is_pinned() {
        bug("a new page is a pinned page table");
    }
    #[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
    link_vsyscall(user);
    page.set_private(user.expose_provenance());
    0
}

/// Links the vsyscall page into a new top-level table for user mode.
#[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
fn link_vsyscall(user: *mut u64) {
    use super::tables::entry;
    use crate::{
        abi::pagetable::TABLE,
        raw::pagetable::Slot, //
    };

    let vsyscall = page_of(&raw mut bindings::level3_user_vsyscall);
    let place = user.wrapping_add(Level::Pgd.index(VSYSCALL));

    // SAFETY: It is an entry of a whole table, which nobody knows yet.
    unsafe { Slot::new(place) }.write(entry(vsyscall, TABLE));
}

/// Frees it. Task context.
///
/// The word that led to it must not be left: where locks of page tables are allocated, it is that
/// of the lock, which would be freed too.
///
/// # Safety
///
/// `top` must be the top-level table of an address space that is not used any more.
pub(super) unsafe extern "C" fn xen_pgd_free(
    _mm: *mut bindings::mm_struct,
    top: *mut bindings::pgd_t,
) {
    let page = TablePage::of(page_of(top));
    let user = page.private();

    page.set_private(0);
    // SAFETY: It was leaked by `xen_pgd_alloc()`, and nobody uses it any more.
    drop(unsafe { ZeroedPage::from_leaked(core::ptr::with_exposed_provenance_mut::<u64>(user)) });
}

/// Makes a new table what the tables of its address space are: pinned or not.
///
/// # Safety
///
/// `mm` must be an address space, and `pfn` the page of a table that is going to be in it.
#[inline(always)]
unsafe fn attach(mm: *mut bindings::mm_struct, pfn: c_ulong, level: Level) {
    // SAFETY: The caller's promise.
    let top = TablePage::of(page_of(unsafe { top_of(mm) }));
    let pinned = !has_struct_pages() || top.is_pinned();

    trace::xen_mmu_alloc_ptpage(mm, pfn, trace_level(level), pinned);
    let Some(page) = Pfn::new(to_u64(pfn)).filter(|_| pinned) else {
        return;
    };
    let is_new = !has_struct_pages() || TablePage::of(page).mark_pinned();
    // The entry that leads to it is stored next, in a table that is pinned.
    let issue = if has_struct_pages() {
        Issue::Later
    } else {
        Issue::UnlessMmuIsLazy
    };

    batch(issue, |batch| {
        pin::attach(&Tables(mm), batch, page, level, SPLIT_LOCKS && is_new);
    });
}

/// Makes a page that was a table an ordinary one.
///
/// It goes back to the allocator right away, so Xen must know by then, lazy mode or not.
///
/// # Safety
///
/// `pfn` must be the page of a table that is in no address space.
#[inline(always)]
unsafe fn detach(pfn: c_ulong, level: Level) {
    let Some(page) = Pfn::new(to_u64(pfn)) else {
        return;
    };
    let table = TablePage::of(page);
    let pinned = table.is_pinned();

    trace::xen_mmu_release_ptpage(pfn, trace_level(level), pinned);
    if pinned {
        let tables = Tables(&raw mut bindings::init_mm);

        batch(Issue::Now, |batch| {
            pin::detach(&tables, batch, page, level, SPLIT_LOCKS);
        });
        table.mark_unpinned();
    }
}

/// Returns the number that the events have for a level: `enum pt_level`.
#[inline(always)]
fn trace_level(level: Level) -> u32 {
    match level {
        Level::Pgd => 0,
        Level::Pud => 2,
        Level::Pmd => 3,
        Level::Pte => 4,
    }
}

/// Defines what is called for tables of each level.
macro_rules! levels {
    ($($level:ident: $alloc:ident, $release:ident;)*) => {$(
        /// Prepares a page to be a table of this level.
        ///
        /// # Safety
        ///
        /// `mm` must be an address space, and `pfn` the page of a table that is going to be in it.
        pub(super) unsafe extern "C" fn $alloc(mm: *mut bindings::mm_struct, pfn: c_ulong) {
            // SAFETY: The caller's promise.
            unsafe { attach(mm, pfn, Level::$level) };
        }

        /// Prepares the page of a table of this level to be freed.
        ///
        /// # Safety
        ///
        /// `pfn` must be the page of a table that is in no address space.
        pub(super) unsafe extern "C" fn $release(pfn: c_ulong) {
            // SAFETY: The caller's promise.
            unsafe { detach(pfn, Level::$level) };
        }
    )*};
}

levels! {
    Pte: xen_alloc_pte, xen_release_pte;
    Pmd: xen_alloc_pmd, xen_release_pmd;
    Pud: xen_alloc_pud, xen_release_pud;
}
