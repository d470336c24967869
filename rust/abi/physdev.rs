// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_physdev_op`: interrupt lines of the machine.
//!
//! C ancestor: `include/xen/interface/physdev.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

/// `PHYSDEVOP_set_iopl`.
pub const SET_IOPL: u32 = 6;
/// `PHYSDEVOP_set_iobitmap`.
pub const SET_IOBITMAP: u32 = 7;
/// `PHYSDEVOP_setup_gsi`.
pub const SETUP_GSI: u32 = 21;

/// When a line interrupts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// As it changes.
    Edge,
    /// As long as it is on.
    Level,
}

/// Which level of a line means "on".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polarity {
    /// The high one.
    High,
    /// The low one.
    Low,
}

/// Tells Xen how a line behaves.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SetupGsi {
    /// Which line.
    pub(crate) gsi: i32,
    /// 0 for edges, 1 for levels.
    pub(crate) triggering: u8,
    /// 0 for high, 1 for low.
    pub(crate) polarity: u8,
    /// Fills up.
    _pad: [u8; 2],
}

impl SetupGsi {
    /// Describes line `gsi`.
    pub const fn new(gsi: i32, trigger: Trigger, polarity: Polarity) -> Self {
        Self {
            gsi,
            triggering: match trigger {
                Trigger::Edge => 0,
                Trigger::Level => 1,
            },
            polarity: match polarity {
                Polarity::High => 0,
                Polarity::Low => 1,
            },
            _pad: [0; 2],
        }
    }
}

/// Sets the I/O privilege level.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SetIopl {
    /// Rings up to this may do I/O.
    pub iopl: u32,
}

/// Sets which I/O ports user space may use.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SetIobitmap {
    /// Virtual address of a bit for each port, clear if it may be used. Xen keeps it.
    pub bitmap: u64,
    /// How many ports the bitmap has.
    pub nr_ports: u32,
    /// Fills up.
    _pad: u32,
}

impl SetIobitmap {
    /// Names a bitmap.
    pub const fn new(bitmap: u64, nr_ports: u32) -> Self {
        Self {
            bitmap,
            nr_ports,
            _pad: 0,
        }
    }
}

const _: () = {
    assert!(size_of::<SetIopl>() == 4);
    assert!(size_of::<SetIobitmap>() == 16);
    assert!(offset_of!(SetIobitmap, bitmap) == 0);
    assert!(offset_of!(SetIobitmap, nr_ports) == 8);

    assert!(size_of::<SetupGsi>() == 8);
    assert!(offset_of!(SetupGsi, gsi) == 0);
    assert!(offset_of!(SetupGsi, triggering) == 4);
    assert!(offset_of!(SetupGsi, polarity) == 5);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_physdev))]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn a_line_is_described_in_five_bytes_and_zeros() {
        let isa = SetupGsi::new(9, Trigger::Edge, Polarity::High);
        let pci = SetupGsi::new(0x112, Trigger::Level, Polarity::Low);

        assert_eq!(isa.as_bytes(), [9, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(pci.as_bytes(), [0x12, 1, 0, 0, 1, 1, 0, 0]);
    }
}
