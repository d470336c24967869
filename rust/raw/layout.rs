// SPDX-License-Identifier: GPL-2.0

//! Proof that the structures of `abi` lie in memory as those of the C headers do.
//!
//! Nothing here is compiled into the kernel: a difference fails the build.

use core::mem::{
    offset_of,
    size_of, //
};

use crate::{
    abi::{
        apic::{
            PhysdevApic,
            PhysicalCpu, //
        },
        callback::CallbackRegister,
        context::{
            CpuUserRegs,
            VcpuGuestContext, //
        },
        descriptor::{
            TrapInfo, //
        },
        e820::E820Entry,
        event::Send,
        grant::{
            MapGrantRef,
            UnmapGrantRef, //
        },
        hvm::{
            GetMemType,
            PagetableDying, //
        },
        memory::{
            AddToPhysmap,
            MachphysMapping,
            MemoryExchange,
            MemoryMap,
            MemoryReservation, //
        },
        multicall::Entry,
        pagetable::{
            MmuUpdate,
            MmuextOp, //
        },
        physdev::{
            SetIobitmap,
            SetIopl,
            SetupGsi, //
        },
        platform::{
            Dom0Console,
            FirmwareInfo,
            ReadMemtype,
            SetPdc,
            SetTime, //
        },
        pmu::{
            PmuData,
            PmuParams,
            PmuRegs, //
        },
        sched::{
            SchedPinOverride,
            SchedShutdown, //
        },
        shared_info::{
            ArchSharedInfo,
            ArchVcpuInfo,
            SharedInfo,
            VcpuInfo,
            VcpuTimeInfo,
            WallClock, //
        },
        start_info::StartInfo,
        vcpu::{
            RegisterTimeMemoryArea,
            RegisterVcpuInfo,
            SetSingleshotTimer,
            VcpuRunstateInfo, //
        },
        version::Extraversion,
    },
    raw::bindings,
};

/// Compares size and the offsets of fields; some of the C structures are packed to no effect.
macro_rules! same_layout {
    ($ours:ty, $theirs:ty, { $($($field:ident).+ => $($c_field:ident).+),* $(,)? }) => {
        const _: () = {
            assert!(size_of::<$ours>() == size_of::<$theirs>());
            $(assert!(offset_of!($ours, $($field).+) == offset_of!($theirs, $($c_field).+));)*
        };
    };
}

same_layout!(VcpuTimeInfo, bindings::pvclock_vcpu_time_info, {
    version => version,
    tsc_timestamp => tsc_timestamp,
    system_time => system_time,
    tsc_to_system_mul => tsc_to_system_mul,
    tsc_shift => tsc_shift,
    flags => flags,
});
same_layout!(ArchVcpuInfo, bindings::arch_vcpu_info, { cr2 => cr2 });
same_layout!(VcpuInfo, bindings::vcpu_info, {
    evtchn_upcall_pending => evtchn_upcall_pending,
    evtchn_upcall_mask => evtchn_upcall_mask,
    evtchn_pending_sel => evtchn_pending_sel,
    arch => arch,
    time => time,
});
same_layout!(WallClock, bindings::pvclock_wall_clock, {
    version => version,
    sec => sec,
    nsec => nsec,
});
same_layout!(ArchSharedInfo, bindings::arch_shared_info, {
    max_pfn => max_pfn,
    pfn_to_mfn_frame_list_list => pfn_to_mfn_frame_list_list,
    nmi_reason => nmi_reason,
    p2m_cr3 => p2m_cr3,
    p2m_vaddr => p2m_vaddr,
    p2m_generation => p2m_generation,
});
same_layout!(SharedInfo, bindings::shared_info, {
    vcpu_info => vcpu_info,
    evtchn_pending => evtchn_pending,
    evtchn_mask => evtchn_mask,
    wc => wc,
    wc_sec_hi => wc_sec_hi,
    arch => arch,
});
same_layout!(VcpuRunstateInfo, bindings::vcpu_runstate_info, {
    state => state,
    state_entry_time => state_entry_time,
    time => time,
});
same_layout!(SetSingleshotTimer, bindings::vcpu_set_singleshot_timer, {
    timeout_abs_ns => timeout_abs_ns,
    flags => flags,
});
same_layout!(RegisterVcpuInfo, bindings::vcpu_register_vcpu_info, {
    mfn => mfn,
    offset => offset,
});
same_layout!(SchedShutdown, bindings::sched_shutdown, { reason => reason });
same_layout!(SchedPinOverride, bindings::sched_pin_override, { pcpu => pcpu });
same_layout!(Extraversion, bindings::xen_extraversion, { text => extraversion });
same_layout!(RegisterTimeMemoryArea, bindings::vcpu_register_time_memory_area, {
    addr => addr,
});
same_layout!(E820Entry, bindings::e820_entry, {
    addr => addr,
    size => size,
    kind => type_,
});
same_layout!(MemoryReservation, bindings::xen_memory_reservation, {
    extent_start => extent_start,
    nr_extents => nr_extents,
    extent_order => extent_order,
    address_bits => address_bits,
    domid => domid,
});
same_layout!(CallbackRegister, bindings::callback_register, {
    kind => type_,
    flags => flags,
    address => address,
});
same_layout!(Entry, bindings::multicall_entry, {
    op => op,
    result => result,
    args => args,
});
same_layout!(StartInfo, bindings::start_info, {
    magic => magic,
    nr_pages => nr_pages,
    shared_info => shared_info,
    flags => flags,
    store_mfn => store_mfn,
    store_evtchn => store_evtchn,
    console => console,
    pt_base => pt_base,
    nr_pt_frames => nr_pt_frames,
    mfn_list => mfn_list,
    mod_start => mod_start,
    mod_len => mod_len,
    cmd_line => cmd_line,
    first_p2m_pfn => first_p2m_pfn,
    nr_p2m_frames => nr_p2m_frames,
});
same_layout!(PagetableDying, bindings::xen_hvm_pagetable_dying, {
    domid => domid,
    gpa => gpa,
});
same_layout!(GetMemType, bindings::xen_hvm_get_mem_type, {
    domid => domid,
    mem_type => mem_type,
    pfn => pfn,
});
same_layout!(FirmwareInfo, bindings::xen_platform_op, {
    cmd => cmd,
    interface_version => interface_version,
    kind => u.firmware_info.type_,
    index => u.firmware_info.index,
    data => u.firmware_info.u,
});
const _: () = assert!(size_of::<Send>() == size_of::<bindings::evtchn_send>());
same_layout!(SetTime, bindings::xen_platform_op, {
    cmd => cmd,
    interface_version => interface_version,
    data => u,
});
same_layout!(Dom0Console, bindings::xen_platform_op, {
    cmd => cmd,
    interface_version => interface_version,
    data => u,
});
same_layout!(E820Entry, bindings::boot_e820_entry, {
    addr => addr,
    size => size,
    kind => type_,
});
same_layout!(AddToPhysmap, bindings::xen_add_to_physmap, {
    domid => domid,
    size => size,
    space => space,
    idx => idx,
    gpfn => gpfn,
});
same_layout!(MemoryMap, bindings::xen_memory_map, {
    nr_entries => nr_entries,
    buffer => buffer,
});
same_layout!(MemoryExchange, bindings::xen_memory_exchange, {
    given => in_,
    wanted => out,
    nr_exchanged => nr_exchanged,
});
same_layout!(MachphysMapping, bindings::xen_machphys_mapping, {
    v_start => v_start,
    v_end => v_end,
    max_mfn => max_mfn,
});
same_layout!(MmuUpdate, bindings::mmu_update, {
    place => ptr,
    value => val,
});
same_layout!(MmuextOp, bindings::mmuext_op, {
    cmd => cmd,
    first => arg1,
    second => arg2,
});
same_layout!(SetupGsi, bindings::physdev_setup_gsi, {
    gsi => gsi,
    triggering => triggering,
    polarity => polarity,
});
same_layout!(PhysdevApic, bindings::physdev_apic, {
    apic_physbase => apic_physbase,
    reg => reg,
    value => value,
});
same_layout!(PhysicalCpu, bindings::xen_platform_op, {
    cmd => cmd,
    interface_version => interface_version,
    xen_cpuid => u.pcpu_info.xen_cpuid,
    max_present => u.pcpu_info.max_present,
    flags => u.pcpu_info.flags,
    apic_id => u.pcpu_info.apic_id,
    acpi_id => u.pcpu_info.acpi_id,
});
same_layout!(PmuParams, bindings::xen_pmu_params, {
    version_maj => version.maj,
    version_min => version.min,
    val => val,
    vcpu => vcpu,
});
same_layout!(PmuRegs, bindings::xen_pmu_regs, {
    ip => ip,
    sp => sp,
    flags => flags,
    cs => cs,
    ss => ss,
    cpl => cpl,
});
same_layout!(PmuData, bindings::xen_pmu_data, {
    vcpu_id => vcpu_id,
    pcpu_id => pcpu_id,
    domain_id => domain_id,
    regs => pmu.r.regs,
    pmu_flags => pmu.pmu_flags,
    lapic_lvtpc => pmu.l.lapic_lvtpc,
});
/// The registers are in a union, with those of an AMD CPU.
macro_rules! same_pmu_context {
    ($($field:ident => $context:ident.$c_field:ident),* $(,)?) => {
        const _: () = {
            $(assert!(
                offset_of!(PmuData, $field)
                    == offset_of!(bindings::xen_pmu_data, pmu.c)
                        + offset_of!(bindings::$context, $c_field)
            );)*
        };
    };
}
same_pmu_context! {
    first_bank => xen_pmu_intel_ctxt.fixed_counters,
    first_bank => xen_pmu_amd_ctxt.counters,
    second_bank => xen_pmu_intel_ctxt.arch_counters,
    second_bank => xen_pmu_amd_ctxt.ctrls,
    global_ctrl => xen_pmu_intel_ctxt.global_ctrl,
    global_ovf_ctrl => xen_pmu_intel_ctxt.global_ovf_ctrl,
    global_status => xen_pmu_intel_ctxt.global_status,
    fixed_ctrl => xen_pmu_intel_ctxt.fixed_ctrl,
    ds_area => xen_pmu_intel_ctxt.ds_area,
    pebs_enable => xen_pmu_intel_ctxt.pebs_enable,
    debugctl => xen_pmu_intel_ctxt.debugctl,
}
same_layout!(TrapInfo, bindings::trap_info, {
    vector => vector,
    flags => flags,
    cs => cs,
    address => address,
});
#[cfg(CONFIG_XEN_PV)]
same_layout!(crate::abi::descriptor::Gate, bindings::gate_desc, {
    offset_low => offset_low,
    segment => segment,
    bits => bits,
    offset_middle => offset_middle,
    offset_high => offset_high,
});
same_layout!(SetIopl, bindings::physdev_set_iopl, {
    iopl => iopl,
});
same_layout!(SetIobitmap, bindings::physdev_set_iobitmap, {
    bitmap => bitmap,
    nr_ports => nr_ports,
});
same_layout!(ReadMemtype, bindings::xen_platform_op, {
    cmd => cmd,
    interface_version => interface_version,
    reg => u.read_memtype.reg,
    mfn => u.read_memtype.mfn,
    nr_mfns => u.read_memtype.nr_mfns,
    kind => u.read_memtype.type_,
});
same_layout!(SetPdc, bindings::xen_platform_op, {
    cmd => cmd,
    interface_version => interface_version,
    id => u.set_pminfo.id,
    kind => u.set_pminfo.type_,
    pdc => u.set_pminfo.__bindgen_anon_1,
});
same_layout!(CpuUserRegs, bindings::cpu_user_regs, {
    general => r15,
    error_code => error_code,
    entry_vector => entry_vector,
    cs => cs,
    saved_upcall_mask => saved_upcall_mask,
    ss => ss,
    es => es,
    ds => ds,
    fs => fs,
    gs => gs,
});
same_layout!(VcpuGuestContext, bindings::vcpu_guest_context, {
    fpu_ctxt => fpu_ctxt,
    flags => flags,
    user_regs => user_regs,
    trap_ctxt => trap_ctxt,
    ldt_base => ldt_base,
    ldt_ents => ldt_ents,
    gdt_frames => gdt_frames,
    gdt_ents => gdt_ents,
    kernel_ss => kernel_ss,
    kernel_sp => kernel_sp,
    ctrlreg => ctrlreg,
    debugreg => debugreg,
    event_callback_eip => event_callback_eip,
    failsafe_callback_eip => failsafe_callback_eip,
    syscall_callback_eip => syscall_callback_eip,
    vm_assist => vm_assist,
    fs_base => fs_base,
    gs_base_kernel => gs_base_kernel,
    gs_base_user => gs_base_user,
});
same_layout!(MapGrantRef, bindings::gnttab_map_grant_ref, {
    host_addr => host_addr,
    flags => flags,
    reference => ref_,
    dom => dom,
    status => status,
    handle => handle,
    dev_bus_addr => dev_bus_addr,
});
same_layout!(UnmapGrantRef, bindings::gnttab_unmap_grant_ref, {
    host_addr => host_addr,
    dev_bus_addr => dev_bus_addr,
    handle => handle,
    status => status,
});
