// SPDX-License-Identifier: GPL-2.0

//! PVH guests: the first steps, the memory map, and interrupt lines of a dom0.
//!
//! `xen_pvh_init()` and `mem_map_via_hcall()` run before `.bss` is cleared and before there is an
//! IDT, see Documentation/pvh.rst. What they call must not panic, and what they write lies in
//! `.data` or `.init.data`.
//!
//! C ancestor: `enlighten_pvh.c`.

#![expect(unsafe_code)]

#[cfg(CONFIG_XEN_DOM0)]
mod dom0;

#[cfg(CONFIG_XEN_DOM0)]
use super::guest::idle;
use crate::{
    abi::e820::E820Entry,
    boot::pvh::Map,
    ffi::{
        contract,
        guest::{
            banner::{
                add_preferred_consoles,
                xen_banner, //
            },
            extra_memory,
            shutdown::xen_emergency_restart, //
        }, //
    },
    guest::extra_memory::Region,
    hvm::platform::{
        LateFacts,
        LateVerdict, //
    },
    raw::{
        bindings::{
            self,
            x86_platform, //
        },
        console,
        domain,
        hypercall::memory::memory_map,
        section::init, //
    },
};

contract!(mem_map_via_hcall(_), xen_pvh_init(_));

init! {
    /// Tells the kernel that it is a PVH guest: the first of Xen's code to run.
    ///
    /// # Safety
    ///
    /// `boot_params` must be valid for writes.
    #[no_mangle]
    unsafe extern "C" fn xen_pvh_init(boot_params: *mut bindings::boot_params) {
        // SAFETY: There is one CPU, and nobody has read them; none of them is in .bss.
        unsafe {
            bindings::xen_pvh = true;
            bindings::xen_domain_type = bindings::xen_domain_type_XEN_HVM_DOMAIN;
            bindings::xen_start_flags = bindings::pvh_start_info.flags;
        }
        // SAFETY: Boot code, before the kernel uses the table.
        unsafe {
            bindings::x86_init.oem.arch_setup = Some(xen_pvh_arch_setup);
            bindings::x86_init.oem.banner = Some(xen_banner);
        }

        #[cfg(CONFIG_XEN_EFI)]
        // SAFETY: The caller's promise; in early boot nobody else has it.
        super::efi::init(unsafe { &mut *boot_params });
        #[cfg(CONFIG_XEN_DOM0)]
        // SAFETY: The caller's promise.
        unsafe {
            dom0::show_screen(boot_params)
        };
        #[cfg(not(any(CONFIG_XEN_EFI, CONFIG_XEN_DOM0)))]
        let _ = boot_params;
    }
}

/// Borrows the memory map of `boot_params` with all the room there is for it.
///
/// # Safety
///
/// `boot_params` must be valid for writes, and for nobody else as long as the borrow lasts.
#[inline(always)]
unsafe fn entries<'a>(boot_params: *mut bindings::boot_params) -> &'a mut [E820Entry] {
    // SAFETY: The caller's promise; entries are of one layout with C's, and any bytes are one.
    unsafe {
        let table = &raw mut (*boot_params).e820_table;

        core::slice::from_raw_parts_mut(table.cast(), (*table).len())
    }
}

/// Writes down how many entries the memory map has.
///
/// # Safety
///
/// `boot_params` must be valid for writes.
#[inline(always)]
unsafe fn set_used(boot_params: *mut bindings::boot_params, used: usize) {
    // CAST: There is room for 128.
    // SAFETY: The caller's promise.
    unsafe { (*boot_params).e820_entries = used as u8 };
}

init! {
    /// Asks Xen for the memory map, which versions of PVH before 1 do not leave in memory.
    ///
    /// # Safety
    ///
    /// `boot_params` must be valid for writes.
    #[no_mangle]
    unsafe extern "C" fn mem_map_via_hcall(boot_params: *mut bindings::boot_params) {
        // SAFETY: The caller's promise; in early boot nobody else has it.
        match memory_map(unsafe { entries(boot_params) }) {
            // SAFETY: As above.
            Ok(used) => unsafe { set_used(boot_params, used) },
            Err(errno) => {
                console::print(kernel::prelude::fmt!(
                    "XENMEM_memory_map failed ({})\n",
                    errno.to_errno()
                ));
                // SAFETY: There is no memory to go on with. Without an IDT this ends the domain.
                unsafe { bindings::BUG() }
            }
        }
    }
}

init! {
    /// Gives dom0 addresses for other domains' frames: `x86_init.oem.arch_setup`.
    extern "C" fn xen_pvh_arch_setup() {
        let boot_params = &raw mut bindings::boot_params;
        // SAFETY: Boot code, on the one CPU; what is called below does not look at it.
        let (entries, used) =
            unsafe { (entries(boot_params), usize::from((*boot_params).e820_entries)) };
        let mut map = Map::new(entries, used);

        for pages in map.extra_memory() {
            extra_memory::add(Region { start_pfn: pages.first.get(), n_pfns: pages.count });
        }
        // SAFETY: Boot code, on the one CPU.
        unsafe { set_used(boot_params, map.used()) };

        #[cfg(CONFIG_XEN_EFI)]
        super::efi::report();
        if domain::is_initial() {
            add_preferred_consoles();
            // ACPI tables of a dom0 are the machine's, and describe its CPUs.
            #[cfg(CONFIG_XEN_DOM0)]
            idle::leave_to_xen();
        }
    }
}

init! {
    /// Looks whether this is a PVH guest after all, now that ACPI has told of devices.
    pub(super) fn guest_late_init() {
        let facts = LateFacts {
            pvh: domain::is_pvh(),
            // SAFETY: Boot code, which has written it.
            has_rtc: unsafe { x86_platform.legacy.rtc } != 0,
            // SAFETY: As above.
            has_vga: unsafe { x86_platform.legacy.no_vga } == 0,
            // SAFETY: Boot code, on the one CPU.
            nopv: unsafe { bindings::nopv },
        };
        let verdict = facts.verdict();

        if verdict == LateVerdict::Hvm {
            return;
        }
        // SAFETY: Boot code, on the one CPU.
        unsafe { bindings::xen_pvh = true };
        if verdict == LateVerdict::PvhWithoutDevices {
            // SAFETY: The message has no directive.
            unsafe {
                bindings::panic(
                    c"\"nopv\" and \"xen_nopv\" parameters are unsupported in PVH guest."
                        .as_ptr()
                        .cast(),
                )
            }
        }
        use_no_pic();
        // SAFETY: Boot code, on the one CPU.
        unsafe {
            bindings::machine_ops.emergency_restart = Some(xen_emergency_restart);
            bindings::pv_info.name = c"Xen PVH".as_ptr().cast();
        }
    }
}

init! {
    /// Keeps ACPI from falling back to the PIC, which is not there, where it knows of no I/O APIC.
    fn use_no_pic() {
        const PIC: bindings::acpi_irq_model_id =
            bindings::acpi_irq_model_id_ACPI_IRQ_MODEL_PIC;
        const PLATFORM: bindings::acpi_irq_model_id =
            bindings::acpi_irq_model_id_ACPI_IRQ_MODEL_PLATFORM;

        // SAFETY: Boot code, on the one CPU.
        unsafe {
            if bindings::nr_ioapics == 0 && bindings::acpi_irq_model == PIC {
                bindings::acpi_irq_model = PLATFORM;
            }
        }
    }
}
