// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_event_channel_op` and `HYPERVISOR_multicall`.
//!
//! C ancestors: `include/xen/interface/event_channel.h`, `include/xen/interface/xen.h`.

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
    hypercall::Number,
    id::EvtchnPort, //
};

/// `EVTCHNOP_send`.
pub const SEND: u64 = 4;

/// Raises an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct Send {
    /// Through which of this domain's ports.
    port: u32,
}

impl Send {
    /// Goes nowhere: Xen refuses port 0.
    pub const NONE: Self = Self { port: 0 };

    /// Raises the event of a port.
    #[inline]
    pub const fn to(port: EvtchnPort) -> Self {
        Self { port: port.get() }
    }
}

/// One hypercall of a list.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct MulticallEntry {
    /// Its number.
    pub(crate) op: u64,
    /// Xen's answer.
    pub(crate) result: i64,
    /// Its arguments.
    pub(crate) args: [u64; 6],
}

impl MulticallEntry {
    /// Makes an entry for a hypercall of two arguments.
    #[inline(always)]
    pub const fn new(number: Number, [first, second]: [u64; 2]) -> Self {
        Self {
            op: number.get(),
            result: 0,
            args: [first, second, 0, 0, 0, 0],
        }
    }
}

const _: () = {
    assert!(size_of::<Send>() == 4);

    assert!(size_of::<MulticallEntry>() == 64);
    assert!(offset_of!(MulticallEntry, op) == 0);
    assert!(offset_of!(MulticallEntry, result) == 8);
    assert!(offset_of!(MulticallEntry, args) == 16);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_event))]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn a_send_is_its_port() {
        let send = Send::to(EvtchnPort::from_raw(0x0001_2345));

        assert_eq!(send.as_bytes(), [0x45, 0x23, 0x01, 0]);
        assert_eq!(Send::NONE.as_bytes(), [0; 4]);
    }

    #[test]
    fn an_entry_has_number_and_arguments() {
        let entry = MulticallEntry::new(Number::EventChannelOp, [SEND, 0x1000]);

        assert_eq!(entry.op, 32);
        assert_eq!(entry.result, 0);
        assert_eq!(entry.args, [4, 0x1000, 0, 0, 0, 0]);
    }
}
