// SPDX-License-Identifier: GPL-2.0

//! Hypercalls about the machine's APICs, for the initial domain.

use super::{
    command,
    hypercall, //
};
use crate::{
    abi::{
        apic::{
            PhysdevApic,
            PhysicalCpu,
            APIC_READ, //
        },
        errno::XenErrno,
        hypercall::Number, //
    },
    raw::word::to_u64, //
};

/// `PHYSDEVOP_apic_read`: reads a register of the I/O APIC at a physical address.
///
/// # Errors
///
/// `EPERM` for any domain but the initial one, Xen's refusal of the address.
pub(crate) fn io_apic_read(address: u64, register: u32) -> Result<u32, XenErrno> {
    let mut question = PhysdevApic::new(address, register);

    // SAFETY: `PhysdevApic` is this command's structure; its address is the machine's, not ours.
    unsafe { command(Number::PhysdevOp, APIC_READ, &mut question)? };
    Ok(question.value)
}

/// `XENPF_get_cpuinfo`: asks for the number of the APIC of one of the machine's CPUs.
///
/// # Errors
///
/// `EPERM` for any domain but the initial one.
pub(crate) fn apic_id(cpu: u32) -> Result<u32, XenErrno> {
    let mut question = PhysicalCpu::new(cpu);
    let handle = to_u64(core::ptr::from_mut(&mut question).expose_provenance());

    // SAFETY: `PhysicalCpu` is a whole `xen_platform_op` without a pointer, borrowed until Xen is
    // done.
    XenErrno::result(unsafe { hypercall(Number::PlatformOp, [handle, 0, 0, 0, 0]) })?;
    Ok(question.apic_id)
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_apic)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn the_machine_is_the_initial_domains() {
        if domain::is_initial() {
            assert!(apic_id(0).is_ok());
        } else if domain::is_pv() {
            assert_eq!(apic_id(0), Err(XenErrno::EPERM));
        }
    }

    #[test]
    fn there_is_no_io_apic_at_address_zero() {
        if domain::is_pv() {
            assert!(io_apic_read(0, 1).is_err());
        }
    }
}
