// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the domain's memory.

use zerocopy::{
    Immutable,
    IntoBytes, //
};

use super::hypercall;
use crate::{
    abi::{
        e820::E820Entry,
        errno::XenErrno,
        frame::Mfn,
        hypercall::Number,
        id::DomId,
        memory::{
            AddToPhysmap,
            MachphysMapping,
            MemoryExchange,
            MemoryMap,
            MemoryReservation,
            ADD_TO_PHYSMAP,
            DECREASE_RESERVATION,
            EXCHANGE,
            MACHINE_MEMORY_MAP,
            MACHPHYS_MAPPING,
            MAXIMUM_RESERVATION,
            MEMORY_MAP, //
        },
    },
    raw::word::{
        to_u64,
        to_usize, //
    },
};

/// Operates on memory with the structure that belongs to the command, and returns Xen's number.
///
/// # Safety
///
/// `T` must be the structure of `command`, and any address in it valid for what Xen does with it.
unsafe fn memory_op<T: IntoBytes + Immutable>(
    command: u32,
    argument: &mut T,
) -> Result<u64, XenErrno> {
    let handle = to_u64(core::ptr::from_mut(argument).expose_provenance());
    let arguments = [u64::from(command), handle, 0, 0, 0];

    // SAFETY: The exclusive borrow lasts until Xen is done; the rest is the caller's promise.
    XenErrno::result(unsafe { hypercall(Number::MemoryOp, arguments) })
}

/// `XENMEM_add_to_physmap`: has Xen put one of its pages where this domain wants it.
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// What was in that place before is gone: nobody may use it.
pub(crate) unsafe fn add_to_physmap(mut place: AddToPhysmap) -> Result<(), XenErrno> {
    // SAFETY: `AddToPhysmap` is this command's structure and holds no address; the caller vouches
    // for the page.
    unsafe { memory_op(ADD_TO_PHYSMAP, &mut place)? };
    Ok(())
}

/// Fills `entries` with a memory map.
///
/// # Safety
///
/// `command` must take a [`MemoryMap`].
unsafe fn any_map(command: u32, entries: &mut [E820Entry]) -> Result<usize, XenErrno> {
    let room = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let mut query = MemoryMap::new(to_u64(entries.as_mut_ptr().expose_provenance()), room);

    // SAFETY: It is this command's structure, by the caller's promise, and its array is borrowed
    // until Xen is done; any bytes are an entry.
    unsafe { memory_op(command, &mut query)? };
    Ok(to_usize(u64::from(query.nr_entries.min(room))))
}

/// `XENMEM_memory_map`: fills `entries` with this domain's memory map, and returns how many there
/// are.
///
/// A PVH guest calls it before `.bss` is cleared.
///
/// # Errors
///
/// `ENOSYS` where nobody has given it one, and Xen's other refusals.
#[cfg_attr(not(any(CONFIG_XEN_PV, CONFIG_XEN_PVH)), allow(dead_code))]
pub(crate) fn memory_map(entries: &mut [E820Entry]) -> Result<usize, XenErrno> {
    // SAFETY: `MemoryMap` is this command's structure.
    unsafe { any_map(MEMORY_MAP, entries) }
}

/// `XENMEM_machine_memory_map`: fills `entries` with the machine's memory map, and returns how many
/// there are.
///
/// # Errors
///
/// `EPERM` for any domain but the initial one, and Xen's other refusals.
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) fn machine_memory_map(entries: &mut [E820Entry]) -> Result<usize, XenErrno> {
    // SAFETY: `MemoryMap` is this command's structure.
    unsafe { any_map(MACHINE_MEMORY_MAP, entries) }
}

/// `XENMEM_maximum_reservation`: returns how many pages this domain may ever have.
///
/// # Errors
///
/// Xen's refusals.
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) fn maximum_reservation() -> Result<u64, XenErrno> {
    let mut domid = DomId::SELF.get();

    // SAFETY: The command's structure is a domain's number.
    unsafe { memory_op(MAXIMUM_RESERVATION, &mut domid) }
}

/// `XENMEM_decrease_reservation`: gives one frame back, and returns how many Xen took.
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// Nobody may use the frame any more.
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) unsafe fn decrease_reservation(frame: Mfn) -> Result<u64, XenErrno> {
    let mut frames = [frame.get()];
    let mut reservation =
        MemoryReservation::new(to_u64(frames.as_mut_ptr().expose_provenance()), 1);

    // SAFETY: It is this command's structure, and names an array of one frame, which nobody uses by
    // the caller's promise.
    unsafe { memory_op(DECREASE_RESERVATION, &mut reservation) }
}

/// `XENMEM_exchange`: gives frames for others. Returns how many extents Xen has taken, and what it
/// said.
///
/// # Safety
///
/// Nobody may use the frames that are given; the lists must be valid for reads and writes.
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) unsafe fn exchange(mut request: MemoryExchange) -> (u64, Result<(), XenErrno>) {
    // SAFETY: It is this command's structure; the rest is the caller's promise.
    let answer = unsafe { memory_op(EXCHANGE, &mut request) };

    (request.nr_exchanged, answer.map(|_| ()))
}

/// `XENMEM_machphys_mapping`: asks where the machine-to-physical table is.
///
/// # Errors
///
/// `ENOSYS` for a Xen that does not tell.
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub(crate) fn machphys_mapping() -> Result<MachphysMapping, XenErrno> {
    let mut mapping = MachphysMapping::default();

    // SAFETY: It is this command's structure, and names nothing.
    unsafe { memory_op(MACHPHYS_MAPPING, &mut mapping)? };
    Ok(mapping)
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_memory)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn only_a_pv_dom0_sees_the_machines_map() {
        let mut entries = [E820Entry::EMPTY; 128];
        let answer = machine_memory_map(&mut entries);

        if domain::is_xen() && !domain::is_pv() {
            // Xen has no such operation for HVM and PVH guests.
            assert!(answer.is_err());
        } else if domain::is_initial() {
            let last = entries[answer.unwrap_or(0).saturating_sub(1)];

            assert!(answer > Ok(0));
            assert!(last.size > 0);
        } else if domain::is_xen() {
            assert_eq!(answer, Err(XenErrno::EPERM));
        }
    }

    #[test]
    fn the_domain_may_have_memory() {
        if domain::is_xen() {
            assert!(maximum_reservation() > Ok(0));
        }
    }
}
