// SPDX-License-Identifier: GPL-2.0

//! Entries: what the kernel reads, makes and stores.
//!
//! C ancestor: `xen_pte_val()`, `xen_make_pte()`, `xen_set_pte()` and their kin in `mmu_pv.c`.

use kernel::ffi::c_ulong;

use super::tables::{
    Directly,
    Lazily,
    P2m, //
};
use crate::{
    abi::pagetable::{
        Level,
        Machine,
        Pte,
        Update,
        RW, //
    },
    ffi::contract,
    mmu::{pin::USER_LAST, pte, store},
    raw::{
        address::KERNEL_IMAGE,
        bindings,
        pagetable::{
            has_struct_pages,
            Slot,
            TablePage, //
        },
        section::init,
        shared,
        trace,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

contract!(
    xen_pte_val(_),
    xen_pmd_val(_),
    xen_pud_val(_),
    xen_p4d_val(_),
    xen_pgd_val(_),
    xen_make_pte_init(_),
    xen_make_pte(_),
    xen_make_pmd(_),
    xen_make_pud(_),
    xen_make_p4d(_),
    xen_make_pgd(_),
);

/// Defines how entries of a level are read and made.
macro_rules! values {
    ($($type:ident, $field:ident: $val:ident, $make:ident;)*) => {$(
        /// Returns what the kernel sees in an entry of this level. Any context.
        #[no_mangle]
        extern "C" fn $val(entry: bindings::$type) -> c_ulong {
            let entry = Pte::from_raw(to_u64(entry.$field));

            to_usize(pte::to_guest(&P2m, entry).get())
        }

        /// Makes an entry of this level. Any context.
        #[no_mangle]
        extern "C" fn $make(entry: c_ulong) -> bindings::$type {
            let entry = Pte::from_raw(to_u64(entry));

            bindings::$type { $field: to_usize(pte::to_machine(&P2m, entry).get()) }
        }
    )*};
}

values! {
    pte_t, pte: xen_pte_val, xen_make_pte;
    pmd_t, pmd: xen_pmd_val, xen_make_pmd;
    pud_t, pud: xen_pud_val, xen_make_pud;
    p4d_t, p4d: xen_p4d_val, xen_make_p4d;
    pgd_t, pgd: xen_pgd_val, xen_make_pgd;
}

/// Makes an entry of the last level while page tables are set up.
///
/// The p2m list that Xen built outside the kernel's part of the address space must be mapped
/// read-only: the page tables that map it there are among its pages.
#[no_mangle]
extern "C" fn xen_make_pte_init(entry: c_ulong) -> bindings::pte_t {
    let mut entry = Pte::from_raw(to_u64(entry));

    if let Some(start) = shared::start_info() {
        let first = start.first_p2m_pfn();
        let list = first..first.saturating_add(start.nr_p2m_frames());

        if start.mfn_list() < KERNEL_IMAGE && list.contains(&entry.page().get()) {
            entry = Pte::from_raw(entry.get() & !RW);
        }
    }
    bindings::pte_t {
        pte: to_usize(pte::to_machine(&P2m, entry).get()),
    }
}

/// Takes an entry's place from C.
///
/// # Safety
///
/// It must be that of an entry.
#[inline(always)]
unsafe fn place<T>(entry: *mut T) -> Slot {
    // SAFETY: The caller's promise.
    unsafe { Slot::new(entry) }
}

/// Takes the value of an entry from C.
#[inline(always)]
fn value(raw: usize) -> Pte<Machine> {
    Pte::from_raw(to_u64(raw))
}

init! {
    /// Stores an entry of the last level while page tables are set up.
    ///
    /// Most of these tables are not known to Xen yet, and which of them are cannot be told: a store
    /// to one that is, Xen emulates. Those of early mappings are.
    ///
    /// # Safety
    ///
    /// `entry` must be such an entry.
    pub(super) unsafe extern "C" fn xen_set_pte_init(entry: *mut bindings::pte_t, pte: bindings::pte_t) {
        // SAFETY: It only looks at the address.
        if unsafe { bindings::is_early_ioremap_ptep(entry) } {
            // SAFETY: The caller's promise.
            unsafe { xen_set_pte(entry, pte) };
        } else {
            // SAFETY: The caller's promise.
            unsafe { place(entry) }.write(value(pte.pte));
        }
    }
}

/// Stores an entry of the last level. Any context but NMI.
///
/// # Safety
///
/// `entry` must be such an entry.
pub(super) unsafe extern "C" fn xen_set_pte(entry: *mut bindings::pte_t, pte: bindings::pte_t) {
    trace::xen_mmu_set_pte(entry, pte);
    // SAFETY: The caller's promise.
    let place = unsafe { place(entry) };

    store::set(&Directly(place), place, Update::Normal, value(pte.pte));
}

/// Stores an entry of the second level. Any context but NMI.
///
/// # Safety
///
/// `entry` must be such an entry.
pub(super) unsafe extern "C" fn xen_set_pmd(entry: *mut bindings::pmd_t, pmd: bindings::pmd_t) {
    trace::xen_mmu_set_pmd(entry, pmd);
    // SAFETY: The caller's promise.
    let place = unsafe { place(entry) };

    store::set(&Lazily, place, Update::Normal, value(pmd.pmd));
}

/// Stores an entry of the third level. Any context but NMI.
///
/// # Safety
///
/// `entry` must be such an entry.
pub(super) unsafe extern "C" fn xen_set_pud(entry: *mut bindings::pud_t, pud: bindings::pud_t) {
    trace::xen_mmu_set_pud(entry, pud);
    // SAFETY: The caller's promise.
    let place = unsafe { place(entry) };

    store::set(&Lazily, place, Update::Normal, value(pud.pud));
}

/// Stores an entry of the top level, for user mode too if it is in the user half. Any context but
/// NMI.
///
/// # Safety
///
/// `entry` must be such an entry.
pub(super) unsafe extern "C" fn xen_set_p4d(entry: *mut bindings::p4d_t, p4d: bindings::p4d_t) {
    // SAFETY: The caller's promise.
    let place = unsafe { place(entry) };
    let user = user_place(place);
    let user_entry = user.map_or(0, Slot::address);

    trace::xen_mmu_set_p4d(
        entry,
        core::ptr::with_exposed_provenance_mut(to_usize(user_entry)),
        p4d,
    );
    store::set_top(&Lazily, place, user, value(p4d.p4d));
}

/// Returns the entry for user mode that belongs to one of the user half.
#[inline(always)]
fn user_place(place: Slot) -> Option<Slot> {
    /// Bytes of the user half of a top-level table.
    const USER_HALF: u64 = (Level::Pgd.index(USER_LAST) as u64 + 1) * 8; // CAST: It widens.

    let offset = place.address() & 0xfff;

    if !has_struct_pages() || offset >= USER_HALF {
        return None;
    }
    let table = user_table(place.page())?;

    // SAFETY: It is a whole table, which lives as long as the other one.
    Some(unsafe { Slot::new(table.wrapping_byte_add(to_usize(offset))) })
}

/// Returns the top-level table for user mode that belongs to one for the kernel.
#[inline(always)]
pub(super) fn user_table(table: TablePage) -> Option<*mut u64> {
    let address = table.private();

    (address != 0).then(|| core::ptr::with_exposed_provenance_mut(address))
}

/// Reads an entry whose permissions are going to be changed. Accessed and dirty bits that the CPU
/// sets from here on are kept when the new value is stored.
///
/// # Safety
///
/// `entry` must be an entry of the last level, and `vma` the mapping that it belongs to.
pub(super) unsafe extern "C" fn xen_ptep_modify_prot_start(
    vma: *mut bindings::vm_area_struct,
    address: c_ulong,
    entry: *mut bindings::pte_t,
) -> bindings::pte_t {
    // SAFETY: The caller's promise.
    let old = unsafe { place(entry) }.read();
    let old = bindings::pte_t {
        pte: to_usize(old.get()),
    };

    // SAFETY: The caller's promise.
    trace::xen_mmu_ptep_modify_prot_start(unsafe { mm_of(vma) }, address, entry, old);
    old
}

/// Stores the new value.
///
/// # Safety
///
/// As for [`xen_ptep_modify_prot_start`].
pub(super) unsafe extern "C" fn xen_ptep_modify_prot_commit(
    vma: *mut bindings::vm_area_struct,
    address: c_ulong,
    entry: *mut bindings::pte_t,
    pte: bindings::pte_t,
) {
    // SAFETY: The caller's promise.
    trace::xen_mmu_ptep_modify_prot_commit(unsafe { mm_of(vma) }, address, entry, pte);
    // SAFETY: The caller's promise.
    let place = unsafe { place(entry) };

    store::set(&Lazily, place, Update::PreserveAd, value(pte.pte));
}

/// Returns the address space of a mapping.
///
/// # Safety
///
/// `vma` must be a mapping.
#[inline(always)]
unsafe fn mm_of(vma: *mut bindings::vm_area_struct) -> *mut bindings::mm_struct {
    // SAFETY: The caller's promise.
    unsafe { (&raw const (*vma).vm_mm).read() }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_ffi_mmu_entry)]
mod tests {
    use kernel::{
        alloc::VVec,
        prelude::*, //
    };

    use super::*;
    use crate::{
        ffi::mmu::tlb::xen_flush_lazy_mmu,
        raw::{
            domain,
            lazy::InLazyMmu,
            p2m::page::Page,
            preempt::PreemptOff, //
        },
    };

    /// `_PAGE_SOFTW1`, which means nothing in the kernel's own tables.
    const MARK: u64 = 1 << 9;

    /// Marks the entry that maps an address, in lazy MMU mode. Returns whether it was marked before
    /// the mode ended, and whether after.
    fn mark<T>(memory: *const T) -> [bool; 2] {
        let mut level = 0;
        // SAFETY: It takes any address.
        let entry = unsafe { bindings::lookup_address(memory.addr(), &mut level) };
        // SAFETY: It is an entry of the kernel's tables.
        let place = unsafe { place(entry) };
        let old = place.read().get();
        let is_marked = || place.read().get() & MARK != 0;
        let store = |raw| {
            let pte = bindings::pte_t { pte: to_usize(raw) };

            // SAFETY: It maps what it did.
            unsafe { xen_set_pte(entry, pte) };
        };

        let preempt = PreemptOff::new();
        let lazy = InLazyMmu::enter();
        store(old | MARK);
        let early = is_marked();
        drop(lazy);
        xen_flush_lazy_mmu();
        let late = is_marked();

        store(old);
        drop(preempt);
        [early, late]
    }

    #[test]
    fn updates_wait_in_lazy_mode_but_for_those_of_the_direct_map() {
        if !domain::is_pv() {
            return;
        }
        let vmalloced = VVec::<u64>::with_capacity(512, GFP_KERNEL);
        let page = Page::allocate();

        assert_eq!(
            vmalloced.map(|memory| mark(memory.as_ptr())).ok(),
            Some([false, true])
        );
        assert_eq!(page.map(|page| mark(page.as_ptr())), Some([true, true]));
        if let Some(page) = page {
            // SAFETY: It was no part of the list.
            unsafe { page.free() };
        }
    }
}
