// SPDX-License-Identifier: GPL-2.0

//! Where the kernel looks for a vCPU's record: the per-CPU pointer `xen_vcpu`.
//!
//! C and assembly follow the pointer without a look at what it is, from noinstr code too. It leads
//! into the shared page, to the CPU's own `xen_vcpu_info`, or nowhere.
//!
//! Valid from early boot on, where it prints nothing; who changes a CPU's pointer is that CPU or
//! knows that it does not run.
//!
//! C ancestor: `xen_vcpu` and `xen_vcpu_info` in `enlighten.c`.

#![expect(unsafe_code)]

use kernel::cpu::CpuId;

use crate::{
    abi::{
        errno::XenErrno,
        frame::Maddr,
        shared_info::VcpuInfo,
        vcpu::RegisterVcpuInfo, //
    },
    raw::{
        bindings,
        hypercall,
        percpu::PerCpu,
        shared,
        vcpu,
        word::to_u64, //
    },
};

// SAFETY: `DEFINE_PER_CPU(struct vcpu_info *, xen_vcpu)` is in c-shims/percpu.c.
const FOLLOWED: PerCpu<*const VcpuInfo> =
    unsafe { PerCpu::new((&raw const bindings::xen_vcpu).cast()) };
// SAFETY: `DEFINE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info)` is there too.
const OWN: PerCpu<VcpuInfo> = unsafe { PerCpu::new((&raw const bindings::xen_vcpu_info).cast()) };

/// Has `cpu` follow a place in the shared page, or null where there is no such place.
pub(crate) fn use_shared(cpu: CpuId, index: usize) {
    match shared::shared_info().vcpu_info(index) {
        Some(record) => follow(cpu, record.as_ptr()),
        None => use_none(cpu),
    }
}

/// Has `cpu` follow null: nobody may look.
pub(crate) fn use_none(cpu: CpuId) {
    follow(cpu, core::ptr::null());
}

/// Has `cpu` follow its own record.
pub(crate) fn use_own(cpu: CpuId) {
    follow(cpu, OWN.ptr(cpu));
}

/// Returns whether `cpu` follows its own record.
pub(crate) fn uses_own(cpu: CpuId) -> bool {
    // SAFETY: Each possible CPU has a copy, which changes in one store.
    let followed = unsafe { FOLLOWED.ptr(cpu).read_volatile() };

    core::ptr::eq(followed, OWN.ptr(cpu))
}

/// Returns whether `cpu` follows a record at all.
#[cfg(CONFIG_XEN_PV)]
pub(crate) fn has_record(cpu: CpuId) -> bool {
    // SAFETY: Each possible CPU has a copy, which changes in one store.
    !unsafe { FOLLOWED.ptr(cpu).read_volatile() }.is_null()
}

/// Holds events off from `cpu`, which has a record.
#[cfg(CONFIG_XEN_PV_SMP)]
pub(crate) fn mask_events(cpu: CpuId) {
    // SAFETY: Each possible CPU has a copy.
    let followed = unsafe { FOLLOWED.ptr(cpu).read_volatile() }.cast_mut();

    if !followed.is_null() {
        // SAFETY: It is the vCPU's record, and Xen does not write this field of one that does not
        // run.
        unsafe { (&raw mut (*followed).evtchn_upcall_mask).write_volatile(1) };
    }
}

/// Returns the address of `cpu`'s own record.
pub(crate) fn own_address(cpu: CpuId) -> u64 {
    to_u64(OWN.ptr(cpu).expose_provenance())
}

/// Has Xen move the record of `cpu` to the CPU's own.
///
/// # Errors
///
/// Xen's refusals.
///
/// # Safety
///
/// `address` must be what Xen calls [`own_address`].
pub(crate) unsafe fn register_own(cpu: CpuId, address: Maddr) -> Result<(), XenErrno> {
    let place = RegisterVcpuInfo::at(address);

    // SAFETY: The variable is nobody else's, is never freed, and nobody refers to it but through
    // views; the address is its own, by the caller's promise.
    unsafe { hypercall::vcpu::register_vcpu_info(vcpu::of(cpu), place) }
}

/// Has `cpu` follow a record.
fn follow(cpu: CpuId, record: *const VcpuInfo) {
    // SAFETY: Each possible CPU has a copy; this module's callers change it one at a time.
    unsafe { FOLLOWED.ptr(cpu).write_volatile(record) };
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_vcpu_info)]
mod tests {
    use super::*;
    use crate::{
        abi::id::VcpuId,
        raw::domain, //
    };

    #[test]
    fn cpus_on_line_follow_their_own_records() {
        if domain::is_xen() {
            let boot = CpuId::from_u32(0);

            assert!(boot.is_some_and(uses_own));
        }
    }

    #[test]
    fn no_record_crosses_a_page() {
        for cpu in crate::raw::cpu::possible() {
            assert_eq!(own_address(cpu) % 64, 0);
        }
    }

    #[test]
    fn the_shared_page_has_places_for_the_first_vcpus() {
        let page = shared::shared_info();

        assert!(page.vcpu_info(VcpuId::LEGACY_MAX - 1).is_some());
        assert!(page.vcpu_info(VcpuId::LEGACY_MAX).is_none());
    }

    #[test]
    fn a_record_is_moved_once() {
        if !domain::is_xen() {
            return;
        }
        let (Some(cpu), Some(nowhere)) = (CpuId::from_u32(0), Maddr::new(0)) else {
            return assert!(false);
        };
        // SAFETY: Xen refuses before it looks at the address.
        let again = unsafe { register_own(cpu, nowhere) };

        assert!(again.is_err());
    }
}
