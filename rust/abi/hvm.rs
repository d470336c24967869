// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_hvm_op`.
//!
//! C ancestor: `include/xen/interface/hvm/hvm_op.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::{
    frame::{Paddr, Pfn},
    id::DomId, //
};

/// `HVMOP_pagetable_dying`.
pub const PAGETABLE_DYING: u32 = 9;
/// `HVMOP_get_mem_type`.
pub const GET_MEM_TYPE: u32 = 15;

/// Hint to Xen's shadow code that an address space goes away.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct PagetableDying {
    /// Whose address space: the caller's own.
    pub(crate) domid: DomId,
    /// Aligns the next field.
    _pad: [u16; 3],
    /// Where its top-level table is.
    pub(crate) gpa: Paddr,
}

impl PagetableDying {
    /// Names the address space of this domain whose top-level table is at
    /// `gpa`.
    pub const fn new(gpa: Paddr) -> Self {
        Self {
            domid: DomId::SELF,
            _pad: [0; 3],
            gpa,
        }
    }
}

/// Asks what kind of memory backs a frame.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct GetMemType {
    /// Whose frame.
    pub(crate) domid: u16,
    /// Xen's answer.
    pub(crate) mem_type: u16,
    /// Aligns the next field.
    _pad: [u16; 2],
    /// Which frame.
    pub(crate) pfn: u64,
}

impl GetMemType {
    /// `HVMMEM_mmio_dm`: accesses go to the device model.
    const MMIO_DM: u16 = 2;

    /// Asks about a frame of this domain.
    pub const fn new(pfn: Pfn) -> Self {
        Self {
            domid: DomId::SELF.get(),
            mem_type: 0,
            _pad: [0; 2],
            pfn: pfn.get(),
        }
    }

    /// Returns whether Xen answered that memory backs the frame.
    ///
    /// A frame that was ballooned out is emulated by the device model instead,
    /// and reading it through `/proc/vmcore` would be slow and useless.
    pub const fn is_ram(&self) -> bool {
        self.mem_type != Self::MMIO_DM
    }
}

const _: () = {
    assert!(size_of::<PagetableDying>() == 16);
    assert!(offset_of!(PagetableDying, domid) == 0);
    assert!(offset_of!(PagetableDying, gpa) == 8);

    assert!(size_of::<GetMemType>() == 16);
    assert!(offset_of!(GetMemType, domid) == 0);
    assert!(offset_of!(GetMemType, mem_type) == 2);
    assert!(offset_of!(GetMemType, pfn) == 8);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_hvm))]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn pagetable_dying_names_this_domain_and_the_table() {
        let dying = PagetableDying::new(Paddr::from_raw(0x12_3456_7000));

        assert_eq!(
            dying.as_bytes(),
            [0xf0, 0x7f, 0, 0, 0, 0, 0, 0, 0x00, 0x70, 0x56, 0x34, 0x12, 0, 0, 0]
        );
    }

    #[test]
    fn only_device_model_frames_are_not_ram() {
        let mut query = GetMemType::new(Pfn::from_raw(0x1234));

        assert_eq!(query.domid, 0x7ff0);
        assert_eq!(query.pfn, 0x1234);
        for (mem_type, is_ram) in [(0, true), (1, true), (2, false), (3, true)] {
            query.mem_type = mem_type;
            assert_eq!(query.is_ram(), is_ram);
        }
    }
}
