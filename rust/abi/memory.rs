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

/// `XENMEM_add_to_physmap`.
pub const ADD_TO_PHYSMAP: u32 = 7;
/// `XENMEM_memory_map`.
pub const MEMORY_MAP: u32 = 9;

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

const _: () = {
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
    fn a_map_is_asked_for_with_its_room() {
        let map = MemoryMap::new(0x1122_3344_5566_7788, 128);

        assert_eq!(
            map.as_bytes(),
            [128, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]
        );
    }
}
