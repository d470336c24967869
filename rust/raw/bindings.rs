// SPDX-License-Identifier: GPL-2.0

//! C items beyond those of the kernel crate, as bindgen reads them from `bindings_helper.h`.

#![expect(unsafe_code)]
#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

// The kernel crate's own: a type must be one, not two of the same shape. Which of them the
// generated file needs is a matter of the configuration.
#[cfg(CONFIG_PRINTK)]
pub(crate) use kernel::bindings::_printk;
#[cfg(CONFIG_ACPI)]
pub(crate) use kernel::bindings::acpi_get_cpu_uid;
#[cfg(all(CONFIG_XEN_PV, CONFIG_SMP))]
pub(crate) use kernel::bindings::cpu_info;
#[cfg(CONFIG_CPU_FREQ)]
#[allow(unused_imports)]
pub(crate) use kernel::bindings::disable_cpufreq;
#[cfg(all(CONFIG_XEN_PV, CONFIG_X86_LOCAL_APIC))]
pub(crate) use kernel::bindings::fixed_addresses_FIX_APIC_BASE;
#[cfg(all(CONFIG_XEN_PV, CONFIG_SMP))]
pub(crate) use kernel::bindings::on_each_cpu_cond_mask;
#[cfg(all(CONFIG_XEN_PV, CONFIG_PCI))]
pub(crate) use kernel::bindings::pci_request_acs;
#[cfg(CONFIG_SMP)]
pub(crate) use kernel::bindings::smp_ops;
#[cfg(all(CONFIG_XEN_PV, CONFIG_X86_IOPL_IOPERM))]
pub(crate) use kernel::bindings::tss_struct;
#[cfg(CONFIG_XEN_PV)]
pub(crate) use kernel::bindings::vmemmap_base;
#[allow(unused_imports)]
pub(crate) use kernel::bindings::{
    __cpu_online_mask,
    __cpu_possible_mask,
    __cpuhp_remove_state,
    __cpuhp_setup_state,
    __preempt_count,
    __u16,
    __u32,
    __u64,
    __u8,
    __virt_addr_valid,
    _end,
    _text,
    apply_to_page_range,
    atomic_notifier_chain_register,
    atomic_notifier_head,
    bio_vec,
    bool_,
    bool_x86_init_noop,
    boot_command_line,
    boot_cpu_data,
    check_tsc_unstable,
    clocksource_ids,
    console,
    cpu_bit_bitmap,
    cpuhp_state,
    cpuhp_state_CPUHP_AP_ONLINE_DYN,
    cpuhp_state_CPUHP_XEN_PREPARE,
    cpuinfo_x86,
    cpumask,
    cpumask_var_t,
    delayed_work,
    desc_ptr,
    desc_struct,
    dma_addr_t,
    do_settimeofday64,
    free_pages,
    gate_desc,
    get_free_pages_noprof,
    get_zeroed_page_noprof,
    guid_t,
    init_mm,
    init_top_pgt,
    iomem_resource,
    irq_handler_t,
    irqreturn,
    irqreturn_t,
    ktime_t,
    list_head,
    llist_node,
    lookup_address,
    lookup_pmd_address,
    max_pfn,
    max_pfn_mapped,
    memparse,
    mm_struct,
    module,
    msi_desc,
    notifier_block,
    p4d_t,
    p4dval_t,
    page,
    page_offset_base,
    panic,
    panic_timeout,
    pci_dev,
    pcpu_alloc_noprof,
    pfn_range_is_mapped,
    pg_level_PG_LEVEL_4K,
    pgd_t,
    pgdval_t,
    pgprot_t,
    phys_addr_t,
    phys_base,
    pmd_t,
    pmdval_t,
    populate_extra_pmd,
    populate_extra_pte,
    pt_regs,
    pte_t,
    pteval_t,
    pud_t,
    pudval_t,
    pv_info,
    pv_ops,
    resource,
    resource_size_t,
    s32,
    s64,
    s8,
    setup_clear_cpu_cap,
    slab_is_available,
    smp_call_func_t,
    spinlock_t,
    static_call_key,
    static_key_false,
    task_struct,
    thread_struct,
    timespec64,
    tracepoint,
    u16_,
    u32_,
    u64_,
    u8_,
    vm_area_struct,
    x86_cpuinit,
    x86_hyper_init,
    x86_hyper_runtime,
    x86_init,
    x86_init_noop,
    x86_op_int_noop,
    x86_platform,
    xen_set_default_idle,
    APIC_ID,
    APIC_LVR,
    APIC_LVTPC,
    BAD_APICID,
    BUG,
    GFP_KERNEL,
    IRQF_EARLY_RESUME,
    IRQF_FORCE_RESUME,
    IRQF_NOBALANCING,
    IRQF_PERCPU,
    IRQF_TIMER,
    NOTIFY_BAD,
    NOTIFY_DONE,
    NOTIFY_OK,
    NR_FIX_BTMAPS,
    X86_FEATURE_CONSTANT_TSC,
    X86_FEATURE_NONSTOP_TSC,
    X86_FEATURE_SPEC_CTRL,
    X86_FEATURE_SYSCALL32,
    X86_FEATURE_SYSFAST32,
    X86_FEATURE_TSC,
    X86_FEATURE_TSC_KNOWN_FREQ, //
    X86_FEATURE_X2APIC,
};
#[cfg(CONFIG_XEN_PV)]
pub(crate) use kernel::bindings::{
    __cpu_present_mask,
    __default_kernel_pte_mask,
    __supported_pte_mask,
    _brk_end,
    copy_from_kernel_nofault,
    cpu_tss_rw,
    current_task,
    early_boot_irqs_disabled,
    early_idt_handler_array,
    early_memremap_ro,
    fixed_addresses_FIX_BTMAP_BEGIN,
    fixed_addresses_FIX_BTMAP_END,
    fixed_addresses_FIX_PARAVIRT_BOOTMAP,
    is_early_ioremap_ptep,
    lazy_mmu_state,
    leave_mm,
    level1_fixmap_pgt,
    level2_fixmap_pgt,
    level2_kernel_pgt,
    level3_kernel_pgt,
    native_write_cr4,
    nop_func,
    pageflags_PG_pinned,
    pageflags_PG_savepinned,
    pagetype_PGTY_table,
    paging_init,
    pgd_list,
    pgd_lock,
    ptdesc,
    spin_lock,
    spin_unlock,
    switch_gdt_and_percpu_base,
    vm_flags_t,
    x86_apic_ops,
    x86_configure_nx,
    xen_early_idt_handler_array,
    __KERNEL_DS,
    DESC_LDT,
    DESC_TSS,
    GDT_ENTRY_TLS_ENTRIES,
    GDT_ENTRY_TLS_MIN,
    MSR_CSTAR,
    MSR_FS_BASE,
    MSR_GS_BASE,
    MSR_IA32_APICBASE,
    MSR_IA32_SYSENTER_CS,
    MSR_IA32_SYSENTER_EIP,
    MSR_IA32_SYSENTER_ESP,
    MSR_KERNEL_GS_BASE,
    MSR_LSTAR,
    MSR_STAR,
    MSR_SYSCALL_MASK,
    PF_KTHREAD,
    VM_IO,
    VM_PFNMAP,
    X86_FEATURE_ACC,
    X86_FEATURE_ACPI,
    X86_FEATURE_APERFMPERF,
    X86_FEATURE_DCA,
    X86_FEATURE_FSGSBASE,
    X86_FEATURE_LKGS,
    X86_FEATURE_MTRR,
    X86_FEATURE_MWAIT,
    X86_FEATURE_OSXSAVE,
    X86_FEATURE_PCID,
    X86_FEATURE_SME,
    X86_FEATURE_XENPV,
    X86_FEATURE_XSAVE,
    X86_VENDOR_AMD,
    X86_VENDOR_CENTAUR,
    X86_VENDOR_HYGON,
    X86_VENDOR_INTEL,
    X86_VENDOR_ZHAOXIN, //
};
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
pub(crate) use kernel::bindings::{
    __num_possible_cpus,
    disable_irq,
    nopvspin,
    pv_ops_lock, //
};
#[cfg(CONFIG_SMP)]
pub(crate) use kernel::bindings::{
    __per_cpu_offset,
    cpu_number,
    native_smp_cpus_done,
    native_smp_prepare_boot_cpu,
    native_smp_prepare_cpus,
    this_cpu_off,
    APIC_DM_NMI,
    CALL_FUNCTION_SINGLE_VECTOR,
    CALL_FUNCTION_VECTOR,
    IRQ_WORK_VECTOR,
    NMI_VECTOR,
    RESCHEDULE_VECTOR, //
};
#[cfg(all(CONFIG_XEN_PV, CONFIG_ACPI))]
pub(crate) use kernel::bindings::{
    acpi_disable_cmcff,
    acpi_disabled,
    acpi_noirq,
    acpi_os_ioremap,
    acpi_pci_disabled,
    acpi_physical_address,
    acpi_size,
    x86_acpi_os_ioremap, //
};
#[cfg(CONFIG_HOTPLUG_CPU)]
pub(crate) use kernel::bindings::{
    arch_register_cpu,
    arch_unregister_cpu, //
};
#[cfg(CONFIG_XEN_PV_SMP)]
pub(crate) use kernel::bindings::{
    common_cpu_up,
    cpu_disable_common,
    cpu_init,
    cpu_init_exception_handling,
    cpu_startup_entry,
    cpuhp_ap_sync_alive,
    cpuhp_state_CPUHP_AP_ONLINE_IDLE,
    cpumask_set_cpu,
    cr4_init,
    fpu__init_cpu,
    identify_secondary_cpu,
    notify_cpu_starting,
    play_dead_common,
    schedule_timeout_uninterruptible,
    set_cpu_online,
    set_cpu_possible,
    set_cpu_sibling_map,
    smp_call_function,
    smp_prepare_cpus_common,
    __KERNEL_CS,
    __USER_DS,
    GDT_ENTRIES,
    HZ, //
};
#[cfg(all(CONFIG_XEN_PV, CONFIG_X86_IO_APIC))]
pub(crate) use kernel::bindings::{
    fixed_addresses_FIX_IO_APIC_BASE_0,
    fixed_addresses_FIX_IO_APIC_BASE_END, //
};
#[cfg(all(CONFIG_XEN_PV, CONFIG_X86_VSYSCALL_EMULATION))]
pub(crate) use kernel::bindings::{
    fixed_addresses_VSYSCALL_PAGE,
    set_pte_vaddr_pud, //
};
use kernel::ffi;
use pin_init::MaybeZeroable;

// SAFETY: It is what it stores: integers.
unsafe impl<S: pin_init::Zeroable> pin_init::Zeroable for __BindgenBitfieldUnit<S> {}

include!(concat!(
    env!("OBJTREE"),
    "/arch/x86/xen/rust/bindings_generated.rs"
));
