// SPDX-License-Identifier: GPL-2.0

//! Descriptor tables of segments: loaded and written by hypercalls.
//!
//! C ancestor: `enlighten_pv.c:444`.

#![expect(unsafe_code)]

use kernel::ffi::{
    c_int,
    c_uint,
    c_void, //
};

use crate::{
    abi::{
        frame::{
            Maddr,
            PAGE_SIZE, //
        },
        pagetable::{
            Flush,
            Machine,
            MmuextOp,
            Pte, //
        }, //
    },
    ffi::{
        cpu::gdt::Descriptors,
        mmu::machine_address,
        multicall::{
            self,
            batch::{
                batch,
                Issue, //
            }, //
        },
    },
    raw::{
        address, bindings,
        bug::{
            bug,
            bug_on_err, //
        },
        frames,
        hypercall::{
            descriptor::{
                set_gdt,
                update_descriptor, //
            },
            mmu, //
        },
        p2m,
        pagetable::{
            kernel_flags,
            read_only_flags, //
        },
        preempt::PreemptOff,
        section::init,
        trace,
        word::{
            to_u64,
            to_usize, //
        },
    },
};

/// Bytes of a descriptor.
const DESCRIPTOR: u64 = 8;

/// Returns where a table is and how many entries it has.
///
/// # Safety
///
/// `table` must be valid for reads.
unsafe fn place_of(table: *const bindings::desc_ptr) -> (u64, u64) {
    // SAFETY: The caller's promise.
    let table = unsafe { table.read_unaligned() };
    let (address, size) = (to_u64(table.address), u64::from(table.size) + 1);

    if size > PAGE_SIZE || address % PAGE_SIZE != 0 {
        bug("a descriptor table is no page");
    }
    (address, size / DESCRIPTOR)
}

/// Makes a table this CPU's. It is one page, which nobody can write from then on.
///
/// # Safety
///
/// `table` must be valid for reads, and name a table.
pub(super) unsafe extern "C" fn xen_load_gdt(table: *const bindings::desc_ptr) {
    // SAFETY: The caller's promise.
    let (address, entries) = unsafe { place_of(table) };
    let Some(table) = Descriptors::at(pointer(address)) else {
        bug("a descriptor table is not in memory");
    };

    table.protect();
    bug_on_err(
        set_gdt(table.frame(), entries),
        "Xen takes no descriptor table",
    );
}

init! {
    /// Makes the first table the boot CPU's: it is in the kernel image, and mapped only there.
    ///
    /// # Safety
    ///
    /// As for [`xen_load_gdt`].
    pub(super) unsafe extern "C" fn xen_load_gdt_boot(table: *const bindings::desc_ptr) {
        // SAFETY: The caller's promise.
        let (address, entries) = unsafe { place_of(table) };
        let Some(frame) = address::to_physical(address)
            .and_then(|physical| p2m::lookup(physical.frame()).mfn())
        else {
            bug("a descriptor table is not in memory");
        };
        let entry = Pte::<Machine>::map(frame, read_only_flags());

        bug_on_err(
            // SAFETY: Entries are written by hypercalls only.
            unsafe { mmu::remap(address, entry, Flush::None) },
            "a descriptor table stays writable",
        );
        bug_on_err(set_gdt(frame, entries), "Xen takes no descriptor table");
    }
}

/// Returns whether entries of this kind are none of Xen's business: it has its own.
const fn is_xens(kind: c_int) -> bool {
    kind == bindings::DESC_LDT as c_int || kind == bindings::DESC_TSS as c_int // CAST: Few bits.
}

/// Returns the address of an entry.
fn entry_address(table: *const bindings::desc_struct, entry: c_int) -> u64 {
    let offset = i64::from(entry).wrapping_mul(8);

    to_u64(table.addr()).wrapping_add_signed(offset)
}

/// Has Xen write an entry of a table that it uses, or might.
fn write_entry(address: u64, descriptor: u64) {
    let preempt = PreemptOff::new();

    multicall::flush(preempt.stays_here());
    bug_on_err(
        update_descriptor(machine_address(address), descriptor),
        "Xen does not write a descriptor",
    );
}

/// Writes an entry of a global table.
///
/// # Safety
///
/// `table` must have the entry, and `descriptor` be valid for reads of one.
pub(super) unsafe extern "C" fn xen_write_gdt_entry(
    table: *mut bindings::desc_struct,
    entry: c_int,
    descriptor: *const c_void,
    kind: c_int,
) {
    trace::xen_cpu_write_gdt_entry(table, entry, descriptor, kind);
    if !is_xens(kind) {
        // SAFETY: The caller's promise.
        let descriptor = unsafe { descriptor.cast::<u64>().read_unaligned() };

        write_entry(entry_address(table, entry), descriptor);
    }
}

init! {
    /// Writes an entry of the first table, which Xen may not use yet.
    ///
    /// # Safety
    ///
    /// As for [`xen_write_gdt_entry`].
    pub(super) unsafe extern "C" fn xen_write_gdt_entry_boot(
        table: *mut bindings::desc_struct,
        entry: c_int,
        descriptor: *const c_void,
        kind: c_int,
    ) {
        trace::xen_cpu_write_gdt_entry(table, entry, descriptor, kind);
        if is_xens(kind) {
            return;
        }
        // SAFETY: The caller's promise.
        let descriptor = unsafe { descriptor.cast::<u64>().read_unaligned() };
        let address = entry_address(table, entry);

        if update_descriptor(machine_address(address), descriptor).is_err() {
            // SAFETY: The caller's promise; where Xen refuses, the page is memory as any other.
            unsafe { pointer::<u64>(address).write(descriptor) };
        }
    }
}

/// Writes an entry of a local table.
///
/// # Safety
///
/// As for [`xen_write_gdt_entry`].
pub(super) unsafe extern "C" fn xen_write_ldt_entry(
    table: *mut bindings::desc_struct,
    entry: c_int,
    descriptor: *const c_void,
) {
    // SAFETY: The caller's promise.
    let descriptor = unsafe { descriptor.cast::<u64>().read_unaligned() };

    trace::xen_cpu_write_ldt_entry(table, entry, descriptor);
    write_entry(entry_address(table, entry), descriptor);
}

/// Loads a local table, or none. Preemption is off.
pub(super) extern "C" fn xen_set_ldt(table: *const c_void, entries: c_uint) {
    trace::xen_cpu_set_ldt(table, entries);
    batch(Issue::UnlessCpuIsLazy, |calls| {
        calls.operation(MmuextOp::set_ldt(to_u64(table.addr()), entries));
    });
}

/// Maps the pages of a local table in another way, wherever they are mapped.
fn remap(table: *mut bindings::desc_struct, entries: c_uint, flags: u64) {
    let size = u64::from(entries) * DESCRIPTOR;

    for offset in (0..size).step_by(4096) {
        remap_page(to_u64(table.addr()).wrapping_add(offset), flags);
    }
}

/// Maps a page in another way: at this address, and in the direct map.
///
/// An address in vmalloc space may be missing in the page tables that this CPU happens to use, and
/// Xen looks in them. So it is read before, and preemption is off, which keeps those tables.
fn remap_page(address: u64, flags: u64) {
    let Some(frame) = address::walk(address).map(Maddr::frame) else {
        bug("a local descriptor table is not in memory");
    };
    let Some(page) = frames::page_of(frame) else {
        bug("a local descriptor table is not this domain's");
    };
    let entry = Pte::<Machine>::map(frame, flags);
    let alias = to_u64(address::physical_to_linear::<u8>(page.base()).addr());
    let _preempt = PreemptOff::new();
    let mut byte = 0_u8;

    // SAFETY: It may fail to read, which says nothing.
    let _ =
        unsafe { bindings::copy_from_kernel_nofault((&raw mut byte).cast(), pointer(address), 1) };
    for address in [address, alias] {
        bug_on_err(
            // SAFETY: The page is the table's, and stays mapped; its user knows who may write it.
            unsafe { mmu::remap(address, entry, Flush::None) },
            "a local descriptor table cannot be mapped otherwise",
        );
        if address == alias {
            break;
        }
    }
}

/// Makes a local table one that Xen takes: nobody can write it. May sleep.
pub(super) extern "C" fn xen_alloc_ldt(table: *mut bindings::desc_struct, entries: c_uint) {
    remap(table, entries, read_only_flags());
}

/// Makes a local table memory as any other, for it is not used any more. May sleep.
pub(super) extern "C" fn xen_free_ldt(table: *mut bindings::desc_struct, entries: c_uint) {
    remap(table, entries, kernel_flags());
}

/// Returns the pointer to what is at an address.
fn pointer<T>(address: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut(to_usize(address))
}
