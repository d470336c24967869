// SPDX-License-Identifier: GPL-2.0

//! Sleep of a PV guest: all of it inside `stop_machine()`.
//!
//! C ancestor: `suspend_pv.c`.

use kernel::ffi::c_ulong;

use crate::{
    abi::errno::XenErrno,
    ffi::{
        guest::vcpu_info,
        mmu::pin,
        p2m::tools, //
    },
    raw::{
        bindings,
        bug::{
            bug,
            bug_on_err, //
        },
        hypercall,
        shared,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
    suspend::{
        hvm::Outcome,
        pv::{
            resume,
            suspend,
            Guest, //
        }, //
    },
};

/// This guest, on the only CPU that runs.
struct Pv;

impl Pv {
    /// Names the rings of xenstore and console anew.
    ///
    /// # Safety
    ///
    /// `rename` must take any number.
    unsafe fn rename_rings(&mut self, rename: unsafe extern "C" fn(c_ulong) -> c_ulong) {
        let Some(start) = shared::start_info() else {
            return;
        };
        // SAFETY: It takes any number, by the caller's promise.
        let rename = |number| to_u64(unsafe { rename(to_usize(number)) });

        start.set_store_mfn(rename(start.store_mfn()));
        start.set_console_mfn(rename(start.console_mfn()));
    }
}

impl Guest for Pv {
    type Error = XenErrno;

    fn pin_tables(&mut self) {
        pin::pin_all();
    }

    fn unpin_tables(&mut self) {
        pin::unpin_all();
    }

    fn name_rings_by_page(&mut self) {
        // SAFETY: A frame that is none of ours has no page, and stays as it is.
        unsafe { self.rename_rings(bindings::rust_helper_mfn_to_pfn) };
    }

    fn name_rings_by_frame(&mut self) {
        // SAFETY: It takes any page.
        unsafe { self.rename_rings(bindings::rust_helper_pfn_to_mfn) };
    }

    fn leave_shared_info(&mut self) -> Result<(), XenErrno> {
        // SAFETY: No other CPU runs, and events are held off.
        unsafe { bindings::HYPERVISOR_shared_info = &raw mut bindings::xen_dummy_shared_info };
        // SAFETY: It returns an address.
        let address = unsafe { bindings::rust_helper_fix_to_virt_bootmap() };

        hypercall::mmu::unmap(to_u64(address.addr()))
    }

    fn enter_shared_info(&mut self) {
        let Some(start) = shared::start_info() else {
            return;
        };

        // SAFETY: The address is the page's, from Xen or the tools.
        unsafe { bindings::rust_helper_set_fixmap_bootmap(start.shared_info()) };
        // SAFETY: No other CPU runs, and the page is mapped there now.
        unsafe {
            bindings::HYPERVISOR_shared_info = bindings::rust_helper_fix_to_virt_bootmap().cast();
        }
    }

    fn build_p2m_tree(&mut self) {
        tools::build_mfn_list_list();
    }

    fn publish_p2m_tree(&mut self) {
        tools::setup_mfn_list_list();
    }

    fn forget_offline_vcpus(&mut self) {
        #[cfg(CONFIG_XEN_PV_SMP)]
        crate::ffi::smp::pv::forget_offline_vcpus();
    }

    fn restore_vcpus(&mut self) {
        vcpu_info::restore();
    }
}

/// Prepares the guest for sleep. Interrupts are off.
pub(super) fn pre_suspend() {
    let holds_events = shared::vcpu_info().is_some_and(|record| record.upcall_mask() != 0);

    if !holds_events {
        bug("a PV guest goes to sleep with interrupts on");
    }
    bug_on_err(suspend(&mut Pv), "the shared page cannot be unmapped");
}

/// Brings the guest back to life. Interrupts are off.
pub(super) fn post_suspend(outcome: Outcome) {
    resume(&mut Pv, outcome);
}
