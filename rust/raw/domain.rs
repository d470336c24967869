// SPDX-License-Identifier: GPL-2.0

//! What kind of domain this is, as boot code wrote it down.
//!
//! Valid in any context; before boot code has decided, the answer is "not on Xen".
//!
//! C ancestor: `include/xen/xen.h`.

#![expect(unsafe_code)]

use crate::raw::bindings;

/// Returns whether this kernel runs on Xen at all.
pub(crate) fn is_xen() -> bool {
    domain_type() != bindings::xen_domain_type_XEN_NATIVE
}

/// Returns whether this is a PV domain.
pub(crate) fn is_pv() -> bool {
    domain_type() == bindings::xen_domain_type_XEN_PV_DOMAIN
}

/// Returns whether this is an HVM domain, of which PVH is a kind.
#[cfg(CONFIG_SMP)]
pub(crate) fn is_hvm() -> bool {
    domain_type() == bindings::xen_domain_type_XEN_HVM_DOMAIN
}

/// Returns whether this is a PVH domain, which is an HVM domain without emulated devices.
pub(crate) fn is_pvh() -> bool {
    #[cfg(CONFIG_XEN_PVH)]
    {
        // SAFETY: Written in early boot only, by this CPU, and read-only after init.
        unsafe { bindings::xen_pvh }
    }
    #[cfg(not(CONFIG_XEN_PVH))]
    false
}

/// Returns whether this is the initial domain, dom0, and the kernel was built to be one.
pub(crate) fn is_initial() -> bool {
    if !cfg!(CONFIG_XEN_DOM0) {
        return false;
    }
    // SAFETY: Written in early boot only, by this CPU, and read-only after init.
    is_xen() && unsafe { bindings::xen_start_flags } & bindings::SIF_INITDOMAIN != 0
}

/// Returns whether events can come to any CPU of an HVM or PVH domain.
pub(crate) fn has_vector_callback() -> bool {
    // SAFETY: Written in early boot only, by this CPU, and read-only after init.
    unsafe { bindings::xen_have_vector_callback }
}

/// Returns whether Xen's vCPU clocks hold for an HVM or PVH domain.
pub(crate) fn has_safe_pvclock() -> bool {
    has_feature::<{ bindings::XENFEAT_hvm_safe_pvclock }>()
}

/// Returns whether updates of a PV domain's page tables keep the accessed and dirty bits.
pub(crate) fn preserves_ad() -> bool {
    has_feature::<{ bindings::XENFEAT_mmu_pt_update_preserve_ad }>()
}

/// Returns whether a PV kernel has ring 0 to itself.
#[cfg(CONFIG_XEN_PV_SMP)]
pub(crate) fn is_in_ring_0() -> bool {
    has_feature::<{ bindings::XENFEAT_supervisor_mode_kernel }>()
}

/// Returns whether a PV kernel may write page tables, and so any page.
#[cfg(CONFIG_XEN_PV_SMP)]
pub(crate) fn has_writable_page_tables() -> bool {
    has_feature::<{ bindings::XENFEAT_writable_page_tables }>()
}

/// Returns whether Xen has one of `XENFEAT_*`.
fn has_feature<const FEATURE: u32>() -> bool {
    // SAFETY: Written in early boot only, by this CPU. CAST: It widens; out of bounds it would not
    // compile.
    unsafe { (&raw const bindings::xen_features[const { FEATURE as usize }]).read() != 0 }
}

/// Returns `xen_domain_type`.
fn domain_type() -> bindings::xen_domain_type {
    // SAFETY: Written in early boot only, by this CPU, and read-only after init.
    unsafe { bindings::xen_domain_type }
}
