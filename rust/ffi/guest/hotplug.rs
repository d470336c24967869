// SPDX-License-Identifier: GPL-2.0

//! CPUs that come and go.

#![expect(unsafe_code)]

use core::ffi::CStr;

use kernel::{
    cpu::CpuId,
    error::code::{
        EINVAL,
        ENODEV, //
    },
    ffi::{
        c_int,
        c_uint, //
    },
    warn_on, //
};

#[cfg(CONFIG_SMP)]
use crate::ffi::smp::interrupt;
use crate::{
    ffi::time::event,
    guest::hotplug::{
        setup,
        Events,
        Failure,
        States, //
    },
    raw::{
        bindings,
        print::{
            printk,
            WARNING, //
        }, //
    },
};

/// What the kernel calls when a CPU comes or goes.
type Callback = Option<unsafe extern "C" fn(c_uint) -> c_int>;

/// The kernel's steps of bringing a CPU on line, and what those of this kind of guest are.
struct Cpuhp {
    prepare: Callback,
    dead: Callback,
}

impl Cpuhp {
    /// Adds a step, without a call of it for the CPUs that are on line.
    fn install(
        state: bindings::cpuhp_state,
        name: &'static CStr,
        startup: Callback,
        teardown: Callback,
    ) -> Result<(), c_int> {
        // SAFETY: The callbacks are functions that take the number of a CPU, and stay, as the name
        // does; this is the one place to use these states.
        match unsafe {
            bindings::__cpuhp_setup_state(
                state,
                name.as_ptr().cast(),
                false,
                startup,
                teardown,
                false,
            )
        } {
            error @ ..=-1 => Err(error),
            // The number of a dynamic state, or 0.
            _ => Ok(()),
        }
    }
}

impl States for Cpuhp {
    type Error = c_int;

    fn install_prepare(&mut self) -> Result<(), c_int> {
        Self::install(
            bindings::cpuhp_state_CPUHP_XEN_PREPARE,
            c"x86/xen/guest:prepare",
            self.prepare,
            self.dead,
        )
    }

    fn install_online(&mut self) -> Result<(), c_int> {
        Self::install(
            bindings::cpuhp_state_CPUHP_AP_ONLINE_DYN,
            c"x86/xen/guest:online",
            Some(xen_cpu_up_online),
            None,
        )
    }

    fn remove_prepare(&mut self) {
        // SAFETY: It was just installed, and no CPU has come since.
        unsafe {
            bindings::__cpuhp_remove_state(bindings::cpuhp_state_CPUHP_XEN_PREPARE, false);
        }
    }
}

/// Gives a CPU that comes on line a lock to wait with. Runs on it, and may sleep.
extern "C" fn xen_cpu_up_online(cpu: c_uint) -> c_int {
    #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
    if let Some(cpu) = CpuId::from_u32(cpu) {
        crate::ffi::smp::spinlock::init_cpu(cpu);
    }
    #[cfg(not(CONFIG_PARAVIRT_SPINLOCKS))]
    let _ = cpu;
    0
}

/// A CPU that is off line.
pub(crate) struct OfflineCpu(CpuId);

impl OfflineCpu {
    /// Returns which one.
    pub(crate) fn id(&self) -> CpuId {
        self.0
    }
}

impl Events for OfflineCpu {
    type Error = c_int;

    fn bind_timer(&mut self) -> Result<(), c_int> {
        event::setup(self.0)
    }

    fn unbind_timer(&mut self) {
        event::teardown(self.0);
    }

    fn bind_ipis(&mut self) -> Result<(), c_int> {
        #[cfg(CONFIG_SMP)]
        interrupt::init(self.0)?;
        Ok(())
    }

    fn unbind_ipis(&mut self) {
        #[cfg(CONFIG_SMP)]
        interrupt::free(self.0);
    }
}

/// What a kind of guest does for a CPU that comes or goes. May sleep.
pub(crate) trait Guest {
    /// Prepares it for coming on line.
    fn prepare(cpu: &mut OfflineCpu) -> Result<(), Failure<c_int>>;
    /// Takes what that bound away, after it went off line.
    fn dead(cpu: &mut OfflineCpu);
}

/// Prepares CPU `cpu` for coming on line. May sleep.
extern "C" fn prepare<G: Guest>(cpu: c_uint) -> c_int {
    let Some(id) = CpuId::from_u32(cpu) else {
        return EINVAL.to_errno();
    };

    match G::prepare(&mut OfflineCpu(id)) {
        Ok(()) => 0,
        Err(failure) => tell(cpu, failure),
    }
}

/// Unbinds the events of CPU `cpu`, which is off line. May sleep.
extern "C" fn dead<G: Guest>(cpu: c_uint) -> c_int {
    if let Some(id) = CpuId::from_u32(cpu) {
        G::dead(&mut OfflineCpu(id));
    }
    0
}

/// Tells the user why a CPU does not come.
fn tell(cpu: u32, failure: Failure<c_int>) -> c_int {
    let (step, error) = match failure {
        Failure::Missing => return ENODEV.to_errno(),
        // event::setup() has told.
        Failure::Timer(error) => return error,
        Failure::UpcallVector(error) => ("HVMOP_set_evtchn_upcall_vector", error),
        Failure::Ipis(error) => ("xen_smp_intr_init()", error),
        Failure::Pv(error) => ("xen_smp_intr_init_pv()", error),
    };

    printk!(WARNING, "{} for CPU {} failed: {}\n", step, cpu, error);
    let _ = warn_on!(true);
    error
}

/// Has the kernel call Xen's steps when a CPU comes or goes. Boot code, once.
pub(crate) fn register<G: Guest>() {
    let mut states = Cpuhp {
        prepare: Some(prepare::<G>),
        dead: Some(dead::<G>),
    };

    let _ = warn_on!(setup(&mut states).is_err());
}

/// What `drivers/xen/cpu_hotplug.c` calls when the toolstack adds or removes a vCPU.
#[cfg(CONFIG_HOTPLUG_CPU)]
mod toolstack {
    use super::*;
    use crate::{
        ffi::contract,
        raw::print::ERR, //
    };

    contract!(xen_arch_register_cpu(_), xen_arch_unregister_cpu(_));

    /// Makes CPU `num` known to the kernel's device model. May sleep.
    #[no_mangle]
    extern "C" fn xen_arch_register_cpu(num: c_int) {
        // SAFETY: The number is that of a possible CPU that is not present.
        let answer = unsafe { bindings::arch_register_cpu(num) };

        if answer != 0 {
            printk!(ERR, "xen: CPU {} is not registered (err {})\n", num, answer);
        }
    }

    /// Makes the kernel's device model forget CPU `num`. May sleep.
    #[no_mangle]
    extern "C" fn xen_arch_unregister_cpu(num: c_int) {
        // SAFETY: The CPU was registered, and is off line.
        unsafe { bindings::arch_unregister_cpu(num) };
    }
}
