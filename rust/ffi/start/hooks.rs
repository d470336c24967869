// SPDX-License-Identifier: GPL-2.0

//! Hooks that boot code of the kernel calls in a PV guest, and how its machine is stopped.
//!
//! C ancestor: `enlighten_pv.c:1202`, `enlighten_pv.c:1315`, `enlighten_pv.c:1399`.

use kernel::ffi::c_char;

use super::platform::xen_pv_init_platform;
#[cfg(not(CONFIG_SMP))]
use super::platform::xen_setup_vcpu_info_placement;
use crate::{
    ffi::{
        arch_setup::xen_arch_setup,
        cpu::xen_get_nmi_reason,
        guest::{
            banner::xen_banner,
            shutdown::{
                xen_emergency_restart,
                xen_reboot, //
            },
        },
        memory_map::xen_memory_setup, //
    },
    raw::{
        bindings::{
            self,
            x86_init,
            x86_init_noop,
            x86_platform, //
        },
        section::init,
        word::to_int, //
    },
};

init! {
    /// Has the kernel call them.
    pub(super) fn use_platform() {
        // SAFETY: Boot code, on the one CPU, before the kernel looks at the tables.
        unsafe {
            x86_platform.get_nmi_reason = Some(xen_get_nmi_reason);
            x86_platform.realmode_reserve = Some(x86_init_noop);
            x86_platform.realmode_init = Some(x86_init_noop);

            x86_init.resources.memory_setup = Some(xen_memory_setup);
            x86_init.irqs.intr_mode_select = Some(x86_init_noop);
            x86_init.irqs.intr_mode_init = Some(bindings::x86_64_probe_apic);
            x86_init.oem.arch_setup = Some(xen_arch_setup);
            x86_init.oem.banner = Some(xen_banner);
            x86_init.hyper.init_platform = Some(xen_pv_init_platform);
            #[cfg(not(CONFIG_SMP))]
            {
                x86_init.hyper.guest_late_init = Some(xen_setup_vcpu_info_placement);
            }
        }
    }
}

/// Restarts the domain.
extern "C" fn restart(_command: *mut c_char) {
    xen_reboot(to_int(bindings::SHUTDOWN_reboot));
}

/// Ends the domain.
extern "C" fn halt() {
    xen_reboot(to_int(bindings::SHUTDOWN_poweroff));
}

/// Tells those who want to know, and ends the domain.
extern "C" fn power_off() {
    // SAFETY: The kernel is done.
    unsafe { bindings::do_kernel_power_off() };
    halt();
}

/// Ends the domain as one that has crashed.
extern "C" fn crash_shutdown(_registers: *mut bindings::pt_regs) {
    xen_reboot(to_int(bindings::SHUTDOWN_crash));
}

init! {
    /// Has the kernel stop the domain where it would stop the machine.
    pub(super) fn use_machine_ops() {
        // SAFETY: Boot code, on the one CPU.
        unsafe {
            bindings::machine_ops = bindings::machine_ops {
                restart: Some(restart),
                halt: Some(halt),
                power_off: Some(power_off),
                shutdown: Some(halt),
                crash_shutdown: Some(crash_shutdown),
                emergency_restart: Some(xen_emergency_restart),
            };
        }
        // It would tell of the machine's pages, not of ours.
        #[cfg(CONFIG_ACPI_NUMA)]
        // SAFETY: Boot code, before ACPI is looked at.
        unsafe {
            bindings::disable_srat()
        };
    }
}

init! {
    /// Tells the kernel that there is a clock.
    extern "C" fn set_rtc() {
        // SAFETY: Boot code, on the one CPU.
        unsafe { x86_platform.legacy.rtc = 1 };
    }
}

init! {
    /// Tells the kernel that there is none.
    extern "C" fn set_no_rtc() {
        // SAFETY: Boot code, on the one CPU.
        unsafe { x86_platform.legacy.rtc = 0 };
    }
}

init! {
    /// Has the initial domain work with the machine's devices.
    pub(super) fn use_dom0() {
        // SAFETY: Boot code, before the kernel looks at any of them.
        unsafe {
            x86_platform.set_legacy_features = Some(set_rtc);
            // Access control of PCI devices is to be on.
            #[cfg(CONFIG_PCI)]
            bindings::pci_request_acs();
            bindings::rust_helper_xen_acpi_sleep_register();
            // Memory errors that were corrected are Xen's business.
            #[cfg(CONFIG_ACPI)]
            {
                bindings::acpi_disable_cmcff = 1;
            }
        }
    }
}

init! {
    /// Has another domain work with those that it is given.
    pub(super) fn use_domu() {
        // SAFETY: Boot code, before the kernel looks at them.
        unsafe {
            #[cfg(CONFIG_PCI_XEN)]
            {
                x86_init.pci.arch_init = Some(bindings::pci_xen_init);
            }
            x86_platform.set_legacy_features = Some(set_no_rtc);
        }
    }
}

init! {
    /// Keeps the kernel from asking a BIOS for PCI devices.
    pub(super) fn use_no_pci_bios() {
        #[cfg(CONFIG_PCI)]
        // SAFETY: Boot code, on the one CPU.
        unsafe {
            bindings::pci_probe &= !bindings::PCI_PROBE_BIOS
        };
    }
}
