// SPDX-License-Identifier: GPL-2.0

//! The local APIC that a PV guest does not have, and the I/O APICs that it reads through Xen.
//!
//! The kernel wants an APIC driver, so it gets one whose registers are made up:
//! version and identification can be read, and the interrupt of the performance
//! counters be masked. Nothing else is ever accessed, and what is gets a warning.
//!
//! Callers: `struct apic` in rust/ffi/cpu/apic.rs, in any context, and the I/O APIC
//! code of the initial domain.
//!
//! C ancestor: `apic.c`.

use crate::abi::errno::XenErrno;

/// `APIC_ID`: which APIC this is, in the top byte.
pub const ID: u32 = 0x20;
/// `APIC_LVR`: the version.
pub const VERSION: u32 = 0x30;
/// `APIC_LVTPC`: how the performance counters interrupt.
pub const COUNTER_INTERRUPT: u32 = 0x340;
/// `BAD_APICID`: no APIC.
pub const BAD_ID: u32 = 0xffff;

/// An integrated APIC, with no more registers than there have always been.
const INTEGRATED: u32 = 0x14;
/// Where the number is in [`ID`].
const ID_SHIFT: u32 = 24;
/// And how wide.
const ID_MASK: u32 = 0xff;

/// Returns the number in a value of [`ID`].
pub const fn id_in(value: u32) -> u32 {
    value >> ID_SHIFT & ID_MASK
}

/// The CPU that runs this.
pub trait ThisCpu {
    /// Returns whether the domain is the initial one.
    fn is_initial(&self) -> bool;
    /// Returns which CPU it is.
    fn number(&self) -> u32;
    /// Asks Xen for the number of the machine's APIC.
    fn machine_id(&self) -> Result<u32, XenErrno>;
    /// Returns the number that the kernel has given to the CPU.
    fn topology_id(&self) -> u32;
    /// Masks or unmasks the interrupt of the performance counters.
    fn set_counter_interrupt(&mut self, value: u32);
    /// Complains about a write that nobody should have done.
    fn warn_of_write(&mut self, register: u32, value: u32);
}

/// Reads a register.
pub fn read(cpu: &impl ThisCpu, register: u32) -> u32 {
    match register {
        VERSION => INTEGRATED,
        ID => id(cpu) << ID_SHIFT,
        _ => 0,
    }
}

/// Returns the number of the APIC: the initial domain sees the machine's in ACPI's tables.
fn id(cpu: &impl ThisCpu) -> u32 {
    if cpu.is_initial() {
        cpu.machine_id().unwrap_or(BAD_ID)
    } else if cpu.number() == 0 {
        0
    } else {
        cpu.topology_id()
    }
}

/// Writes a register.
pub fn write(cpu: &mut impl ThisCpu, register: u32, value: u32) {
    match register {
        COUNTER_INTERRUPT => cpu.set_counter_interrupt(value),
        _ => cpu.warn_of_write(register, value),
    }
}

/// Returns what register `register` of I/O APIC `apic` holds, from Xen's answer.
///
/// A domain that Xen does not let ask sees one with 24 pins and the number that
/// it asked for.
pub fn io_apic_register(apic: u32, register: u32, answer: Result<u32, XenErrno>) -> u32 {
    /// The identification, number in the top byte.
    const IO_ID: u32 = 0;
    /// Version 0x20, and the number of the last pin.
    const IO_VERSION: u32 = 1;

    answer.unwrap_or(match register {
        IO_ID => apic << ID_SHIFT,
        IO_VERSION => 0x0017_0020,
        _ => 0xfd,
    })
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_apic))]
mod tests {
    use super::*;

    /// A CPU that remembers what was written.
    struct Fake {
        machine: Option<Result<u32, XenErrno>>,
        number: u32,
        counter_interrupt: Option<u32>,
        stray: Option<(u32, u32)>,
    }

    impl Fake {
        /// CPU `number` of the initial domain, if there is a machine, or of another.
        fn new(machine: Option<Result<u32, XenErrno>>, number: u32) -> Self {
            Self {
                machine,
                number,
                counter_interrupt: None,
                stray: None,
            }
        }
    }

    impl ThisCpu for Fake {
        fn is_initial(&self) -> bool {
            self.machine.is_some()
        }

        fn number(&self) -> u32 {
            self.number
        }

        fn machine_id(&self) -> Result<u32, XenErrno> {
            self.machine.unwrap_or(Err(XenErrno::EPERM))
        }

        fn topology_id(&self) -> u32 {
            self.number + 0x10
        }

        fn set_counter_interrupt(&mut self, value: u32) {
            self.counter_interrupt = Some(value);
        }

        fn warn_of_write(&mut self, register: u32, value: u32) {
            self.stray = Some((register, value));
        }
    }

    #[test]
    fn version_and_identification_can_be_read() {
        let cpu = Fake::new(Some(Ok(5)), 1);

        assert_eq!(read(&cpu, VERSION), 0x14);
        assert_eq!(read(&cpu, ID), 0x0500_0000);
        assert_eq!(id_in(read(&cpu, ID)), 5);
        for register in [0, 0x80, 0x300, COUNTER_INTERRUPT] {
            assert_eq!(read(&cpu, register), 0);
        }
    }

    #[test]
    fn a_cpu_that_xen_does_not_know_has_none() {
        let cpu = Fake::new(Some(Err(XenErrno::EPERM)), 1);

        assert_eq!(read(&cpu, ID), 0xff00_0000);
        assert_eq!(id_in(read(&cpu, ID)), 0xff);
    }

    #[test]
    fn other_domains_number_their_own() {
        assert_eq!(read(&Fake::new(None, 0), ID), 0);
        assert_eq!(read(&Fake::new(None, 2), ID), 0x1200_0000);
    }

    #[test]
    fn the_value_is_written_and_not_the_register() {
        let mut cpu = Fake::new(None, 0);

        write(&mut cpu, COUNTER_INTERRUPT, 0x1_0400);
        assert_eq!(cpu.counter_interrupt, Some(0x1_0400));
        assert_eq!(cpu.stray, None);
    }

    #[test]
    fn any_other_write_is_complained_of() {
        let mut cpu = Fake::new(None, 0);

        write(&mut cpu, 0xb0, 7);
        assert_eq!(cpu.counter_interrupt, None);
        assert_eq!(cpu.stray, Some((0xb0, 7)));
    }

    #[test]
    fn xen_knows_the_machines_io_apics() {
        for register in 0..3 {
            assert_eq!(io_apic_register(2, register, Ok(0x1234)), 0x1234);
        }
    }

    #[test]
    fn where_xen_refuses_there_is_one_of_24_pins() {
        let refused = Err(XenErrno::EPERM);

        assert_eq!(io_apic_register(2, 0, refused), 0x0200_0000);
        assert_eq!(io_apic_register(2, 1, refused), 0x0017_0020);
        assert_eq!(io_apic_register(2, 0x10, refused), 0xfd);
    }
}
