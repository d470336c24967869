// SPDX-License-Identifier: GPL-2.0

//! Questions and orders about memory types and sleep states of the machine.
//!
//! C ancestor: `include/xen/interface/platform.h`.

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
    DATA_WORDS,
    INTERFACE_VERSION, //
};

/// `XENPF_read_memtype`.
const READ_MEMTYPE: u32 = 33;
/// `XENPF_set_processor_pminfo`.
const SET_PROCESSOR_PMINFO: u32 = 54;

/// `struct xen_platform_op` with `XENPF_read_memtype` in it.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct ReadMemtype {
    /// [`READ_MEMTYPE`].
    pub(crate) cmd: u32,
    /// [`INTERFACE_VERSION`].
    pub(crate) interface_version: u32,
    /// Which register pair.
    pub(crate) reg: u32,
    /// Aligns the next field.
    _pad0: u32,
    /// Answer: the first frame.
    pub mfn: u64,
    /// Answer: how many frames, none for a pair that is not used.
    pub nr_mfns: u64,
    /// Answer: the type of that memory.
    pub kind: u32,
    /// Aligns the next field.
    _pad1: u32,
    /// Rest of the union.
    _rest: [u64; DATA_WORDS - 3],
}

impl ReadMemtype {
    /// Asks for register pair `reg`.
    pub const fn new(reg: u32) -> Self {
        Self {
            cmd: READ_MEMTYPE,
            interface_version: INTERFACE_VERSION,
            reg,
            _pad0: 0,
            mfn: 0,
            nr_mfns: 0,
            kind: 0,
            _pad1: 0,
            _rest: [0; DATA_WORDS - 3],
        }
    }
}

/// `struct xen_platform_op` with `XENPF_set_processor_pminfo` in it, about what the kernel can do.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SetPdc {
    /// [`SET_PROCESSOR_PMINFO`].
    pub(crate) cmd: u32,
    /// [`INTERFACE_VERSION`].
    pub(crate) interface_version: u32,
    /// The processor, all ones for any.
    pub(crate) id: u32,
    /// `XEN_PM_PDC`.
    pub(crate) kind: u32,
    /// Address of three numbers: revision, count, and what the kernel can do.
    pub(crate) pdc: u64,
    /// Rest of the union.
    _rest: [u64; DATA_WORDS - 1],
}

impl SetPdc {
    /// Tells what is at the virtual address `pdc`, for Xen to change.
    pub const fn new(pdc: u64) -> Self {
        /// `XEN_PM_PDC`.
        const PM_PDC: u32 = 3;

        Self {
            cmd: SET_PROCESSOR_PMINFO,
            interface_version: INTERFACE_VERSION,
            id: u32::MAX,
            kind: PM_PDC,
            pdc,
            _rest: [0; DATA_WORDS - 1],
        }
    }
}

const _: () = {
    assert!(size_of::<ReadMemtype>() == 136);
    assert!(offset_of!(ReadMemtype, reg) == 8);
    assert!(offset_of!(ReadMemtype, mfn) == 16);
    assert!(offset_of!(ReadMemtype, nr_mfns) == 24);
    assert!(offset_of!(ReadMemtype, kind) == 32);

    assert!(size_of::<SetPdc>() == 136);
    assert!(offset_of!(SetPdc, id) == 8);
    assert!(offset_of!(SetPdc, kind) == 12);
    assert!(offset_of!(SetPdc, pdc) == 16);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_platform_machine))]
mod tests {
    use super::*;

    #[test]
    fn questions_carry_the_numbers_of_the_interface() {
        let memory = ReadMemtype::new(2);
        let sleep = SetPdc::new(0x1000);

        assert_eq!((memory.cmd, memory.reg), (33, 2));
        assert_eq!((sleep.cmd, sleep.id, sleep.kind), (54, u32::MAX, 3));
        assert_eq!(sleep.pdc, 0x1000);
        assert_eq!(memory.interface_version, 0x0300_0001);
        assert_eq!(sleep.interface_version, 0x0300_0001);
    }
}
