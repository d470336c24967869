// SPDX-License-Identifier: GPL-2.0

//! The page that Xen shares with an HVM or PVH guest: where it goes, in boot and on resume.
//!
//! C ancestor: `enlighten_hvm.c:38`.

#![expect(unsafe_code)]

use kernel::sync::atomic::{
    ordering::Relaxed,
    Atomic, //
};

use crate::{
    abi::{
        frame::{
            Pfn,
            PAGE_SIZE, //
        },
        memory::AddToPhysmap, //
    },
    ffi::guest::vcpu_info,
    hvm::shared_info::{
        place,
        Memory,
        LOW_MEMORY_END, //
    },
    raw::{
        address,
        bindings,
        bug::{
            bug,
            bug_on_err, //
        },
        hypercall::memory,
        section::init,
        word::to_usize, //
    },
};

/// The number of the page that was given up for it; 0 before that.
static PAGE: Atomic<u64> = Atomic::new(0);

/// Memory as firmware describes it and the kernel has reserved it.
struct BootMemory;

impl Memory for BootMemory {
    #[inline(always)]
    fn is_ram(&mut self, page: Pfn) -> bool {
        let start = page.base().get();

        // SAFETY: It has no preconditions in boot code.
        unsafe {
            bindings::e820__mapped_all(start, start + PAGE_SIZE, bindings::e820_type_E820_TYPE_RAM)
        }
    }

    #[inline(always)]
    fn is_reserved(&mut self, page: Pfn) -> bool {
        // SAFETY: It has no preconditions in boot code.
        unsafe { bindings::memblock_is_region_reserved(page.base().get(), PAGE_SIZE) }
    }
}

init! {
    /// Gives a page up for the shared page, and maps it for the time being.
    pub(super) fn reserve() {
        let Some(page) = place(&mut BootMemory, LOW_MEMORY_END) else {
            bug("no page of low memory is free for the page that Xen shares");
        };
        let start = page.base().get();

        // SAFETY: Boot code, and nobody uses the page.
        unsafe { bindings::rust_helper_memblock_reserve(start, PAGE_SIZE) };
        // SAFETY: Boot code, on the one CPU; the page is RAM.
        let window = unsafe { bindings::early_memremap(start, to_usize(PAGE_SIZE)) };

        if window.is_null() {
            bug("the page that Xen shares cannot be mapped");
        }
        PAGE.store(page.get(), Relaxed);
        // SAFETY: Boot code, on the one CPU.
        unsafe { bindings::HYPERVISOR_shared_info = window.cast() };
    }
}

/// Returns the page that was given up.
fn page() -> Pfn {
    match Pfn::new(PAGE.load(Relaxed)) {
        Some(page) if page != Pfn::MIN => page,
        _ => bug("the page that Xen shares has no place"),
    }
}

/// Has Xen put its page there. Runs in boot, and in `stop_machine()` on resume.
pub(crate) fn init() {
    // SAFETY: `reserve()` has taken the page out of the kernel's memory.
    let shared = unsafe { memory::add_to_physmap(AddToPhysmap::shared_info(page())) };

    bug_on_err(shared, "Xen does not share its page");
}

init! {
    /// Goes over to the direct map, which is up now.
    pub(super) extern "C" fn xen_hvm_init_mem_mapping() {
        // SAFETY: It is the window that `reserve()` made, and boot code has the one CPU.
        unsafe {
            bindings::early_memunmap(
                bindings::HYPERVISOR_shared_info.cast(),
                to_usize(PAGE_SIZE),
            )
        };
        // SAFETY: The page is RAM to the kernel, so that it is in the direct map.
        unsafe {
            bindings::HYPERVISOR_shared_info = address::physical_to_linear(page().base())
        };
        // What leads to vCPU 0's record still leads to the window. smp_ops would mend that, but not
        // where events come by an interrupt line.
        vcpu_info::reset();
    }
}
