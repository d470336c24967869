// SPDX-License-Identifier: GPL-2.0

//! The driver of the local APIC that a PV guest does not have.
//!
//! C ancestor: `apic.c`.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    ffi::{
        c_char,
        c_int,
        c_uint, //
    },
};

use super::pmu;
#[cfg(CONFIG_SMP)]
use crate::ffi::smp::apic::{
    xen_send_ipi_all,
    xen_send_ipi_allbutself,
    xen_send_ipi_mask,
    xen_send_ipi_mask_allbutself,
    xen_send_ipi_self, //
};
use crate::{
    abi::errno::XenErrno,
    cpu::apic::{
        self,
        ThisCpu,
        BAD_ID, //
    },
    raw::{
        bindings,
        cpu::CpuSet,
        domain,
        hypercall,
        percpu::PerCpu,
        print::{
            printk,
            WARNING, //
        }, //
        section::{
            init,
            ro_after_init, //
        },
        table::{
            zeroed,
            Table, //
        },
        word::to_int, //
    },
};

const _: () = {
    assert!(apic::ID == bindings::APIC_ID);
    assert!(apic::VERSION == bindings::APIC_LVR);
    assert!(apic::COUNTER_INTERRUPT == bindings::APIC_LVTPC);
    assert!(BAD_ID == bindings::BAD_APICID);
};

// SAFETY: `DEFINE_PER_CPU_READ_MOSTLY(struct cpuinfo_x86, cpu_info)` is in
// arch/x86/kernel/smpboot.c.
#[cfg(CONFIG_SMP)]
const TOPOLOGY_ID: PerCpu<u32> = unsafe { PerCpu::new(&raw const bindings::cpu_info.topo.apicid) };
// SAFETY: Without SMP there is one copy: this.
#[cfg(not(CONFIG_SMP))]
const TOPOLOGY_ID: PerCpu<u32> =
    unsafe { PerCpu::new(&raw const bindings::boot_cpu_data.topo.apicid) };

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
        let ids = (&raw const bindings::cpuid_to_apicid).cast::<u32>();

        // SAFETY: The CPU exists, so that it has one.
        unsafe { ids.add(self.number() as usize).read() } // CAST: It widens.
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
extern "C" fn xen_apic_read(register: u32) -> u32 {
    apic::read(&Here, register)
}

/// Writes a register. Any context.
extern "C" fn xen_apic_write(register: u32, value: u32) {
    apic::write(&mut Here, register, value);
}

/// Returns the number in a value of the identification. Any context.
extern "C" fn xen_get_apic_id(value: u32) -> u32 {
    apic::id_in(value)
}

/// Returns the number of CPU `cpu`'s APIC, if the CPU is there. Any context.
extern "C" fn xen_cpu_present_to_apicid(cpu: c_int) -> u32 {
    match CpuId::from_i32(cpu) {
        // SAFETY: The CPU is there, and keeps it.
        Some(cpu) if CpuSet::present().has(cpu.as_u32()) => unsafe { TOPOLOGY_ID.ptr(cpu).read() },
        _ => BAD_ID,
    }
}

/// Reads a register of I/O APIC `apic`. Any context.
extern "C" fn xen_io_apic_read(apic: c_uint, register: c_uint) -> c_uint {
    // SAFETY: It takes any I/O APIC: without such a one, the address is 0.
    let address = unsafe { bindings::mpc_ioapic_addr(to_int(apic)) };
    let answer = hypercall::apic::io_apic_read(u64::from(address), register);

    apic::io_apic_register(apic, register, answer)
}
/// Warns: nothing is there that could end an interrupt.
extern "C" fn eoi() {
    kernel::do_once_lite! { let _ = kernel::warn_on!(true); }
}

/// Returns that no command waits.
extern "C" fn icr_read() -> u64 {
    0
}

/// Warns: nothing is there that could send an interrupt.
extern "C" fn icr_write(_low: u32, _id: u32) {
    let _ = kernel::warn_on!(true);
}

/// Tells whether this driver is to be used.
extern "C" fn probe() -> c_int {
    c_int::from(domain::is_pv())
}

/// Tells the same, whoever made the machine's tables.
extern "C" fn acpi_madt_oem_check(_oem_id: *mut c_char, _oem_table_id: *mut c_char) -> c_int {
    probe()
}

ro_after_init! {
    /// The driver.
    static XEN_PV_APIC: Table<bindings::apic> = Table::new(bindings::apic {
        name: c"Xen PV".as_ptr().cast_mut().cast(),
        probe: Some(probe),
        acpi_madt_oem_check: Some(acpi_madt_oem_check),

        cpu_present_to_apicid: Some(xen_cpu_present_to_apicid),
        max_apic_id: u32::MAX,
        get_apic_id: Some(xen_get_apic_id),
        calc_dest_apicid: Some(bindings::apic_flat_calc_apicid),

        #[cfg(CONFIG_SMP)]
        send_IPI_mask: Some(xen_send_ipi_mask),
        #[cfg(CONFIG_SMP)]
        send_IPI_mask_allbutself: Some(xen_send_ipi_mask_allbutself),
        #[cfg(CONFIG_SMP)]
        send_IPI_allbutself: Some(xen_send_ipi_allbutself),
        #[cfg(CONFIG_SMP)]
        send_IPI_all: Some(xen_send_ipi_all),
        #[cfg(CONFIG_SMP)]
        send_IPI_self: Some(xen_send_ipi_self),

        read: Some(xen_apic_read),
        write: Some(xen_apic_write),
        eoi: Some(eoi),
        icr_read: Some(icr_read),
        icr_write: Some(icr_write),
        ..zeroed()
    });
}

/// Where the kernel looks for drivers: `apic_driver()`.
#[used]
#[link_section = ".apicdrivers"]
static DRIVER: &Table<bindings::apic> = &XEN_PV_APIC;

init! {
    /// Has the kernel ask Xen for registers of I/O APICs.
    pub(in crate::ffi) fn use_io_apics() {
        // SAFETY: Boot code, before the kernel looks at an I/O APIC.
        unsafe { bindings::x86_apic_ops.io_apic_read = Some(xen_io_apic_read) };
    }
}
