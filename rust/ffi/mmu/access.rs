// SPDX-License-Identifier: GPL-2.0

//! Changes of single mappings of the kernel's, at once.
//!
//! C ancestor: `make_lowmem_page_readonly()`, `set_pte_mfn()`, `xen_set_fixmap()`, early
//! `alloc_pte()` and `release_pte()` in `mmu_pv.c`.

use kernel::ffi::{
    c_uint,
    c_ulong, //
};

use super::tables::{
    direct_map,
    entry,
    frame, //
};
use crate::{
    abi::{
        frame::{
            Mfn,
            Pfn,
            PAGE_SHIFT, //
        },
        pagetable::{
            Flush,
            Level,
            Machine,
            MmuextOp,
            Pte, //
        },
    },
    mmu::pin::Access,
    raw::{
        address,
        bindings,
        bug::bug_on_err,
        hypercall::mmu,
        pagetable::{
            kernel_flags,
            massage,
            Slot,
            FIXADDR_TOP, //
        },
        section::init,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Changes what maps an address, or stops.
pub(super) fn remap(address: u64, entry: Pte<Machine>, flush: Flush) {
    // SAFETY: All callers have memory of their own there, or nothing.
    let outcome = unsafe { mmu::remap(address, entry, flush) };

    bug_on_err(outcome, "Xen refuses a mapping of the kernel's");
}

/// Makes the page at an address read-only or writable; where nothing is mapped, nothing changes.
///
/// Xen refuses write access to a page table, and then this stops. Any context.
pub(in crate::ffi) fn protect(address: u64, access: Access) {
    let mut level = 0;
    // SAFETY: It takes any address.
    let place = unsafe { bindings::lookup_address(to_usize(address), &mut level) };

    if place.is_null() {
        return;
    }
    // SAFETY: It is an entry of the kernel's tables.
    let old = unsafe { Slot::new(place) }.read();
    let new = match access {
        Access::ReadOnly => old.read_only(),
        Access::Writable => old.writable(),
    };

    remap(address, new, Flush::None);
}

/// Makes a page of the direct map read-only or writable.
pub(super) fn protect_page(page: Pfn, access: Access) {
    protect(direct_map(page), access);
}

/// Has Xen check a table, once and for all.
pub(super) fn pin_table(level: Level, page: Pfn) {
    operate(MmuextOp::pin(level, frame(page)));
}

/// Ends that.
pub(super) fn unpin_table(page: Pfn) {
    operate(MmuextOp::unpin(frame(page)));
}

/// Makes an operation, or stops.
fn operate(operation: MmuextOp) {
    // SAFETY: All callers have tables that are one, and load none.
    let outcome = unsafe { mmu::operate(operation) };

    bug_on_err(outcome, "Xen refuses a page table of the kernel's");
}

init! {
    /// Maps a frame of the machine at an address.
    pub(in crate::ffi) fn set_pte_mfn(address: u64, frame: Mfn, prot: bindings::pgprot_t) {
        remap(address, Pte::<Machine>::map(frame, massage(prot)), Flush::Page);
    }
}

/// Makes the entry of a machine frame: `mfn_pte()`.
#[inline(always)]
pub(super) fn machine_entry(mfn: c_ulong, prot: bindings::pgprot_t) -> Pte<Machine> {
    let frame = Mfn::new(to_u64(mfn)).unwrap_or(Mfn::MAX);

    Pte::<Machine>::map(frame, massage(prot))
}

/// Does `work` with a page of page tables.
#[inline(always)]
fn with_page(pfn: c_ulong, work: impl FnOnce(Pfn)) {
    if let Some(page) = Pfn::new(to_u64(pfn)) {
        work(page);
    }
}

init! {
    /// Prepares a table of the last level before `struct page` says which are pinned: all are.
    pub(super) extern "C" fn xen_alloc_pte_init(_mm: *mut bindings::mm_struct, pfn: c_ulong) {
        with_page(pfn, |page| {
            protect_page(page, Access::ReadOnly);
            pin_table(Level::Pte, page);
        });
    }
}

init! {
    /// Prepares a table of the second or third level then.
    pub(super) extern "C" fn xen_alloc_pmd_init(_mm: *mut bindings::mm_struct, pfn: c_ulong) {
        with_page(pfn, |page| protect_page(page, Access::ReadOnly));
    }
}

init! {
    /// Prepares a table of the last level to be freed then.
    pub(super) extern "C" fn xen_release_pte_init(pfn: c_ulong) {
        with_page(pfn, |page| {
            unpin_table(page);
            protect_page(page, Access::Writable);
        });
    }
}

init! {
    /// Prepares a table of the second or third level to be freed then.
    pub(super) extern "C" fn xen_release_pmd_init(pfn: c_ulong) {
        with_page(pfn, |page| protect_page(page, Access::Writable));
    }
}

/// Returns whether a slot of the fixmap is for memory of this domain's.
fn is_own_memory(index: c_uint) -> bool {
    let boot = bindings::fixed_addresses_FIX_BTMAP_END..=bindings::fixed_addresses_FIX_BTMAP_BEGIN;

    #[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
    if index == bindings::fixed_addresses_VSYSCALL_PAGE {
        return true;
    }
    boot.contains(&index)
}

/// Returns whether a slot of the fixmap is for an interrupt controller. Xen has these; there is a
/// page of ones to be read instead.
fn is_interrupt_controller(index: c_uint) -> bool {
    #[cfg(CONFIG_X86_LOCAL_APIC)]
    if index == bindings::fixed_addresses_FIX_APIC_BASE {
        return true;
    }
    #[cfg(CONFIG_X86_IO_APIC)]
    if (bindings::fixed_addresses_FIX_IO_APIC_BASE_0
        ..=bindings::fixed_addresses_FIX_IO_APIC_BASE_END)
        .contains(&index)
    {
        return true;
    }
    false
}

/// Returns the address of a slot of the fixmap: `fix_to_virt()`.
fn fixed_address(index: c_uint) -> u64 {
    FIXADDR_TOP.wrapping_sub(u64::from(index) << PAGE_SHIFT)
}

/// Returns where the page that Xen shares is mapped.
pub(in crate::ffi) fn shared_info_address() -> u64 {
    fixed_address(bindings::fixed_addresses_FIX_PARAVIRT_BOOTMAP)
}

/// Maps the page that Xen shares, by the machine's address of it, and has the kernel use it there.
///
/// # Safety
///
/// It must be that page, and nobody must use the record of a vCPU in the meantime.
pub(in crate::ffi) unsafe fn map_shared_info(page: u64) {
    let prot = bindings::pgprot_t {
        pgprot: to_usize(kernel_flags()),
    };

    xen_set_fixmap(bindings::fixed_addresses_FIX_PARAVIRT_BOOTMAP, page, prot);
    // SAFETY: The caller's promise, and the page is mapped there now.
    unsafe {
        bindings::HYPERVISOR_shared_info =
            core::ptr::with_exposed_provenance_mut(to_usize(shared_info_address()));
    }
}

/// Maps something at a fixed address. Boot code, or preemption is off.
///
/// `phys` is an address in this domain's memory for some slots, and one of the machine's for the
/// others.
pub(super) extern "C" fn xen_set_fixmap(
    index: c_uint,
    phys: bindings::phys_addr_t,
    prot: bindings::pgprot_t,
) {
    let number = phys >> PAGE_SHIFT;
    let address = fixed_address(index);
    let new = if is_own_memory(index) {
        entry(Pfn::new(number).unwrap_or(Pfn::MAX), massage(prot))
    } else if is_interrupt_controller(index) {
        let dummy = to_u64((&raw const bindings::xen_dummy_mapping).addr());

        entry(address::known_linear(dummy).frame(), kernel_flags())
    } else {
        machine_entry(to_usize(number), prot)
    };

    remap(address, new, Flush::Page);
    #[cfg(CONFIG_X86_VSYSCALL_EMULATION)]
    if index == bindings::fixed_addresses_VSYSCALL_PAGE {
        let new = bindings::pte_t {
            pte: to_usize(new.get()),
        };
        let table = (&raw mut bindings::level3_user_vsyscall).cast::<bindings::pud_t>();

        // SAFETY: It is the table that all address spaces have there in user mode.
        unsafe { bindings::set_pte_vaddr_pud(table, to_usize(address), new) };
    }
}
