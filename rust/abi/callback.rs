// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_callback_op`: where Xen enters a PV guest.
//!
//! C ancestor: `include/xen/interface/callback.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

/// `CALLBACKOP_register`.
pub const REGISTER: u32 = 0;

/// What Xen enters the guest for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum CallbackType {
    /// Events are pending.
    Event = 0,
    /// Xen could not load the guest's segments when it returned to it.
    Failsafe = 1,
    /// `syscall` in 64-bit user space.
    Syscall = 2,
    /// `sysenter` in 32-bit user space, on Intel's CPUs.
    Sysenter = 5,
    /// `syscall` in 32-bit user space, on AMD's CPUs.
    Syscall32 = 7,
}

/// Tells Xen an address.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct CallbackRegister {
    /// What for.
    pub(crate) kind: u16,
    /// [`CallbackRegister::MASK_EVENTS`].
    pub(crate) flags: u16,
    /// Aligns the next field.
    _pad: u32,
    /// Where.
    pub(crate) address: u64,
}

impl CallbackRegister {
    /// `CALLBACKF_mask_events`: events are off on entry.
    const MASK_EVENTS: u16 = 1 << 0;

    /// Has Xen enter at `address`, with events off.
    pub const fn new(kind: CallbackType, address: u64) -> Self {
        Self {
            kind: kind as u16, // CAST: `repr(u16)`.
            flags: Self::MASK_EVENTS,
            _pad: 0,
            address,
        }
    }
}

const _: () = {
    assert!(size_of::<CallbackRegister>() == 16);
    assert!(offset_of!(CallbackRegister, kind) == 0);
    assert!(offset_of!(CallbackRegister, flags) == 2);
    assert!(offset_of!(CallbackRegister, address) == 8);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_callback))]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn an_entry_is_told_with_no_stray_byte() {
        let callback = CallbackRegister::new(CallbackType::Syscall32, 0x1122_3344_5566_7788);

        assert_eq!(
            callback.as_bytes(),
            [7, 0, 1, 0, 0, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]
        );
    }
}
