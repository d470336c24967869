// SPDX-License-Identifier: GPL-2.0

//! What the kernel's `setup_arch()` has a PV guest set up: where Xen enters it, and what it does
//! without.
//!
//! C ancestor: `setup.c:988`.

#![expect(unsafe_code)]

use crate::{
    abi::{
        callback::CallbackType,
        errno::XenErrno,
        start_info::MAX_GUEST_CMDLINE, //
    },
    ffi::{
        guest::{
            idle,
            shutdown::register_panic_handler, //
        },
        start::start_info, //
    },
    raw::{
        bindings,
        bug::bug_on_err,
        cpu::has_feature,
        domain,
        hypercall::callback,
        print::{
            printk,
            ERR,
            INFO, //
        },
        section::init, //
    },
};

init! {
    /// Sets up a PV guest, before anything else of the architecture is.
    pub(in crate::ffi) extern "C" fn xen_arch_setup() {
        register_panic_handler();
        // A Xen without it would not have started this kernel.
        let _ = callback::assist_writable_pagetables();

        bug_on_err(register_entries(), "Xen cannot enter this kernel");
        enable_syscall();
        if !domain::is_initial() {
            printk!(INFO, "ACPI in unprivileged domain disabled\n");
            use_no_acpi();
        }
        copy_command_line();
        idle::leave_to_xen();
        // Xen sees to what is near to what.
        #[cfg(CONFIG_NUMA)]
        // SAFETY: Boot code, on the one CPU.
        unsafe {
            bindings::numa_off = 1
        };
    }
}

init! {
    /// Has the kernel do without ACPI: `disable_acpi()`.
    fn use_no_acpi() {
        #[cfg(CONFIG_ACPI)]
        // SAFETY: Boot code, before ACPI is looked at.
        unsafe {
            bindings::acpi_disabled = 1;
            bindings::acpi_pci_disabled = 1;
            bindings::acpi_noirq = 1;
        }
    }
}

/// Tells Xen where events and failures to return enter the kernel.
fn register_entries() -> Result<(), XenErrno> {
    // SAFETY: It is the entry for this.
    unsafe {
        callback::register(
            CallbackType::Event,
            bindings::xen_asm_exc_xen_hypervisor_callback as *const (),
        )?
    };
    // SAFETY: It is the entry for this.
    unsafe {
        callback::register(
            CallbackType::Failsafe,
            (&raw const bindings::xen_failsafe_callback).cast(),
        )
    }
}

/// Tells Xen where system calls of 64-bit user space enter the kernel: on each CPU as it comes up,
/// interrupts off.
pub(super) fn enable_syscall() {
    // SAFETY: It is the entry for this.
    let answer = unsafe {
        callback::register(
            CallbackType::Syscall,
            bindings::xen_entry_SYSCALL_64 as *const (),
        )
    };

    if let Err(errno) = answer {
        // 64-bit user space has no other way in.
        printk!(ERR, "Failed to set syscall callback: {}\n", -errno.get());
    }
}

/// Does so for the one fast system call of 32-bit user space: on the boot CPU when early parameters
/// have said whether there is to be one.
pub(super) fn enable_compat() {
    if !has_feature(bindings::X86_FEATURE_SYSFAST32) {
        return;
    }
    let kind = if has_feature(bindings::X86_FEATURE_SYSCALL32) {
        CallbackType::Syscall32
    } else {
        CallbackType::Sysenter
    };
    let entry = compat_entry(kind).unwrap_or(bindings::xen_entry_compat_ignore as *const ());

    // SAFETY: It is the entry for this.
    if unsafe { callback::register(kind, entry) }.is_err() {
        for feature in [
            bindings::X86_FEATURE_SYSCALL32,
            bindings::X86_FEATURE_SYSFAST32,
        ] {
            // SAFETY: Boot of a CPU may clear features.
            unsafe { bindings::setup_clear_cpu_cap(feature) };
        }
    }
}

/// Returns where that system call enters the kernel, unless the user does without.
#[cfg(CONFIG_IA32_EMULATION)]
fn compat_entry(kind: CallbackType) -> Option<*const ()> {
    // SAFETY: It changes no more when early parameters are known.
    let enabled = unsafe { bindings::__ia32_enabled };

    enabled.then_some(match kind {
        CallbackType::Syscall32 => bindings::xen_entry_SYSCALL_compat as *const (),
        _ => bindings::xen_entry_SYSENTER_compat as *const (),
    })
}

/// Returns that this kernel does without.
#[cfg(not(CONFIG_IA32_EMULATION))]
fn compat_entry(_kind: CallbackType) -> Option<*const ()> {
    None
}

init! {
    /// Gives the kernel its command line.
    fn copy_command_line() {
        let line = start_info().cmd_line();
        let target = (&raw mut bindings::boot_command_line).cast::<u8>();

        const { assert!(MAX_GUEST_CMDLINE <= bindings::COMMAND_LINE_SIZE as usize) }; // CAST: It widens.
        // SAFETY: Boot code; the kernel's has `COMMAND_LINE_SIZE` bytes.
        unsafe { line.as_ptr().copy_to_nonoverlapping(target, line.len()) };
    }
}
