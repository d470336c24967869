// SPDX-License-Identifier: GPL-2.0

//! Descriptors of segments and gates, and the exceptions that Xen is told of.
//!
//! The formats of descriptors are the processor's. Xen takes segments as they
//! are, in one word; of a gate it takes what it needs, as [`TrapInfo`].
//!
//! C ancestors: `asm/desc_defs.h`, `struct trap_info` in `asm/xen/interface.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// Exceptions and interrupts that a vector can name.
pub const VECTORS: usize = 256;

/// A descriptor of 16 bytes, as an interrupt descriptor table has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Gate {
    /// Bits 0 to 15 of the handler's address.
    pub(crate) offset_low: u16,
    /// Code segment of the handler.
    pub(crate) segment: u16,
    /// Stack, type, privilege level, and whether there is a handler.
    pub(crate) bits: u16,
    /// Bits 16 to 31 of the address.
    pub(crate) offset_middle: u16,
    /// The others.
    pub(crate) offset_high: u32,
    /// Fills up.
    _pad: u32,
}

/// What a gate does to interrupts. Other kinds are no handlers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GateKind {
    /// `GATE_INTERRUPT`: turns them off.
    Interrupt,
    /// `GATE_TRAP`: leaves them as they are.
    Trap,
}

impl Gate {
    /// `GATE_INTERRUPT`.
    const INTERRUPT: u16 = 0xe;
    /// `GATE_TRAP`.
    const TRAP: u16 = 0xf;

    /// Makes a gate.
    pub const fn new(address: u64, segment: u16, kind: GateKind, dpl: u8, ist: u8) -> Self {
        let kind = match kind {
            GateKind::Interrupt => Self::INTERRUPT,
            GateKind::Trap => Self::TRAP,
        };

        Self {
            offset_low: address as u16, // CAST: The lowest bits.
            segment,
            // CAST: They widen.
            bits: (ist & 7) as u16 | kind << 8 | ((dpl & 3) as u16) << 13 | 1 << 15,
            offset_middle: (address >> 16) as u16, // CAST: The next ones.
            offset_high: (address >> 32) as u32,   // CAST: The highest ones.
            _pad: 0,
        }
    }

    /// Returns what kind of handler it leads to, if any.
    #[inline]
    pub const fn kind(&self) -> Option<GateKind> {
        match self.bits >> 8 & 0x1f {
            Self::INTERRUPT => Some(GateKind::Interrupt),
            Self::TRAP => Some(GateKind::Trap),
            _ => None,
        }
    }

    /// Returns the handler's address.
    #[inline]
    pub fn address(&self) -> u64 {
        u64::from(self.offset_low)
            | u64::from(self.offset_middle) << 16
            | u64::from(self.offset_high) << 32
    }

    /// Returns the handler's code segment.
    #[inline]
    pub const fn segment(&self) -> u16 {
        self.segment
    }

    /// Returns which ring may raise the exception by an instruction.
    #[inline]
    pub const fn dpl(&self) -> u8 {
        (self.bits >> 13 & 3) as u8 // CAST: Two bits.
    }

    /// Returns the number of the stack that the processor would switch to, 0 for none.
    #[inline]
    pub const fn ist(&self) -> u8 {
        (self.bits & 7) as u8 // CAST: Three bits.
    }
}

/// Where an exception is handled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct TrapInfo {
    /// The exception.
    pub vector: u8,
    /// Who may raise it, and [`TrapInfo::MASK_EVENTS`].
    pub flags: u8,
    /// Code segment.
    pub cs: u16,
    /// Fills up.
    _pad: u32,
    /// The handler.
    pub address: u64,
}

impl TrapInfo {
    /// Events are held off in the handler.
    pub const MASK_EVENTS: u8 = 1 << 2;
    /// The end of a table.
    pub const END: Self = Self::new(0, 0, 0, 0);

    /// Describes a handler.
    pub const fn new(vector: u8, flags: u8, cs: u16, address: u64) -> Self {
        Self {
            vector,
            flags,
            cs,
            _pad: 0,
            address,
        }
    }
}

/// A segment register of which Xen can be told: `SEGBASE_*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum SegmentBase {
    /// `SEGBASE_FS`: the base of `fs`.
    Fs = 0,
    /// `SEGBASE_GS_USER`: the base that `gs` has in user space.
    GsUser = 1,
    /// `SEGBASE_GS_KERNEL`: the base that it has in the kernel.
    GsKernel = 2,
    /// `SEGBASE_GS_USER_SEL`: the selector, and with it the base, that it has in user space.
    GsUserSelector = 3,
}

impl SegmentBase {
    /// Returns the number that the hypercall has for it.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self as u64 // CAST: `repr(u64)`.
    }
}

const _: () = {
    assert!(size_of::<Gate>() == 16);
    assert!(offset_of!(Gate, segment) == 2);
    assert!(offset_of!(Gate, bits) == 4);
    assert!(offset_of!(Gate, offset_middle) == 6);
    assert!(offset_of!(Gate, offset_high) == 8);

    assert!(size_of::<TrapInfo>() == 16);
    assert!(offset_of!(TrapInfo, flags) == 1);
    assert!(offset_of!(TrapInfo, cs) == 2);
    assert!(offset_of!(TrapInfo, address) == 8);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_descriptor))]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_read_as_the_processor_does() {
        let gate: Gate = zerocopy::transmute!([
            0x78_u8, 0x56, 0x10, 0x00, 0x03, 0xee, 0x34, 0x12, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ]);

        assert_eq!(gate.address(), 0xffff_ffff_1234_5678);
        assert_eq!(gate.segment(), 0x10);
        assert_eq!(gate.kind(), Some(GateKind::Interrupt));
        assert_eq!(gate.dpl(), 3);
        assert_eq!(gate.ist(), 3);
        assert_eq!(
            gate,
            Gate::new(0xffff_ffff_1234_5678, 0x10, GateKind::Interrupt, 3, 3)
        );
    }

    #[test]
    fn what_is_no_gate_handles_nothing() {
        let empty: Gate = zerocopy::transmute!([0_u8; 16]);
        let trap = Gate::new(0x1000, 0x10, GateKind::Trap, 0, 0);

        assert_eq!(empty.kind(), None);
        assert_eq!(trap.kind(), Some(GateKind::Trap));
        assert_eq!(trap.dpl(), 0);
        assert_eq!(trap.ist(), 0);
    }
}
