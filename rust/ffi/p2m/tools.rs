// SPDX-License-Identifier: GPL-2.0

//! How tools find the list: in boot, and anew after a migration.
//!
//! C ancestor: `xen_build_mfn_list_list()` and `xen_setup_mfn_list_list()` in `p2m.c`.

use crate::{
    abi::{
        frame::Pfn,
        start_info::StartInfo, //
    },
    ffi::p2m::{
        known,
        Kernel, //
    },
    mmu::p2m::{
        tree,
        List,
        Memory, //
    },
    raw::{
        address,
        bindings,
        bug::bug_on_err,
        p2m,
        shared,
        word::to_u64, //
    },
};

/// Makes the tree for tools in boot, and brings it up to date on resume.
///
/// Resume runs in `stop_machine()`, interrupts off, where the tree is there and nothing is
/// allocated.
pub(crate) fn build_mfn_list_list() {
    if Kernel.tree().is_some() {
        Kernel.locked(tree::refresh);
    } else {
        bug_on_err(
            tree::plant(&mut Kernel),
            "no memory for the tree of the p2m list",
        );
    }
}

/// Tells tools where the list is. Boot, and resume in `stop_machine()`.
pub(crate) fn setup_mfn_list_list() {
    let shared = shared::shared_info();
    let linear =
        shared::start_info().is_some_and(|start| start.flags() & StartInfo::VIRT_P2M_4TOOLS != 0);

    // Tools that know the list as an array do without the tree.
    shared.set_frame_list_list(match Kernel.tree() {
        Some(tree) if !linear => Kernel.frame(tree.top).get(),
        _ => !0,
    });
    shared.set_max_pfn(Kernel.tools_end());
    shared.set_list(to_u64(p2m::address()), kernel_cr3());
}

/// Returns the machine address of the kernel's top-level table, as tools know it.
fn kernel_cr3() -> u64 {
    let table = to_u64((&raw const bindings::init_top_pgt).addr());
    let frame = address::image_to_physical(table)
        .map(|physical| physical.frame())
        .and_then(|page: Pfn| p2m::lookup(page).mfn());

    known(frame).base().get()
}
