// SPDX-License-Identifier: GPL-2.0

//! Sleep of a PV guest: all of it inside `stop_machine()`.
//!
//! C ancestor: `suspend_pv.c`.

use crate::{
    abi::{
        errno::XenErrno,
        frame::{
            Mfn,
            Pfn, //
        }, //
    },
    ffi::{
        guest::vcpu_info,
        mmu::pin,
        mmu::{
            map_shared_info,
            shared_info_address, //
        },
        p2m::tools, //
    },
    raw::{
        bindings,
        bug::{
            bug,
            bug_on_err, //
        },
        frames,
        hypercall,
        p2m,
        shared, //
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
    /// Names the rings of xenstore and console anew. What has no other name gets one of nothing.
    fn rename_rings(&mut self, rename: impl Fn(u64) -> Option<u64>) {
        let Some(start) = shared::start_info() else {
            return;
        };
        let rename = |number| rename(number).unwrap_or(u64::MAX);

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
        self.rename_rings(|frame| Mfn::new(frame).and_then(frames::page_of).map(Pfn::get));
    }

    fn name_rings_by_frame(&mut self) {
        self.rename_rings(|page| Some(p2m::lookup(Pfn::new(page)?).mfn()?.get()));
    }

    fn leave_shared_info(&mut self) -> Result<(), XenErrno> {
        // SAFETY: No other CPU runs, and events are held off.
        unsafe { bindings::HYPERVISOR_shared_info = &raw mut bindings::xen_dummy_shared_info };
        hypercall::mmu::unmap(shared_info_address())
    }

    fn enter_shared_info(&mut self) {
        let Some(start) = shared::start_info() else {
            return;
        };

        // SAFETY: The address is the page's, from Xen or the tools; no other CPU runs, and events are
        // held off.
        unsafe { map_shared_info(start.shared_info()) };
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
