// SPDX-License-Identifier: GPL-2.0

//! The interrupt descriptor table, as Xen is told of it.
//!
//! All CPUs have the same table, so it is remembered once.
//!
//! C ancestor: `enlighten_pv.c:847`.

#![expect(unsafe_code)]

use core::mem::size_of;

use kernel::ffi::c_int;

use crate::{
    abi::descriptor::{
        Gate,
        TrapInfo,
        VECTORS, //
    },
    cpu::traps::{
        Array,
        EarlyEntries,
        Entries,
        Entry,
        Table, //
    },
    ffi::multicall,
    raw::{
        atomic::Word,
        bindings,
        bug::bug_on_err,
        hypercall::descriptor::set_trap_table,
        preempt::PreemptOff,
        section::init_ref,
        trace,
        word::{
            to_u64,
            to_usize, //
        },
    },
};

/// Where the kernel's table is.
static ADDRESS: Word = Word::new(0);
/// How many gates it has.
static GATES: Word = Word::new(0);

init_ref! {
    /// Returns the entries of boot code: their addresses only, once they are freed.
    fn early_entries() -> EarlyEntries {
        let kernel = &raw const bindings::early_idt_handler_array;
        let xen = &raw const bindings::xen_early_idt_handler_array;

        EarlyEntries {
            kernel: array(kernel),
            xen: array(xen),
            count: length(kernel),
        }
    }
}

/// Returns where an array is, and how long each of its elements.
#[inline(always)]
fn array<T, const N: usize>(array: *const [T; N]) -> Array {
    Array {
        start: array.addr(),
        size: size_of::<T>(),
    }
}

/// Returns how many elements an array has.
#[inline(always)]
const fn length<T, const N: usize>(_array: *const [T; N]) -> usize {
    N
}

/// Returns all entries.
fn entries() -> Entries<'static> {
    // SAFETY: Constants: an array, of one layout with ours, and its length.
    let known = unsafe {
        core::slice::from_raw_parts(
            (&raw const bindings::xen_trap_entries).cast::<Entry>(),
            bindings::xen_trap_entries_count as usize, // CAST: It widens.
        )
    };

    Entries {
        known,
        early: early_entries(),
        // SAFETY: A constant.
        unknown: unsafe { bindings::xen_unknown_trap }.map_or(0, |entry| entry as usize), // CAST: An address.
    }
}

const _: () = {
    use core::mem::offset_of;

    type Theirs = bindings::xen_trap_entry;

    assert!(size_of::<Entry>() == size_of::<Theirs>());
    assert!(offset_of!(Entry, kernel) == offset_of!(Theirs, kernel));
    assert!(offset_of!(Entry, xen) == offset_of!(Theirs, xen));
    assert!(offset_of!(Entry, may_switch_stack) == offset_of!(Theirs, may_switch_stack));
};

/// Describes a gate for Xen, if it leads to a handler that can be called there.
fn trap(entries: &Entries<'_>, vector: u8, gate: &Gate) -> Option<TrapInfo> {
    entries.trap(vector, gate).unwrap_or_else(|_| {
        let _ = kernel::warn_on!(true);
        None
    })
}

/// Goes through the gates of the kernel's table that lead to handlers.
fn traps() -> impl Iterator<Item = TrapInfo> {
    let table: *const Gate = core::ptr::with_exposed_provenance(to_usize(ADDRESS.read()));
    let entries = entries();

    (0..=u8::MAX)
        .take(to_usize(GATES.read()))
        .filter_map(move |vector| {
            // SAFETY: The table has this gate. Who writes one meanwhile tells Xen of it.
            let gate = unsafe { table.wrapping_add(usize::from(vector)).read_volatile() };

            trap(&entries, vector, &gate)
        })
}

/// Tells Xen where this CPU handles some exceptions.
fn tell(traps: &Table) {
    if let Some(traps) = traps.with_end() {
        bug_on_err(
            // SAFETY: They are entries for Xen.
            unsafe { set_trap_table(traps) },
            "Xen takes no exception handlers",
        );
    }
}

/// Writes the table of a CPU that does not run, which is zero: each handler in its place.
#[cfg(CONFIG_XEN_PV_SMP)]
pub(in crate::ffi) fn copy_trap_info(table: &mut [TrapInfo]) {
    for trap in traps() {
        if let Some(place) = table.get_mut(usize::from(trap.vector)) {
            *place = trap;
        }
    }
}

/// Makes a table the kernel's, and tells Xen where this CPU handles exceptions.
///
/// # Safety
///
/// `table` must be valid for reads, and name a table that stays.
pub(super) unsafe extern "C" fn xen_load_idt(table: *const bindings::desc_ptr) {
    trace::xen_cpu_load_idt(table);
    // SAFETY: The caller's promise.
    let place = unsafe { table.read_unaligned() };
    let gates = (usize::from(place.size) + 1) / size_of::<Gate>();
    let mut table = Table::new();

    ADDRESS.write(to_u64(place.address));
    GATES.write(to_u64(gates.min(VECTORS)));

    let preempt = PreemptOff::new();

    multicall::flush(preempt.stays_here());
    for trap in traps() {
        if table.push(trap) {
            tell(&table);
            table = Table::new();
        }
    }
    tell(&table);
}

/// Returns which vector a gate of the kernel's table has, if it is one.
fn vector(gate: *const bindings::gate_desc) -> Option<u8> {
    let offset = to_u64(gate.addr()).checked_sub(ADDRESS.read())?;
    let index = offset / to_u64(size_of::<Gate>());

    u8::try_from(index).ok().filter(|_| index < GATES.read())
}

/// Writes a gate of a table, and tells Xen if it is the kernel's.
///
/// # Safety
///
/// `table` must have the entry, and `gate` be valid for reads.
pub(super) unsafe extern "C" fn xen_write_idt_entry(
    table: *mut bindings::gate_desc,
    entry: c_int,
    gate: *const bindings::gate_desc,
) {
    trace::xen_cpu_write_idt_entry(table, entry, gate);
    let place = table.wrapping_offset(entry as isize); // CAST: It widens.
                                                       // SAFETY: The caller's promise; any bytes are a gate.
    let gate = unsafe { gate.cast::<Gate>().read_unaligned() };
    let preempt = PreemptOff::new();

    multicall::flush(preempt.stays_here());
    // SAFETY: The caller's promise.
    unsafe { place.cast::<Gate>().write_unaligned(gate) };

    let Some(trap) = vector(place).and_then(|vector| trap(&entries(), vector, &gate)) else {
        return;
    };
    let mut told = Table::new();

    told.push(trap);
    tell(&told);
}
