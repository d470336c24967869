// SPDX-License-Identifier: GPL-2.0

//! Mapping other domains' memory: arguments of `HYPERVISOR_grant_table_op`.
//!
//! Both structures are filled in by drivers, handed to Xen in arrays, and looked at here
//! afterwards. Xen answers each element in its `status`.
//!
//! C ancestor: `include/xen/interface/grant_table.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// `GNTTABOP_map_grant_ref`.
pub const MAP_GRANT_REF: u32 = 0;
/// `GNTTABOP_unmap_grant_ref`.
pub const UNMAP_GRANT_REF: u32 = 1;

/// `GNTST_okay`.
pub const OKAY: i16 = 0;
/// `GNTST_general_error`.
pub const GENERAL_ERROR: i16 = -1;

/// `INVALID_GRANT_HANDLE`: Linux's own mark for what is not mapped.
pub const INVALID_HANDLE: u32 = !0;

/// Maps a frame of another domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct MapGrantRef {
    /// Where to map it: an address, or that of a page-table entry.
    pub host_addr: u64,
    /// [`MapGrantRef::DEVICE_MAP`] and others.
    pub flags: u32,
    /// The grant.
    pub reference: u32,
    /// The domain that granted it.
    pub dom: u16,
    /// Xen's answer.
    pub status: i16,
    /// What to name to end the mapping.
    pub handle: u32,
    /// The machine address of the frame.
    pub dev_bus_addr: u64,
}

impl MapGrantRef {
    /// `GNTMAP_device_map`: devices may access the frame.
    pub const DEVICE_MAP: u32 = 1 << 0;
    /// `GNTMAP_contains_pte`: `host_addr` is the machine address of a page-table entry.
    pub const CONTAINS_PTE: u32 = 1 << 4;

    /// Returns whether Xen mapped the frame.
    pub const fn is_mapped(&self) -> bool {
        self.status == OKAY
    }

    /// Returns what ends this mapping, with `status` for an answer as long as Xen has not given
    /// one.
    pub const fn undo(&self, status: i16) -> UnmapGrantRef {
        UnmapGrantRef {
            host_addr: self.host_addr,
            dev_bus_addr: if self.flags & Self::DEVICE_MAP != 0 {
                self.dev_bus_addr
            } else {
                0
            },
            handle: self.handle,
            status,
            _pad: 0,
        }
    }

    /// Notes that there is no mapping, for the driver that asked.
    pub fn fail(&mut self) {
        self.status = GENERAL_ERROR;
        self.handle = INVALID_HANDLE;
    }
}

/// Ends a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct UnmapGrantRef {
    /// As in [`MapGrantRef`].
    pub host_addr: u64,
    /// As in [`MapGrantRef`]; 0 if devices may not access the frame.
    pub dev_bus_addr: u64,
    /// Which mapping.
    pub handle: u32,
    /// Xen's answer.
    pub status: i16,
    /// Fills 24 bytes.
    _pad: u16,
}

const _: () = {
    assert!(size_of::<MapGrantRef>() == 32);
    assert!(offset_of!(MapGrantRef, host_addr) == 0);
    assert!(offset_of!(MapGrantRef, flags) == 8);
    assert!(offset_of!(MapGrantRef, reference) == 12);
    assert!(offset_of!(MapGrantRef, dom) == 16);
    assert!(offset_of!(MapGrantRef, status) == 18);
    assert!(offset_of!(MapGrantRef, handle) == 20);
    assert!(offset_of!(MapGrantRef, dev_bus_addr) == 24);

    assert!(size_of::<UnmapGrantRef>() == 24);
    assert!(offset_of!(UnmapGrantRef, host_addr) == 0);
    assert!(offset_of!(UnmapGrantRef, dev_bus_addr) == 8);
    assert!(offset_of!(UnmapGrantRef, handle) == 16);
    assert!(offset_of!(UnmapGrantRef, status) == 20);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_grant))]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    #[test]
    fn the_device_address_is_named_only_if_it_was_asked_for() {
        let mut map = MapGrantRef::new_zeroed();

        map.host_addr = 0x1000;
        map.dev_bus_addr = 0x2000;
        map.handle = 3;
        assert_eq!(map.undo(1).host_addr, 0x1000);
        assert_eq!(map.undo(1).handle, 3);
        assert_eq!(map.undo(1).status, 1);
        assert_eq!(map.undo(1).dev_bus_addr, 0);

        map.flags = MapGrantRef::DEVICE_MAP;
        assert_eq!(map.undo(1).dev_bus_addr, 0x2000);
    }

    #[test]
    fn what_failed_has_no_handle() {
        let mut map = MapGrantRef::new_zeroed();

        assert!(map.is_mapped());
        map.fail();
        assert!(!map.is_mapped());
        assert_eq!(map.handle, INVALID_HANDLE);
    }
}
