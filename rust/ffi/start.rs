// SPDX-License-Identifier: GPL-2.0

//! The start of a PV guest: the first function of the kernel's that is not assembly.
//!
//! Each step makes something possible that the next ones need. Documentation/boot.rst has a table
//! of them, T1 to T11, and what must not be done before which.
//!
//! C ancestor: `enlighten_pv.c:1328`.

#![expect(unsafe_code)]

mod dom0;
mod hooks;
#[cfg(CONFIG_MTRR)]
mod mtrr;
#[cfg(CONFIG_ACPI)]
mod mwait;
pub(super) mod platform;

use kernel::ffi::c_char;

#[cfg(CONFIG_XEN_EFI)]
use crate::ffi::efi;
use crate::{
    abi::{
        id::VcpuId,
        physdev::SetIopl,
        start_info::StartInfo, //
    },
    boot::pv::{
        initrd,
        LOADER_TYPE, //
    },
    ffi::{
        contract,
        cpu,
        guest::{
            banner::add_preferred_consoles,
            hotplug,
            vcpu_info, //
        },
        mmu,
        p2m, //
    },
    raw::{
        address,
        bindings,
        bug::bug,
        console,
        domain,
        hypercall::physdev::set_iopl,
        section::init,
        shared::{
            self,
            Shared, //
        },
        vcpu, //
        word::{
            to_u64,
            to_usize, //
        },
    },
};

contract!(xen_start_kernel(_));

init! {
    /// Starts the kernel, on the stack that Xen has given, with events off.
    ///
    /// # Safety
    ///
    /// `si` must be what Xen has left in memory, and nothing must have run before.
    #[no_mangle]
    unsafe extern "C" fn xen_start_kernel(si: *mut bindings::start_info) -> ! {
        // SAFETY: This is the start.
        unsafe { enter(si) };
        // SAFETY: Hypercalls and pv_ops are set up.
        unsafe { settle_cpu() };
        // SAFETY: The CPU is.
        unsafe { settle_memory() };

        tell_kernel();
        // SAFETY: All is set up, and the kernel's code for cr4 is about to be called.
        unsafe { bindings::rust_helper_cr4_init_shadow() };
        // SAFETY: It is what a boot loader leaves, by the kernel's own copy.
        unsafe { bindings::x86_64_start_reservations(boot_params_address()) }
    }
}

init! {
    /// T1 to T5: hypercalls, `pv_ops`, and a record of this vCPU.
    ///
    /// # Safety
    ///
    /// As for [`xen_start_kernel`].
    #[inline(never)]
    unsafe fn enter(si: *mut bindings::start_info) {
        if si.is_null() {
            // There is no console: Xen prints the registers, and ends the domain.
            // SAFETY: It has no preconditions.
            unsafe { bindings::BUG() }
        }
        // SAFETY: Nothing is in .bss yet.
        unsafe { bindings::clear_bss() };
        // SAFETY: The caller's promise.
        unsafe {
            bindings::xen_start_info = si;
            bindings::xen_start_flags = (*si).flags;
            bindings::xen_domain_type = bindings::xen_domain_type_XEN_PV_DOMAIN;
        }
        // SAFETY: Boot code, before anything is patched.
        unsafe { bindings::rust_helper_setup_force_cpu_cap(bindings::X86_FEATURE_XENPV) };
        // SAFETY: Events are off, and that is what lockdep is told.
        unsafe { bindings::early_boot_irqs_disabled = true };
        // SAFETY: This is a PV guest.
        unsafe { bindings::xen_pv_use_hypercalls() };
        // SAFETY: Boot code, when hypercalls can be made.
        unsafe { bindings::xen_setup_features() };
        cpu::use_ops();
        // SAFETY: Boot code; the functions do without anything else.
        unsafe { bindings::xen_init_irq_ops() };
        // What asks whether interrupts are off looks in the record, be it a dummy.
        vcpu_info::reset();
        hooks::use_platform();
    }
}

init! {
    /// T6 to T9: page tables can be read, the CPU is known, has its descriptors, and handles faults.
    ///
    /// # Safety
    ///
    /// Boot code, after [`enter`].
    #[inline(never)]
    unsafe fn settle_cpu() {
        mmu::boot::setup_machphys_mapping();
        mmu::boot::init_ops();
        hide_global_pages();
        p2m::boot::build_dynamic_phys_to_machine();
        // SAFETY: The caller's promise; it is this CPU's record, which nobody else uses.
        unsafe {
            bindings::cpuid_scan_cpu(&raw mut bindings::boot_cpu_data);
            bindings::get_cpu_cap(&raw mut bindings::boot_cpu_data);
            bindings::x86_configure_nx();
        }
        // SAFETY: As above, and page tables can be read.
        unsafe { cpu::load_boot_descriptors() };
        // SAFETY: As above.
        unsafe { bindings::get_cpu_address_sizes(&raw mut bindings::boot_cpu_data) };
        if let Some(cpu) = kernel::cpu::CpuId::from_u32(0) {
            // PV guests start on the vCPU with this number.
            vcpu::set(cpu, VcpuId::from_raw(0));
        }
        // SAFETY: As above, and the CPU has its descriptors.
        unsafe { bindings::idt_setup_early_handler() };

        platform::choose_features();
        cpu::use_io_apics();
        hooks::use_machine_ops();
        #[cfg(CONFIG_XEN_PV_SMP)]
        crate::ffi::smp::pv::init();
        hotplug::register::<cpu::hotplug::Pv>();
    }
}

init! {
    /// Keeps a bit out of page-table entries that is Xen's own: its address space is not ours.
    fn hide_global_pages() {
        /// `_PAGE_GLOBAL`.
        const GLOBAL: usize = 1 << 8;

        // SAFETY: Boot code, before an entry is made.
        unsafe {
            bindings::__supported_pte_mask &= !GLOBAL;
            bindings::__default_kernel_pte_mask &= !GLOBAL;
        }
    }
}

init! {
    /// T10: the final page tables.
    ///
    /// # Safety
    ///
    /// Boot code, after [`settle_cpu`].
    #[inline(never)]
    unsafe fn settle_memory() {
        console::write(c"mapping kernel into physical memory\n");
        // SAFETY: The caller's promise; the tables that Xen has left are loaded.
        unsafe { mmu::boot::setup_kernel_pagetable() };
        mmu::boot::reserve_special_pages();

        // Early code for AMD's CPUs pokes ports.
        if let Err(errno) = set_iopl(SetIopl { iopl: 1 }) {
            console::print(kernel::prelude::fmt!(
                "physdev_op failed {}\n",
                errno.to_errno()
            ));
        }
    }
}

/// Returns what Xen has left in memory, as [`enter`] has seen; it moves when page tables do.
pub(super) fn start_info() -> Shared<StartInfo> {
    match shared::start_info() {
        Some(start) => start,
        None => bug("Xen has told nothing about this domain"),
    }
}

init! {
    /// Returns the physical address of the kernel's own `boot_params`.
    fn boot_params_address() -> *mut c_char {
        let address = to_u64((&raw const bindings::boot_params).addr());
        let physical = address::image_to_physical(address).map_or(0, |physical| physical.get());

        core::ptr::with_exposed_provenance_mut(to_usize(physical))
    }
}

init! {
    /// Tells the kernel what a boot loader would, and what it has to do without.
    #[inline(never)]
    fn tell_kernel() {
        fill_boot_params();
        if domain::is_initial() {
            dom0::set_up();
        } else {
            hooks::use_domu();
        }
        add_preferred_consoles();
        hooks::use_no_pci_bios();
        console::write(c"about to get started...\n");

        // Timestamps in the log come from it.
        // SAFETY: Boot code; the CPU has a vCPU.
        unsafe { bindings::xen_setup_runstate_info(0) };
        #[cfg(CONFIG_XEN_EFI)]
        {
            // SAFETY: Boot code, which has the one copy.
            efi::init(unsafe { &mut *(&raw mut bindings::boot_params) });
            efi::report();
        }
    }
}

init! {
    /// Fills `boot_params` in.
    fn fill_boot_params() {
        /// `X86_SUBARCH_XEN`.
        const SUBARCH_XEN: u32 = 2;

        let start = start_info();
        let physical = |address| address::to_physical(address).map(|physical| physical.get());
        let initrd = initrd(start.flags(), start.mod_start(), physical).unwrap_or(0);
        let length = start.mod_len();
        let line = physical(start.cmd_line_address()).unwrap_or(0);
        let params = &raw mut bindings::boot_params;

        // CAST: Halves, and a command line below 4 GB, as all that Xen has left.
        // SAFETY: Boot code, on the one CPU.
        unsafe {
            (*params).hdr.type_of_loader = LOADER_TYPE;
            (*params).hdr.ramdisk_image = initrd as u32;
            (*params).ext_ramdisk_image = (initrd >> 32) as u32;
            (*params).hdr.ramdisk_size = length as u32;
            (*params).ext_ramdisk_size = (length >> 32) as u32;
            (*params).hdr.cmd_line_ptr = line as u32;
            (*params).hdr.hardware_subarch = SUBARCH_XEN;
        }
    }
}
