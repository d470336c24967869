// SPDX-License-Identifier: GPL-2.0

//! Names that Xen gives out: domains, vCPUs, event channel ports, grants.
//!
//! Each is an index into a table of Xen's, so a mixed-up or made-up one
//! reaches some other object instead of failing. `new` takes the numbers that
//! name an ordinary object; numbers with a meaning of their own exist as
//! constants only.

use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

/// A domain, or one of the stand-ins that Xen accepts in its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct DomId(u16);

impl DomId {
    /// The first number that no ordinary domain has.
    const FIRST_RESERVED: u16 = 0x7ff0;

    /// The calling domain itself.
    pub const SELF: Self = Self(0x7ff0);
    /// Owner of memory that is no RAM: limits page-table updates to I/O.
    pub const IO: Self = Self(0x7ff1);
    /// Xen's heap, parts of which a privileged domain may map.
    pub const XEN: Self = Self(0x7ff2);
    /// Owner of pages that domains share.
    pub const COW: Self = Self(0x7ff3);
    /// Nobody: the owner is not known.
    pub const INVALID: Self = Self(0x7ff4);
    /// Xen's idle domain.
    pub const IDLE: Self = Self(0x7fff);

    /// Returns the ordinary domain with number `raw`, if there can be one.
    #[inline]
    pub const fn new(raw: u16) -> Option<Self> {
        if raw < Self::FIRST_RESERVED {
            Some(Self(raw))
        } else {
            None
        }
    }

    /// Takes a number from Xen, reserved or not.
    #[allow(dead_code, reason = "no user yet receives a domain from Xen")]
    #[inline]
    pub(crate) const fn from_raw(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns whether this is a stand-in and no domain that can be looked up.
    #[inline]
    pub const fn is_reserved(self) -> bool {
        self.0 >= Self::FIRST_RESERVED
    }
}

/// Defines a newtype for a 32-bit name that lies in a range.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $range:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, IntoBytes, Immutable)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// Returns the object with number `raw`, if there can be one.
            #[inline]
            pub const fn new(raw: u32) -> Option<Self> {
                const RANGE: core::ops::RangeInclusive<u32> = $range;

                if *RANGE.start() <= raw && raw <= *RANGE.end() {
                    Some(Self(raw))
                } else {
                    None
                }
            }

            /// Takes a number that is known to be Xen's.
            #[allow(dead_code, reason = "not every kind arrives from Xen yet")]
            #[inline]
            pub(crate) const fn from_raw(raw: u32) -> Self {
                Self(raw)
            }

            /// Returns the number.
            #[inline]
            pub const fn get(self) -> u32 {
                self.0
            }
        }
    };
}

name!(
    /// A virtual CPU as Xen numbers it, which need not be Linux's CPU number.
    ///
    /// `u32::MAX` marks a CPU that has no vCPU and is refused.
    VcpuId,
    0..=u32::MAX - 1
);

impl VcpuId {
    /// How many vCPUs have their `vcpu_info` inside `shared_info`.
    pub const LEGACY_MAX: usize = 32;

    /// Returns the vCPU's place in `shared_info`, if it has one there.
    #[inline]
    pub fn legacy_index(self) -> Option<usize> {
        usize::try_from(self.0)
            .ok()
            .filter(|&index| index < Self::LEGACY_MAX)
    }
}

name!(
    /// The guest's end of an event channel.
    ///
    /// Port 0 is never bound. The widest ABI, FIFO, has 17 bits for a port.
    EvtchnPort,
    1..=(1 << 17) - 1
);

name!(
    /// An entry of a grant table.
    ///
    /// `u32::MAX` is what C passes around for "none" and is refused.
    GrantRef,
    0..=u32::MAX - 1
);

impl GrantRef {
    /// The console ring, granted by the toolstack before the domain runs.
    pub const CONSOLE: Self = Self(0);
    /// The xenstore ring, granted by the toolstack before the domain runs.
    pub const XENSTORE: Self = Self(1);
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_id))]
mod tests {
    use super::*;

    #[test]
    fn ordinary_domains_end_before_the_reserved_ones() {
        assert_eq!(DomId::new(0).map(DomId::get), Some(0));
        assert_eq!(DomId::new(0x7fef).map(DomId::get), Some(0x7fef));
        assert_eq!(DomId::new(0x7ff0), None);
        assert_eq!(DomId::new(u16::MAX), None);
    }

    #[test]
    fn reserved_domains_have_the_numbers_of_the_interface() {
        assert_eq!(DomId::SELF.get(), 0x7ff0);
        assert_eq!(DomId::IO.get(), 0x7ff1);
        assert_eq!(DomId::XEN.get(), 0x7ff2);
        assert_eq!(DomId::COW.get(), 0x7ff3);
        assert_eq!(DomId::INVALID.get(), 0x7ff4);
        assert_eq!(DomId::IDLE.get(), 0x7fff);
    }

    #[test]
    fn only_ordinary_domains_are_not_reserved() {
        assert!(DomId::SELF.is_reserved());
        assert!(DomId::from_raw(u16::MAX).is_reserved());
        assert!(!DomId::from_raw(0x7fef).is_reserved());
    }

    #[test]
    fn the_invalid_vcpu_is_refused() {
        assert_eq!(VcpuId::new(0).map(VcpuId::get), Some(0));
        assert_eq!(
            VcpuId::new(u32::MAX - 1).map(VcpuId::get),
            Some(u32::MAX - 1)
        );
        assert_eq!(VcpuId::new(u32::MAX), None);
    }

    #[test]
    fn shared_info_has_room_for_the_first_vcpus_only() {
        assert_eq!(VcpuId::from_raw(0).legacy_index(), Some(0));
        assert_eq!(VcpuId::from_raw(31).legacy_index(), Some(31));
        assert_eq!(VcpuId::from_raw(32).legacy_index(), None);
        assert_eq!(VcpuId::from_raw(u32::MAX - 1).legacy_index(), None);
    }

    #[test]
    fn ports_fit_the_fifo_abi() {
        assert_eq!(EvtchnPort::new(0), None);
        assert_eq!(EvtchnPort::new(1).map(EvtchnPort::get), Some(1));
        assert_eq!(
            EvtchnPort::new(0x1_ffff).map(EvtchnPort::get),
            Some(0x1_ffff)
        );
        assert_eq!(EvtchnPort::new(0x2_0000), None);
        assert_eq!(EvtchnPort::new(u32::MAX), None);
    }

    #[test]
    fn the_invalid_grant_is_refused() {
        assert_eq!(GrantRef::new(0), Some(GrantRef::CONSOLE));
        assert_eq!(GrantRef::new(1), Some(GrantRef::XENSTORE));
        assert_eq!(GrantRef::new(u32::MAX), None);
    }
}
