// SPDX-License-Identifier: GPL-2.0

//! How a PV guest's CPU starts: what another CPU does for it, and what it does first.
//!
//! C ancestor: `smp_pv.c:55`, `smp_pv.c:221`.

use kernel::{
    alloc::KBox,
    cpu::CpuId,
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*,
    sync::barrier::{
        smp_mb,
        Full, //
    },
};

use crate::{
    abi::{
        context::VcpuGuestContext,
        frame::Paddr, //
    },
    ffi::{
        arch_setup::{
            enable_compat,
            enable_syscall, //
        },
        contract,
        cpu::{
            gdt::Descriptors,
            pmu,
            traps::copy_trap_info, //
        },
        time::event, //
    },
    raw::{
        address,
        bindings,
        bringup,
        domain,
        hypercall::{
            context::initialise,
            vcpu as calls, //
        },
        p2m,
        percpu,
        print::{
            printk,
            ERR, //
        },
        task::Task,
        vcpu,
        vcpu_info,
        word::{
            to_int,
            to_u64, //
        }, //
    },
    smp::pv::{
        self,
        context::{
            Start,
            GDT_ENTRIES,
            KERNEL_CS,
            KERNEL_DS,
            USER_DS, //
        },
        NewCpu,
        Vcpu, //
    },
};

contract!(cpu_bringup_and_idle());

const _: () = {
    // CAST: They widen.
    assert!(KERNEL_CS as u32 == bindings::__KERNEL_CS);
    assert!(KERNEL_DS == bindings::__KERNEL_DS as u64);
    assert!(USER_DS == bindings::__USER_DS as u64);
    assert!(GDT_ENTRIES == bindings::GDT_ENTRIES as u64);
};

/// A CPU that does not run, its idle task, and its descriptor table. The hotplug lock is held.
struct Coming {
    cpu: CpuId,
    idle: *mut bindings::task_struct,
    descriptors: Descriptors,
}

impl Coming {
    /// Returns where its vCPU starts, in the kernel's page tables.
    fn start(&self, tables: Paddr) -> Option<Start> {
        // SAFETY: It is a task, which stays until its CPU has come.
        let idle = unsafe { Task::from_raw(self.idle) };

        Some(Start {
            entry: to_u64((bindings::asm_cpu_bringup_and_idle as *const ()).addr()),
            stack: idle.registers(),
            kernel_stack: idle.top_of_stack(),
            gdt: self.descriptors.frame(),
            page_table: p2m::lookup(tables.frame()).mfn()?,
            gs_base: percpu::offset_of_cpu(self.cpu),
            event_callback: to_u64(
                (bindings::xen_asm_exc_xen_hypervisor_callback as *const ()).addr(),
            ),
            failsafe_callback: to_u64((&raw const bindings::xen_failsafe_callback).addr()),
        })
    }
}

impl Vcpu for Coming {
    type Error = c_int;
    type Context = KBox<VcpuGuestContext>;

    fn prepare(&mut self) -> Result<(), c_int> {
        // SAFETY: It is the CPU's idle task.
        match unsafe { bindings::common_cpu_up(self.cpu.as_u32(), self.idle) } {
            0 => Ok(()),
            error => Err(error),
        }
    }

    fn hold_events(&mut self) {
        // SAFETY: The CPU exists; the record is a per-CPU variable of drivers/xen.
        unsafe { bindings::xen_setup_runstate_info(to_int(self.cpu.as_u32())) };
        vcpu_info::mask_events(self.cpu);
    }

    fn is_registered(&self) -> bool {
        bringup::is_registered(self.cpu)
    }

    fn set_registered(&mut self) {
        bringup::set_registered(self.cpu, true);
    }

    fn make_context(&mut self) -> Result<KBox<VcpuGuestContext>, c_int> {
        let mut context = bringup::context().map_err(|_| ENOMEM.to_errno())?;

        copy_trap_info(&mut context.trap_ctxt);
        let tables = address::image_to_physical(to_u64((&raw const bindings::init_top_pgt).addr()))
            .ok_or(EINVAL.to_errno())?;

        self.start(tables)
            .ok_or(EINVAL.to_errno())?
            .fill(&mut context);
        bringup::set_page_tables(self.cpu, tables);
        Ok(context)
    }

    fn protect_descriptors(&mut self) {
        self.descriptors.protect();
    }

    fn unprotect_descriptors(&mut self) {
        self.descriptors.unprotect();
    }

    fn register(&mut self, mut context: KBox<VcpuGuestContext>) -> Result<(), c_int> {
        // SAFETY: The vCPU is to start in the kernel, with its own stack and tables.
        unsafe { initialise(vcpu::of(self.cpu), &mut context) }.map_err(|errno| errno.to_errno())
    }

    fn start_counters(&mut self) {
        pmu::init(self.cpu);
    }

    fn stop_counters(&mut self) {
        pmu::finish(self.cpu);
    }

    fn up(&mut self) -> Result<(), c_int> {
        calls::up(vcpu::of(self.cpu)).map_err(|errno| errno.to_errno())
    }
}

/// Starts CPU `cpu` with its idle task. May sleep.
///
/// # Safety
///
/// `idle` must be the CPU's idle task, and the CPU must not run.
pub(super) unsafe extern "C" fn xen_pv_kick_ap(
    cpu: c_uint,
    idle: *mut bindings::task_struct,
) -> c_int {
    let coming = CpuId::from_u32(cpu).and_then(|cpu| {
        Some(Coming {
            cpu,
            idle,
            descriptors: Descriptors::of(cpu)?,
        })
    });
    let online = match coming {
        Some(mut coming) => pv::bring_up(&mut coming),
        None => Err(EINVAL.to_errno()),
    };

    match online {
        Ok(_) => 0,
        Err(error) => {
            printk!(ERR, "xen: CPU {} cannot be started (err {})\n", cpu, error);
            error
        }
    }
}

/// The CPU that runs this, on its idle task's stack, interrupts off.
struct Here;

impl NewCpu for Here {
    fn report_alive(&mut self) {
        // SAFETY: The CPU starts.
        unsafe { bindings::cr4_init() };
        // SAFETY: As above.
        unsafe { bindings::cpuhp_ap_sync_alive() };
    }

    fn init(&mut self) {
        // SAFETY: The CPU was let on; it is not the boot CPU.
        unsafe { bindings::cpu_init_exception_handling(false) };
        // SAFETY: As above.
        unsafe { bindings::cpu_init() };
        // SAFETY: As above.
        unsafe { bindings::fpu__init_cpu() };
        #[cfg(CONFIG_SOFTLOCKUP_DETECTOR)]
        // SAFETY: As above.
        unsafe {
            bindings::touch_softlockup_watchdog()
        };
    }

    fn enable_system_calls(&mut self) {
        enable_syscall();
        enable_compat();
    }

    fn identify(&mut self) {
        let cpu = CpuId::current().as_u32();

        // SAFETY: This is the CPU.
        unsafe { bindings::identify_secondary_cpu(cpu) };
        // SAFETY: It is identified.
        unsafe { bindings::set_cpu_sibling_map(to_int(cpu)) };
        // SAFETY: As above.
        unsafe { bindings::speculative_store_bypass_ht_init() };
    }

    fn start_timer(&mut self) {
        // It has one from when it was prepared, and interrupts are off.
        event::setup_cpu_clockevents();
    }

    fn announce(&mut self) {
        let cpu = CpuId::current().as_u32();

        // SAFETY: This is the CPU, and all is set up.
        unsafe { bindings::notify_cpu_starting(cpu) };
        // SAFETY: As above.
        unsafe { bindings::set_cpu_online(cpu, true) };
        // Who sees it on line sees what it did before that.
        smp_mb(Full);
    }

    fn enable_interrupts(&mut self) {
        // SAFETY: The CPU is on line.
        unsafe { bindings::rust_helper_local_irq_enable() };
    }
}

/// Where a vCPU goes from assembly, when it starts and when it comes back.
#[no_mangle]
extern "C" fn cpu_bringup_and_idle() {
    pv::begin(&mut Here, domain::is_in_ring_0());
    // SAFETY: The CPU is on line, and this is its idle task.
    unsafe { bindings::cpu_startup_entry(bindings::cpuhp_state_CPUHP_AP_ONLINE_IDLE) }
}
