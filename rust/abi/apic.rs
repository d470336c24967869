// SPDX-License-Identifier: GPL-2.0

//! What Xen tells the initial domain of the machine's APICs.
//!
//! C ancestors: `include/xen/interface/physdev.h`, `include/xen/interface/platform.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// `PHYSDEVOP_apic_read`.
pub const APIC_READ: u32 = 8;

/// Reads a register of an I/O APIC.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct PhysdevApic {
    /// Where the I/O APIC is in the machine's memory.
    pub(crate) apic_physbase: u64,
    /// Which register.
    pub(crate) reg: u32,
    /// Xen's answer.
    pub(crate) value: u32,
}

impl PhysdevApic {
    /// Asks for a register.
    pub const fn new(apic_physbase: u64, reg: u32) -> Self {
        Self {
            apic_physbase,
            reg,
            value: 0,
        }
    }
}

/// `struct xen_platform_op` with `XENPF_get_cpuinfo` in it.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct PhysicalCpu {
    /// The command.
    pub(crate) cmd: u32,
    /// `XENPF_INTERFACE_VERSION`.
    pub(crate) interface_version: u32,
    /// Which CPU, as Xen numbers the machine's.
    pub(crate) xen_cpuid: u32,
    /// The highest number that there is.
    pub(crate) max_present: u32,
    /// Whether it is there, and on line.
    pub(crate) flags: u32,
    /// The number of its APIC.
    pub(crate) apic_id: u32,
    /// Its number in ACPI's tables.
    pub(crate) acpi_id: u32,
    /// Rest of the union.
    _pad: [u32; 27],
}

impl PhysicalCpu {
    /// Asks for CPU number `xen_cpuid` of the machine.
    pub const fn new(xen_cpuid: u32) -> Self {
        /// `XENPF_get_cpuinfo`.
        const GET_CPUINFO: u32 = 55;
        /// `XENPF_INTERFACE_VERSION`, without which Xen refuses.
        const INTERFACE_VERSION: u32 = 0x0300_0001;

        Self {
            cmd: GET_CPUINFO,
            interface_version: INTERFACE_VERSION,
            xen_cpuid,
            max_present: 0,
            flags: 0,
            apic_id: 0,
            acpi_id: 0,
            _pad: [0; 27],
        }
    }
}

const _: () = {
    assert!(size_of::<PhysdevApic>() == 16);
    assert!(offset_of!(PhysdevApic, reg) == 8);
    assert!(offset_of!(PhysdevApic, value) == 12);

    assert!(size_of::<PhysicalCpu>() == 136);
    assert!(offset_of!(PhysicalCpu, xen_cpuid) == 8);
    assert!(offset_of!(PhysicalCpu, apic_id) == 20);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_apic))]
mod tests {
    use super::*;

    #[test]
    fn questions_say_what_is_asked() {
        let register = PhysdevApic::new(0xfec0_0000, 1);
        let cpu = PhysicalCpu::new(3);

        assert_eq!((register.apic_physbase, register.reg), (0xfec0_0000, 1));
        assert_eq!((cpu.cmd, cpu.interface_version), (55, 0x0300_0001));
        assert_eq!(cpu.xen_cpuid, 3);
    }
}
