// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_memory_op`: what lies where in this domain.
//!
//! C ancestor: `include/xen/interface/memory.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

use super::{
    frame::Pfn,
    id::DomId, //
};

/// `XENMEM_decrease_reservation`.
pub const DECREASE_RESERVATION: u32 = 1;
/// `XENMEM_maximum_reservation`.
pub const MAXIMUM_RESERVATION: u32 = 4;
/// `XENMEM_add_to_physmap`.
pub const ADD_TO_PHYSMAP: u32 = 7;
/// `XENMEM_memory_map`.
pub const MEMORY_MAP: u32 = 9;
/// `XENMEM_machine_memory_map`.
pub const MACHINE_MEMORY_MAP: u32 = 10;
/// `XENMEM_exchange`.
pub const EXCHANGE: u32 = 11;
/// `XENMEM_machphys_mapping`.
pub const MACHPHYS_MAPPING: u32 = 12;

/// `XENMAPSPACE_shared_info`: the page that Xen shares with the domain.
const MAPSPACE_SHARED_INFO: u32 = 0;

/// Has Xen put one of its pages where the domain wants it.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct AddToPhysmap {
    /// Whose map: the caller's own.
    pub(crate) domid: DomId,
    /// How many pages, where a space has several at once.
    pub(crate) size: u16,
    /// Which kind of page.
    pub(crate) space: u32,
    /// Which of them.
    pub(crate) idx: u64,
    /// Where it goes. The page that was there before is given up.
    pub(crate) gpfn: Pfn,
}

impl AddToPhysmap {
    /// Puts the shared page in place of `page`.
    pub const fn shared_info(page: Pfn) -> Self {
        Self {
            domid: DomId::SELF,
            size: 0,
            space: MAPSPACE_SHARED_INFO,
            idx: 0,
            gpfn: page,
        }
    }
}

/// Asks for the memory map that the domain was built with.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct MemoryMap {
    /// For how many entries there is room; Xen's answer is how many it wrote.
    pub(crate) nr_entries: u32,
    /// Aligns the next field.
    _pad: u32,
    /// Virtual address of an array of [`super::e820::E820Entry`].
    pub(crate) buffer: u64,
}

impl MemoryMap {
    /// Lends the array at `buffer`.
    pub const fn new(buffer: u64, nr_entries: u32) -> Self {
        Self {
            nr_entries,
            _pad: 0,
            buffer,
        }
    }
}

/// Names frames that the domain gives back, or wants.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct MemoryReservation {
    /// Virtual address of an array of frame numbers.
    pub(crate) extent_start: u64,
    /// How many there are.
    pub(crate) nr_extents: u64,
    /// How many frames each stands for, as a power of two.
    pub(crate) extent_order: u32,
    /// How high their addresses may be; 0 for any.
    pub(crate) address_bits: u32,
    /// Whose: the caller's own.
    pub(crate) domid: DomId,
    /// Rest of the structure.
    _pad: [u16; 3],
}

impl MemoryReservation {
    /// Names the `nr_extents` single frames at `extent_start`.
    pub const fn new(extent_start: u64, nr_extents: u64) -> Self {
        Self::of_order(extent_start, nr_extents, 0, 0)
    }

    /// Names those that stand for several frames each, below an address of so many bits.
    pub const fn of_order(
        extent_start: u64,
        nr_extents: u64,
        extent_order: u32,
        address_bits: u32,
    ) -> Self {
        Self {
            extent_start,
            nr_extents,
            extent_order,
            address_bits,
            domid: DomId::SELF,
            _pad: [0; 3],
        }
    }
}

/// Frames that the domain gives for others.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct MemoryExchange {
    /// What it gives.
    pub(crate) given: MemoryReservation,
    /// What it wants. Xen writes the frames to where the pages are that they are for.
    pub(crate) wanted: MemoryReservation,
    /// How many of the former Xen has taken: written by Xen.
    pub(crate) nr_exchanged: u64,
}

impl MemoryExchange {
    /// Offers an exchange.
    pub const fn new(given: MemoryReservation, wanted: MemoryReservation) -> Self {
        Self {
            given,
            wanted,
            nr_exchanged: 0,
        }
    }
}

/// Where Xen's machine-to-physical table is. Written by Xen.
#[derive(Clone, Copy, Debug, Default, IntoBytes, Immutable)]
#[repr(C)]
pub struct MachphysMapping {
    /// Where it begins.
    pub v_start: u64,
    /// Where it ends.
    pub v_end: u64,
    /// The last frame that it may have a word for.
    pub max_mfn: u64,
}

const _: () = {
    assert!(size_of::<MemoryExchange>() == 72);
    assert!(offset_of!(MemoryExchange, wanted) == 32);
    assert!(offset_of!(MemoryExchange, nr_exchanged) == 64);

    assert!(size_of::<MachphysMapping>() == 24);

    assert!(size_of::<MemoryReservation>() == 32);
    assert!(offset_of!(MemoryReservation, extent_start) == 0);
    assert!(offset_of!(MemoryReservation, nr_extents) == 8);
    assert!(offset_of!(MemoryReservation, extent_order) == 16);
    assert!(offset_of!(MemoryReservation, address_bits) == 20);
    assert!(offset_of!(MemoryReservation, domid) == 24);

    assert!(size_of::<AddToPhysmap>() == 24);
    assert!(offset_of!(AddToPhysmap, domid) == 0);
    assert!(offset_of!(AddToPhysmap, size) == 2);
    assert!(offset_of!(AddToPhysmap, space) == 4);
    assert!(offset_of!(AddToPhysmap, idx) == 8);
    assert!(offset_of!(AddToPhysmap, gpfn) == 16);

    assert!(size_of::<MemoryMap>() == 16);
    assert!(offset_of!(MemoryMap, nr_entries) == 0);
    assert!(offset_of!(MemoryMap, buffer) == 8);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_memory))]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn the_shared_page_is_asked_for_with_no_stray_byte() {
        let map = AddToPhysmap::shared_info(Pfn::from_raw(0x12_3456));

        let bytes = map.as_bytes();

        assert_eq!(bytes[..8], [0xf0, 0x7f, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[8..16], [0; 8]);
        assert_eq!(bytes[16..], [0x56, 0x34, 0x12, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_frame_is_given_back_with_no_stray_byte() {
        let frames = MemoryReservation::new(0x1122_3344_5566_7788, 1);

        let bytes = frames.as_bytes();

        assert_eq!(bytes[..8], [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
        assert_eq!(bytes[8..16], [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[16..24], [0; 8]);
        assert_eq!(bytes[24..], [0xf0, 0x7f, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_map_is_asked_for_with_its_room() {
        let map = MemoryMap::new(0x1122_3344_5566_7788, 128);

        assert_eq!(
            map.as_bytes(),
            [128, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]
        );
    }
}
