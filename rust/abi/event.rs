// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_event_channel_op`.
//!
//! C ancestor: `include/xen/interface/event_channel.h`.

use core::mem::size_of;

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

use super::id::EvtchnPort;

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

const _: () = assert!(size_of::<Send>() == 4);

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
}
