// SPDX-License-Identifier: GPL-2.0

//! Hooks of HVM and PVH guests into the kernel's memory management.
//!
//! C ancestor: `mmu_hvm.c`.

#![expect(unsafe_code)]

use kernel::warn_on;

#[cfg(CONFIG_PROC_VMCORE)]
use crate::raw::table::{
    zeroed,
    Table, //
};
use crate::{
    abi::{
        errno::XenErrno,
        frame::{
            Paddr,
            Pfn, //
        },
        hvm::{
            GetMemType,
            PagetableDying, //
        },
    },
    hvm::memory::{
        self,
        Hypervisor, //
    },
    raw::{
        address,
        bindings,
        hypercall,
        print::{
            printk,
            DEBUG, //
        },
        section::init,
        word::to_u64, //
    },
};

/// The hypervisor below.
struct Xen;

impl Hypervisor for Xen {
    fn pagetable_dying(&mut self, table: Paddr) -> Result<(), XenErrno> {
        hypercall::pagetable_dying(PagetableDying::new(table))
    }

    fn mem_type(&mut self, frame: Pfn) -> Result<GetMemType, XenErrno> {
        hypercall::get_mem_type(GetMemType::new(frame))
    }
}

init! {
    /// Installs the hooks that Xen has a use for. Runs on the boot CPU.
    pub(super) fn init_mmu_ops() {
        if memory::wants_dying_pagetables(&mut Xen) {
            // SAFETY: Boot code, before pv_ops calls are patched.
            unsafe { bindings::pv_ops.mmu.exit_mmap = Some(xen_hvm_exit_mmap) };
        } else {
            printk!(DEBUG, "HVMOP_pagetable_dying not supported\n");
        }
        #[cfg(CONFIG_PROC_VMCORE)]
        // SAFETY: Called once.
        unsafe {
            bindings::register_vmcore_cb(VMCORE_CB.as_ptr())
        };
    }
}

/// Tells Xen that an address space goes: `pv_ops.mmu.exit_mmap`. May sleep.
///
/// # Safety
///
/// `mm` must be an address space that nobody changes any more.
unsafe extern "C" fn xen_hvm_exit_mmap(mm: *mut bindings::mm_struct) {
    // SAFETY: The caller's promise.
    let table = unsafe { (*mm).__bindgen_anon_1.pgd };
    let told = address::linear_to_physical(to_u64(table.addr()))
        .ok_or(XenErrno::EINVAL)
        .and_then(|table| Xen.pagetable_dying(table));

    if told.is_err() {
        kernel::do_once_lite! { warn_on!(true); }
    }
}

/// Returns whether memory backs a frame of the crashed kernel. Runs where `/proc/vmcore` is read.
#[cfg(CONFIG_PROC_VMCORE)]
extern "C" fn pfn_is_ram(_cb: *mut bindings::vmcore_cb, pfn: kernel::ffi::c_ulong) -> bool {
    memory::is_ram(&mut Xen, to_u64(pfn)).unwrap_or_else(|_| {
        crate::raw::print::printk_once!(
            crate::raw::print::WARNING,
            "Unexpected HVMOP_get_mem_type failure\n"
        );
        true
    })
}

/// What `/proc/vmcore` asks.
#[cfg(CONFIG_PROC_VMCORE)]
static VMCORE_CB: Table<bindings::vmcore_cb> = Table::new(bindings::vmcore_cb {
    pfn_is_ram: Some(pfn_is_ram),
    ..zeroed()
});
