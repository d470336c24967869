// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the domain's memory.

use super::command;
use crate::{
    abi::{
        e820::E820Entry,
        errno::XenErrno,
        hypercall::Number,
        memory::{
            AddToPhysmap,
            MemoryMap,
            ADD_TO_PHYSMAP,
            MEMORY_MAP, //
        },
    },
    raw::word::{
        to_u64,
        to_usize, //
    },
};

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
    unsafe { command(Number::MemoryOp, ADD_TO_PHYSMAP, &mut place) }
}

/// `XENMEM_memory_map`: fills `entries` with the memory map, and returns how many there are.
///
/// Called before `.bss` is cleared.
///
/// # Errors
///
/// Xen's refusals.
#[cfg_attr(not(CONFIG_XEN_PVH), expect(dead_code))]
#[inline]
pub(crate) fn memory_map(entries: &mut [E820Entry]) -> Result<usize, XenErrno> {
    let room = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let mut query = MemoryMap::new(to_u64(entries.as_mut_ptr().expose_provenance()), room);

    // SAFETY: `MemoryMap` is this command's structure, and its array is borrowed until Xen is done;
    // any bytes are an entry.
    unsafe { command(Number::MemoryOp, MEMORY_MAP, &mut query)? };
    // Xen writes no more than there is room for; nobody depends on it, nor on what it says it did.
    Ok(to_usize(u64::from(query.nr_entries.min(room))))
}
