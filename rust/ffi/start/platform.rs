// SPDX-License-Identifier: GPL-2.0

//! What the kernel does with and without in a PV guest, and the hooks that the kernel calls later in
//! boot.
//!
//! C ancestor: `enlighten_pv.c:173`, `enlighten_pv.c:289`, `enlighten_pv.c:1183`.

use kernel::cpu::CpuId;

use crate::{
    abi::id::VcpuId,
    cpu::cpuid::has_xsave,
    ffi::{
        contract,
        guest::vcpu_info::{
            xen_vcpu_info_reset,
            xen_vcpu_setup, //
        },
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
        vcpu,
        word::to_int, //
    },
};

contract!(
    xen_pv_detect(),
    xen_pv_init_platform(),
    xen_setup_vcpu_info_placement(),
);

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
        if exposes_mwait() {
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

/// Returns whether the kernel is to see `mwait`: the initial domain tells Xen of sleep states that
/// are entered by it, and for that has to know the machine's hints.
#[cfg(CONFIG_ACPI)]
fn exposes_mwait() -> bool {
    use crate::{
        boot::pv::{
            wants_mwait,
            SLEEP_CAPABILITIES, //
        },
        cpu::cpuid::{
            has_mwait,
            MwaitHints,
            MWAIT, //
        },
        raw::{
            cpuid::ask_processor,
            hypercall::{
                platform::set_pdc,
                version::version, //
            },
        },
    };

    // Older ones would have dom0 put processors to sleep by itself.
    let knows_mwait = version().is_ok_and(|xen| xen.major > 4 || xen.major == 4 && xen.minor >= 2);

    if !domain::is_initial() || !knows_mwait || !has_mwait(ask_processor(1).ecx) {
        return false;
    }
    let leaf = ask_processor(MWAIT);

    // Without the hints ACPI takes states that are entered by a port.
    if set_pdc(SLEEP_CAPABILITIES).is_ok_and(|[_, _, wanted]| wants_mwait(wanted)) {
        crate::ffi::cpu::set_mwait_hints(MwaitHints {
            ecx: leaf.ecx,
            edx: leaf.edx,
        });
    }
    true
}

/// Returns whether the kernel is to see `mwait`: without ACPI, there is no use for it.
#[cfg(not(CONFIG_ACPI))]
fn exposes_mwait() -> bool {
    false
}

init! {
    /// Finds out whether this is a PV guest, and where Xen's leaves of CPUID are if so.
    #[no_mangle]
    extern "C" fn xen_pv_detect() -> u32 {
        if domain::is_pv() {
            Base::find().map_or(0, Base::get)
        } else {
            0
        }
    }
}

init! {
    /// Maps the shared page, and sets up what needs it.
    #[no_mangle]
    extern "C" fn xen_pv_init_platform() {
        // SAFETY: Boot code, once.
        unsafe { bindings::xen_pv_use_grants_for_virtio() };
        // SAFETY: As above.
        unsafe { bindings::xen_pv_map_shared_info() };
        // Clocks are in the vCPU's record, which is in the shared page.
        xen_vcpu_info_reset(0);
        // SAFETY: Boot code, and the page is mapped.
        unsafe { bindings::xen_init_time_ops() };
        set_mtrrs();
        #[cfg(CONFIG_SMP)]
        // SAFETY: Boot code, before CPUs are enumerated.
        unsafe {
            bindings::xen_smp_count_cpus()
        };
    }
}

#[cfg(CONFIG_MTRR)]
init! {
    /// Tells the kernel the types of the machine's memory, or that all of it is ordinary.
    fn set_mtrrs() {
        let ranges = RANGES.as_ptr();

        if !domain::is_initial() {
            // SAFETY: Boot code, once.
            unsafe { bindings::xen_pv_set_mtrrs(core::ptr::null_mut(), 0, false) };
            return;
        }
        // SAFETY: Boot code; nobody else borrows it.
        let count = ask_mtrrs(unsafe { RANGES.get() });

        if count != 0 {
            // SAFETY: So many are filled in.
            unsafe { bindings::xen_pv_set_mtrrs(ranges.cast(), count, true) };
        }
    }
}

/// Fills in what Xen says of the machine's memory.
#[cfg(CONFIG_MTRR)]
fn ask_mtrrs(ranges: &mut [crate::boot::pv::MtrrRange]) -> u32 {
    use crate::{
        abi::platform::ReadMemtype,
        boot::pv::{
            address_width,
            fill_mtrrs, //
        },
        raw::hypercall::platform::read_memtype,
    };

    let width = address_width(ask_xen(0x8000_0000, 0).eax, || ask_xen(0x8000_0008, 0).eax);

    fill_mtrrs(ranges, width, |reg| {
        read_memtype(ReadMemtype::new(reg)).ok()
    })
}

#[cfg(CONFIG_MTRR)]
crate::raw::section::init_data! {
    /// The types of the machine's memory. There are at most so many: `MTRR_MAX_VAR_RANGES`.
    static RANGES: crate::raw::boot_cell::BootCell<[crate::boot::pv::MtrrRange; 256]> =
        crate::raw::boot_cell::BootCell::new([crate::boot::pv::MtrrRange::UNUSED; 256]);
}

#[cfg(not(CONFIG_MTRR))]
init! {
    /// Without support for types of memory, there is nothing to tell.
    fn set_mtrrs() {}
}

init! {
    /// Has each CPU's record moved to where it stays, now that there are places.
    #[no_mangle]
    extern "C" fn xen_setup_vcpu_info_placement() {
        for cpu in cpu::possible() {
            place(cpu);
        }
        // SAFETY: Boot code, before calls through the table are patched.
        unsafe { bindings::xen_pv_use_direct_ops() };
    }
}

/// Has one CPU's record moved: in a PV guest, CPUs and vCPUs have the same numbers.
fn place(cpu: CpuId) {
    vcpu::set(cpu, VcpuId::from_raw(cpu.as_u32()));
    xen_vcpu_setup(to_int(cpu.as_u32()));
}
