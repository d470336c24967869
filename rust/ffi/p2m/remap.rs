// SPDX-License-Identifier: GPL-2.0

//! Memory that is not RAM, at other page numbers than the machine's.
//!
//! C ancestor: `xen_add_remap_nonram()`, `xen_do_remap_nonram()` and `xen_acpi_os_ioremap()` in
//! `p2m.c`.

#[cfg(CONFIG_ACPI)]
use kernel::ffi::c_void;

#[cfg(CONFIG_ACPI)]
use crate::mmu::p2m::remap::Moved;
use crate::{
    abi::{
        frame::{
            Maddr,
            Paddr, //
        },
        p2m::P2mEntry,
    },
    mmu::p2m::remap::{
        RemapError,
        Remaps, //
    },
    raw::{
        bindings,
        boot_cell::BootCell,
        bug::bug,
        console,
        print::{
            printk,
            INFO, //
        },
        section::{
            init,
            ro_after_init, //
        },
        word::to_usize, //
    },
};

ro_after_init! {
    /// The ranges that were moved.
    static REMAPS: BootCell<Remaps> = BootCell::new(Remaps::new());
}

/// Returns the ranges that were moved.
fn remaps() -> &'static Remaps {
    // SAFETY: Only `add()` writes them, which keeps no reference and runs before anybody asks.
    unsafe { &*REMAPS.as_ptr() }
}

init! {
    /// Has a range that is not RAM moved from the machine's address to the guest's.
    pub(crate) fn add(maddr: u64, paddr: u64, size: u64) {
        // SAFETY: Boot code on one CPU; nobody has a reference.
        let remaps = unsafe { REMAPS.get() };
        let first = remaps.is_empty();
        let outcome = match (Maddr::new(maddr), Paddr::new(paddr)) {
            (Some(machine), Some(guest)) => remaps.add(machine, guest, size),
            _ => Err(RemapError::TooLarge),
        };

        match outcome {
            Ok(()) => {}
            Err(RemapError::Full) => {
                console::write(
                    c"Number of required E820 entry remapping actions exceed maximum value\n",
                );
                bug("too many ranges have to be moved");
            }
            Err(_) => bug("a range cannot be moved"),
        }
        if first {
            #[cfg(CONFIG_ACPI)]
            // SAFETY: Boot code, before ACPI tables are mapped.
            unsafe {
                bindings::acpi_os_ioremap = Some(acpi_os_ioremap)
            };
        }
    }
}

init! {
    /// Returns the end of the pages that ranges were moved to, which may lie beyond all memory.
    pub(super) fn end() -> u64 {
        remaps().pages().map(|(page, _)| page.get() + 1).max().unwrap_or(0)
    }
}

init! {
    /// Puts the frames of the ranges that were moved behind their pages.
    pub(crate) fn finish() {
        let mut remapped = 0_u32;

        for (page, frame) in remaps().pages() {
            if super::set(page, P2mEntry::Mapped(frame)).is_err() {
                // SAFETY: The format takes two of `unsigned long`.
                unsafe {
                    bindings::panic(
                        c"Failed to set p2m mapping for pfn=%lx mfn=%lx\n".as_ptr().cast(),
                        to_usize(page.get()),
                        to_usize(frame.get()),
                    )
                }
            }
            remapped = remapped.wrapping_add(1);
        }
        printk!(INFO, "Remapped {} non-RAM page(s)\n", remapped);
    }
}

/// Maps `size` bytes at the machine's address `phys`, wherever they are in this guest: for ACPI.
///
/// Warns of a range of which only a part was moved.
#[cfg(CONFIG_ACPI)]
extern "C" fn acpi_os_ioremap(
    phys: bindings::acpi_physical_address,
    size: bindings::acpi_size,
) -> *mut c_void {
    let phys = match remaps().find(phys, size) {
        Moved::None => phys,
        Moved::All(moved) => moved,
        Moved::Part(moved) => {
            let _ = kernel::warn_on!(true);
            moved
        }
    };

    // SAFETY: It takes any address.
    unsafe { bindings::x86_acpi_os_ioremap(phys, size) }
}
