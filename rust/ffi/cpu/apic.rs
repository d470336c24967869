// SPDX-License-Identifier: GPL-2.0

//! The functions of the fake local APIC in c-shims/apic.c.
//!
//! C ancestor: `apic.c`.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    ffi::{
        c_int,
        c_uint, //
    },
};

use super::pmu;
use crate::{
    abi::errno::XenErrno,
    cpu::apic::{
        self,
        ThisCpu,
        BAD_ID, //
    },
    ffi::contract,
    raw::{
        bindings,
        domain,
        hypercall,
        print::{
            printk,
            WARNING, //
        }, //
    },
};

contract!(
    xen_apic_read(_),
    xen_apic_write(_, _),
    xen_cpu_present_to_apicid(_),
    xen_get_apic_id(_),
    xen_io_apic_read(_, _),
);

const _: () = {
    assert!(apic::ID == bindings::APIC_ID);
    assert!(apic::VERSION == bindings::APIC_LVR);
    assert!(apic::COUNTER_INTERRUPT == bindings::APIC_LVTPC);
    assert!(BAD_ID == bindings::BAD_APICID);
};

/// The CPU that runs this.
struct Here;

impl ThisCpu for Here {
    fn is_initial(&self) -> bool {
        domain::is_initial()
    }

    fn number(&self) -> u32 {
        CpuId::current().as_u32()
    }

    fn machine_id(&self) -> Result<u32, XenErrno> {
        hypercall::apic::apic_id(self.number())
    }

    fn topology_id(&self) -> u32 {
        // SAFETY: The CPU exists.
        unsafe { bindings::rust_helper_cpuid_to_apicid(self.number()) }
    }

    fn set_counter_interrupt(&mut self, value: u32) {
        pmu::set_interrupt(value);
    }

    fn warn_of_write(&mut self, register: u32, value: u32) {
        printk!(WARNING, "register: {:x}, value: {:x}\n", register, value);
        let _ = kernel::warn_on!(true);
    }
}

/// Reads a register. Any context.
#[no_mangle]
extern "C" fn xen_apic_read(register: u32) -> u32 {
    apic::read(&Here, register)
}

/// Writes a register. Any context.
#[no_mangle]
extern "C" fn xen_apic_write(register: u32, value: u32) {
    apic::write(&mut Here, register, value);
}

/// Returns the number in a value of the identification. Any context.
#[no_mangle]
extern "C" fn xen_get_apic_id(value: u32) -> u32 {
    apic::id_in(value)
}

/// Returns the number of CPU `cpu`'s APIC, if the CPU is there. Any context.
#[no_mangle]
extern "C" fn xen_cpu_present_to_apicid(cpu: c_int) -> u32 {
    match CpuId::from_i32(cpu) {
        // SAFETY: It takes any CPU.
        Some(cpu) if unsafe { bindings::rust_helper_cpu_present(cpu.as_u32()) } => {
            // SAFETY: The CPU is there.
            unsafe { bindings::rust_helper_cpu_apicid(cpu.as_u32()) }
        }
        _ => BAD_ID,
    }
}

/// Reads a register of I/O APIC `apic`. Any context.
#[no_mangle]
extern "C" fn xen_io_apic_read(apic: c_uint, register: c_uint) -> c_uint {
    // SAFETY: It takes any I/O APIC: without such a one, the address is 0.
    let address = unsafe { bindings::rust_helper_mpc_ioapic_addr(apic) };
    let answer = hypercall::apic::io_apic_read(u64::from(address), register);

    apic::io_apic_register(apic, register, answer)
}
