// SPDX-License-Identifier: GPL-2.0

//! CPUs of a PV guest: boot, and the way down.
//!
//! C ancestor: `smp_pv.c`.

mod bringup;

use core::ptr::null_mut;

use kernel::{
    cpu::CpuId,
    ffi::{
        c_int,
        c_uint,
        c_void, //
    },
    prelude::*, //
};

use super::interrupt::CpuLines;
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
use super::spinlock;
use super::{
    ipi::{
        xen_smp_send_call_function_ipi,
        xen_smp_send_call_function_single_ipi,
        xen_smp_send_reschedule, //
    },
    xen_smp_cpus_done, //
};
use crate::{
    abi::{
        errno::XenErrno,
        id::VcpuId, //
    },
    ffi::{
        cpu::pmu,
        mmu::{
            access::protect,
            xen_write_cr3, //
        },
        start::platform,
        time::event, //
    },
    mmu::pin::Access,
    raw::{
        address,
        bindings::{
            self,
            x86_init,
            x86_init_noop, //
        },
        bringup::set_registered,
        bug::{
            bug,
            bug_on_err,
            panic, //
        },
        console,
        cpu::{
            self,
            CpuSet, //
        },
        domain,
        hypercall::{
            event::yield_cpu,
            vcpu as calls, //
        },
        print::{
            printk,
            INFO, //
        },
        section::{
            init,
            init_data, //
        },
        table::{
            zeroed,
            Table, //
        },
        task::Task,
        vcpu,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
    smp::{
        interrupt::{
            self,
            Line, //
        },
        pv::{
            self,
            Stopping, //
        },
    },
};

/// The CPU that the guest starts on.
const BOOT_CPU: c_uint = 0;

init_data! {
    /// What the kernel does to CPUs.
    static OPS: Table<bindings::smp_ops> = Table::new(bindings::smp_ops {
        smp_prepare_boot_cpu: Some(xen_pv_smp_prepare_boot_cpu),
        smp_prepare_cpus: Some(xen_pv_smp_prepare_cpus),
        smp_cpus_done: Some(xen_smp_cpus_done),

        kick_ap_alive: Some(bringup::xen_pv_kick_ap),
        cpu_die: Some(xen_pv_cpu_die),
        cleanup_dead_cpu: Some(xen_pv_cleanup_dead_cpu),
        poll_sync_state: Some(xen_pv_poll_sync_state),
        cpu_disable: Some(xen_pv_cpu_disable),
        play_dead: Some(xen_pv_play_dead),

        stop_other_cpus: Some(xen_pv_stop_other_cpus),
        smp_send_reschedule: Some(xen_smp_send_reschedule),

        send_call_func_ipi: Some(xen_smp_send_call_function_ipi),
        send_call_func_single_ipi: Some(xen_smp_send_call_function_single_ipi),
        ..zeroed()
    });
}

init! {
    /// Has the kernel bring up CPUs by hypercalls. The initial domain reads the machine's tables.
    pub(in crate::ffi) fn init() {
        // The initial domain finds the machine's CPUs by itself.
        let parse: unsafe extern "C" fn() = if domain::is_initial() {
            x86_init_noop
        } else {
            xen_pv_smp_config
        };

        // SAFETY: Early boot code, before the kernel uses the tables.
        unsafe {
            bindings::smp_ops = OPS.as_ptr().read();
            // There is no BIOS whose tables could be searched for.
            x86_init.mpparse.find_mptable = Some(x86_init_noop);
            x86_init.mpparse.early_parse_smp_cfg = Some(x86_init_noop);
            x86_init.mpparse.parse_smp_cfg = Some(parse);
        }
    }
}

init! {
    /// Finds out how many vCPUs there are, and has the kernel expect no more.
    pub(in crate::ffi) fn count_cpus() {
        let limit = kernel::cpu::nr_cpu_ids();
        let cpus = pv::count(limit, |&vcpu| calls::is_up(VcpuId::from_raw(vcpu)).is_ok());

        printk!(INFO, "Xen PV: Detected {} vCPUS\n", cpus);
        if cpus < limit {
            // SAFETY: Boot code, before anything is allocated for each CPU.
            unsafe { bindings::rust_helper_set_nr_cpu_ids(cpus) };
        }
    }
}

init! {
    /// Tells the kernel of a machine with a CPU for each vCPU, and of no more than that.
    extern "C" fn xen_pv_smp_config() {
        /// `CPU_ACPIID_INVALID`.
        const NO_ACPI_ID: u32 = u32::MAX;

        // SAFETY: Boot code, where the kernel asks for the machine's CPUs.
        unsafe { bindings::topology_register_boot_apic(BOOT_CPU) };
        for apic in 0..kernel::cpu::nr_cpu_ids() {
            // SAFETY: As above.
            unsafe { bindings::topology_register_apic(apic, NO_ACPI_ID, true) };
        }
        // SAFETY: As above.
        unsafe { bindings::smp_found_config = 1 };
    }
}

init! {
    /// Prepares the CPU that runs this, before anything is patched.
    extern "C" fn xen_pv_smp_prepare_boot_cpu() {
        if CpuId::current().as_u32() != BOOT_CPU {
            bug("the boot CPU is not CPU 0");
        }
        // SAFETY: Boot code, on the boot CPU.
        unsafe { bindings::native_smp_prepare_boot_cpu() };
        if !domain::has_writable_page_tables() {
            let first = to_u64((&raw const bindings::gdt_page).addr());

            // The table that the CPU started with, in the template, is memory as any other now.
            protect(first, Access::Writable);
        }
        // Which CPUs there can be is known by now.
        platform::xen_setup_vcpu_info_placement();
        // Lock and unlock are patched soon, in the kernel's text once and for all.
        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        spinlock::init();
    }
}

/// Stops the machine, with a message that Xen's console shows too.
#[cold]
fn refuse(message: &str) -> ! {
    console::print(fmt!("{}", message));
    panic(fmt!("{}", message))
}

init! {
    /// Prepares for more CPUs.
    extern "C" fn xen_pv_smp_prepare_cpus(max_cpus: c_uint) {
        #[cfg(CONFIG_X86_IO_APIC)]
        // SAFETY: Written by early parameters only.
        let ioapic_is_disabled = unsafe { bindings::ioapic_is_disabled };
        #[cfg(not(CONFIG_X86_IO_APIC))]
        let ioapic_is_disabled = false;

        if let Some(message) = pv::refusal(ioapic_is_disabled, max_cpus) {
            refuse(message);
        }
        let boot_cpu = CpuId::current();

        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        spinlock::init_cpu(boot_cpu);

        // SAFETY: Boot code, on the boot CPU.
        unsafe { bindings::smp_prepare_cpus_common() };
        // SAFETY: As above.
        unsafe { bindings::speculative_store_bypass_ht_init() };

        pmu::init(boot_cpu);
        bug_on_err(
            super::interrupt::init(boot_cpu).and_then(|()| init_interrupts(boot_cpu)),
            "the boot CPU gets no interrupts",
        );
        set_registered(boot_cpu, true);

        for cpu in pv::surplus(CpuSet::possible().iter(), max_cpus) {
            // SAFETY: Boot code, before the CPU comes.
            unsafe { bindings::set_cpu_possible(cpu, false) };
        }
        for cpu in CpuSet::possible().iter() {
            // SAFETY: As above.
            unsafe { bindings::cpumask_set_cpu(cpu, &raw mut bindings::__cpu_present_mask) };
        }
    }
}

/// Gives a CPU the interrupts that PV guests have besides. May sleep.
///
/// # Errors
///
/// What binding one fails with; then it has none.
pub(in crate::ffi) fn init_interrupts(cpu: CpuId) -> Result<(), c_int> {
    interrupt::init(&mut CpuLines::of(cpu), Line::of_pv(pmu::are_available()))
}

/// Takes them away from a CPU. May sleep.
pub(in crate::ffi) fn free_interrupts(cpu: CpuId) {
    interrupt::free(&mut CpuLines::of(cpu), Line::of_pv(true));
}

/// Notes that Xen has the registers of the vCPUs that are on line, and of no others: a domain that
/// wakes is a new one. Runs in `stop_machine()`.
pub(in crate::ffi) fn forget_offline_vcpus() {
    for cpu in cpu::possible() {
        set_registered(cpu, cpu::is_online(cpu));
    }
}

/// Lets others run while the CPU that runs this waits for one that comes or goes.
extern "C" fn xen_pv_poll_sync_state() {
    yield_cpu();
}

/// Loads the kernel's own page tables.
fn load_kernel_page_tables() {
    let tables = to_u64((&raw const bindings::init_top_pgt).addr());

    xen_write_cr3(to_usize(address::known_linear(tables).get()));
}

/// Takes the CPU that runs this off line. Runs in `stop_machine()`, interrupts off.
extern "C" fn xen_pv_cpu_disable() -> c_int {
    if CpuId::current().as_u32() == BOOT_CPU {
        return EBUSY.to_errno();
    }
    // SAFETY: The CPU is on its way down.
    unsafe { bindings::cpu_disable_common() };
    // No task's tables are to be kept from being freed by a CPU that sleeps.
    load_kernel_page_tables();
    0
}

/// A vCPU that stops itself.
struct Dying(VcpuId);

impl Stopping for Dying {
    fn is_up(&mut self) -> Result<bool, XenErrno> {
        calls::is_up(self.0)
    }

    fn sleep(&mut self) {
        // A tenth of a second.
        const TIMEOUT: isize = (bindings::HZ / 10) as isize; // CAST: It widens.

        // SAFETY: Hotplug runs in a task that may sleep.
        unsafe { bindings::schedule_timeout_uninterruptible(TIMEOUT) };
    }
}

/// Waits until CPU `cpu` has stopped. May sleep.
extern "C" fn xen_pv_cpu_die(cpu: c_uint) {
    if let Some(cpu) = CpuId::from_u32(cpu) {
        pv::wait_until_down(&mut Dying(vcpu::of(cpu)));
    }
}

/// Cleans up behind CPU `cpu`, which has stopped. May sleep.
extern "C" fn xen_pv_cleanup_dead_cpu(cpu: c_uint) {
    let Some(cpu) = CpuId::from_u32(cpu) else {
        return;
    };

    super::interrupt::free(cpu);
    #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
    spinlock::uninit_cpu(cpu);
    event::teardown(cpu);
    pmu::finish(cpu);
}

/// Stops the CPU that runs this until Xen is asked to run it again.
fn stop_here() {
    bug_on_err(calls::down(vcpu::current()), "a vCPU cannot be stopped");
}

/// Stops the CPU that runs this, from its idle task, and starts it anew when it is wanted.
extern "C" fn xen_pv_play_dead() {
    // SAFETY: This is the idle task of a CPU that is off line, interrupts off.
    unsafe { bindings::play_dead_common() };
    stop_here();
    // SAFETY: The CPU leaves what it did so far behind, as if it came for the first time.
    unsafe { bindings::xen_cpu_bringup_again(to_usize(Task::current().registers())) }
}

/// Stops the CPU that runs this for good.
extern "C" fn stop_self(_info: *mut c_void) {
    load_kernel_page_tables();
    // SAFETY: The CPU will run no task any more.
    unsafe { bindings::set_cpu_online(CpuId::current().as_u32(), false) };
    stop_here();
    bug("a CPU that was stopped for good runs");
}

/// Stops all other CPUs: the kernel has crashed, or the machine is going down.
extern "C" fn xen_pv_stop_other_cpus(wait: c_int) {
    // SAFETY: The function takes any argument, and what it leaves undone nobody waits for.
    unsafe { bindings::smp_call_function(Some(stop_self), null_mut(), wait) };
}
