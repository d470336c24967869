// SPDX-License-Identifier: GPL-2.0

//! What the kernel does with and without in a PV guest, and the hooks that the kernel calls later in
//! boot.
//!
//! C ancestor: `enlighten_pv.c:173`, `enlighten_pv.c:289`, `enlighten_pv.c:1183`.

use kernel::cpu::CpuId;

#[cfg(CONFIG_MTRR)]
use super::mtrr;
#[cfg(CONFIG_ACPI)]
use super::mwait;
use super::start_info;
use crate::{
    abi::id::VcpuId,
    cpu::cpuid::has_xsave,
    ffi::{
        arch_setup::enable_compat,
        guest::{
            pin::xen_pin_vcpu,
            vcpu_info, //
        },
        mmu::{
            map_shared_info,
            shared_info_address, //
        },
        time, //
    },
    raw::{
        bindings,
        cpu,
        cpuid::{
            ask_xen,
            Base, //
        },
        domain,
        section::init,
        table::{
            zeroed,
            Table, //
        },
        vcpu,
        word::to_usize, //
    },
};

/// Features that a guest has no use for, or that are Xen's.
const HIDDEN: [u32; 8] = [
    bindings::X86_FEATURE_DCA,
    bindings::X86_FEATURE_APERFMPERF,
    bindings::X86_FEATURE_MTRR,
    bindings::X86_FEATURE_ACC,
    bindings::X86_FEATURE_X2APIC,
    bindings::X86_FEATURE_SME,
    bindings::X86_FEATURE_LKGS,
    // Page tables and flushes would have to know of it.
    bindings::X86_FEATURE_PCID,
];

init! {
    /// Hides features from the kernel that it would use to no good.
    pub(super) fn choose_features() {
        for feature in HIDDEN {
            hide(feature);
        }
        if !domain::is_initial() {
            hide(bindings::X86_FEATURE_ACPI);
        }
        #[cfg(CONFIG_ACPI)]
        let exposes_mwait = mwait::is_exposed();
        #[cfg(not(CONFIG_ACPI))]
        let exposes_mwait = false;

        if exposes_mwait {
            // SAFETY: Boot code, before features are used.
            unsafe { bindings::rust_helper_setup_force_cpu_cap(bindings::X86_FEATURE_MWAIT) };
        } else {
            hide(bindings::X86_FEATURE_MWAIT);
        }
        if !has_xsave(ask_xen(1, 0).ecx) {
            hide(bindings::X86_FEATURE_XSAVE);
            hide(bindings::X86_FEATURE_OSXSAVE);
        }
    }
}

init! {
    /// Hides a feature.
    fn hide(feature: u32) {
        // SAFETY: Boot code, before features are used.
        unsafe { bindings::setup_clear_cpu_cap(feature) };
    }
}

init! {
    /// Finds out whether this is a PV guest, and where Xen's leaves of CPUID are if so.
    extern "C" fn xen_pv_detect() -> u32 {
        if domain::is_pv() {
            Base::find().map_or(0, Base::get)
        } else {
            0
        }
    }
}

#[no_mangle]
#[link_section = ".init.rodata"]
/// The descriptor that the kernel finds Xen by.
static x86_hyper_xen_pv: Table<bindings::hypervisor_x86> = Table::new(bindings::hypervisor_x86 {
    name: c"Xen PV".as_ptr().cast(),
    detect: Some(xen_pv_detect),
    type_: bindings::x86_hypervisor_type_X86_HYPER_XEN_PV,
    runtime: bindings::x86_hyper_runtime {
        pin_vcpu: Some(xen_pin_vcpu),
        ..zeroed()
    },
    ignore_nopv: true,
    ..zeroed()
});

init! {
    /// Maps the shared page, and sets up what needs it, or early parameters.
    pub(super) extern "C" fn xen_pv_init_platform() {
        #[cfg(CONFIG_XEN_VIRTIO)]
        // SAFETY: Boot code, once.
        unsafe {
            bindings::xen_use_grants_for_virtio()
        };
        // SAFETY: Boot code: it makes the tables for the address, if there are none.
        unsafe { bindings::populate_extra_pte(to_usize(shared_info_address())) };
        // SAFETY: The address is the page's, from Xen; events are off.
        unsafe { map_shared_info(start_info().shared_info()) };
        // Clocks are in the vCPU's record, which is in the shared page.
        vcpu_info::reset();
        time::init_pv_ops();
        enable_compat();
        #[cfg(CONFIG_MTRR)]
        mtrr::set_up();
        #[cfg(CONFIG_XEN_PV_SMP)]
        crate::ffi::smp::pv::count_cpus();
    }
}

init! {
    /// Has each CPU's record moved to where it stays, now that there are places.
    pub(in crate::ffi) extern "C" fn xen_setup_vcpu_info_placement() {
        for cpu in cpu::possible() {
            place(cpu);
        }
        // SAFETY: Boot code, before calls through the table are patched.
        unsafe { bindings::xen_use_direct_ops() };
    }
}

/// Has one CPU's record moved: in a PV guest, CPUs and vCPUs have the same numbers.
fn place(cpu: CpuId) {
    vcpu::set(cpu, VcpuId::from_raw(cpu.as_u32()));
    vcpu_info::setup(cpu);
}
