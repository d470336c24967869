// SPDX-License-Identifier: GPL-2.0

//! HVM and PVH guests: what `x86_hyper_xen_hvm` offers the kernel, and two boot parameters.
//!
//! The kernel asks each hypervisor's descriptor whether it is the one. These are the functions of
//! Xen's, in the order in which they are called.
//!
//! C ancestor: `enlighten_hvm.c`.

#![expect(unsafe_code)]

mod cpu;
mod memory;
#[cfg(CONFIG_KEXEC_CORE)]
mod reboot;
pub(crate) mod shared_info;

use kernel::{
    cpu::CpuId,
    ffi::{
        c_char,
        c_int, //
    },
};

use crate::{
    abi::cpuid::{
        HVM,
        VERSION, //
    },
    ffi::{
        contract,
        guest::{
            hotplug,
            pin::xen_pin_vcpu,
            shutdown::register_panic_handler,
            vcpu_info, //
        },
        time,
        unplug::unplug_emulated_devices, //
    },
    hvm::platform::{
        boot_vcpu_id,
        Facts,
        Verdict, //
    },
    raw::{
        bindings,
        cpu::has_feature,
        cpuid::Base,
        domain,
        print::{
            printk,
            INFO,
            NOTICE, //
        },
        section::{
            init,
            init_data, //
        },
        table::{
            zeroed,
            Table, //
        },
        vcpu, //
    },
};

contract!(xen_parse_no_vector_callback(_), xen_parse_nopv(_));

init! {
    /// Parses `xen_nopv`, an older name of `nopv` that means nothing without Xen.
    #[no_mangle]
    extern "C" fn xen_parse_nopv(_arg: *mut c_char) -> c_int {
        printk!(
            NOTICE,
            "\"xen_nopv\" is deprecated, please use \"nopv\" instead\n"
        );
        if Base::find().is_some() {
            // SAFETY: Boot code, on the one CPU.
            unsafe { bindings::nopv = true };
        }
        0
    }
}

init! {
    /// Parses `xen_no_vector_callback`: events come by an interrupt line, to one CPU.
    #[no_mangle]
    extern "C" fn xen_parse_no_vector_callback(_arg: *mut c_char) -> c_int {
        // SAFETY: Boot code, on the one CPU.
        unsafe { bindings::xen_have_vector_callback = false };
        0
    }
}

init! {
    /// Tells whether this is an HVM or PVH guest: above zero if it is.
    extern "C" fn xen_hvm_detect() -> u32 {
        let base = Base::find();
        let facts = Facts {
            on_xen: base.is_some(),
            pv: domain::is_pv(),
            pvh: domain::is_pvh(),
            // SAFETY: Boot code, on the one CPU.
            nopv: unsafe { bindings::nopv },
        };
        let verdict = facts.verdict();

        if verdict == Verdict::Other {
            return 0;
        }
        // SAFETY: The CPU's vendor is known by now, and this comes before any hypercall of an HVM
        // guest.
        unsafe { bindings::xen_hypercall_setfunc() };

        match verdict {
            Verdict::GuestDespiteNopv => {
                printk!(INFO, "\"nopv\" parameter is ignored in PVH guest\n");
                // SAFETY: Boot code, on the one CPU.
                unsafe { bindings::nopv = false };
            }
            Verdict::LikeHardware => {
                use_native_hooks();
            }
            Verdict::Guest | Verdict::Other => {}
        }
        base.map_or(0, Base::get)
    }
}

init! {
    /// Makes an HVM or PVH guest of the kernel, on the boot CPU, with no more than memblock.
    extern "C" fn xen_hvm_guest_init() {
        identify();

        shared_info::reserve();
        shared_info::init();
        vcpu_info::reset();

        register_panic_handler();
        #[cfg(CONFIG_SMP)]
        super::smp::init();
        hotplug::register::<cpu::Hvm>();
        unplug_emulated_devices();
        use_hooks();
        time::init_hvm_ops();
        memory::init_mmu_ops();
    }
}

init! {
    /// Writes down what kind of guest this is, what Xen can do, and which vCPU this is.
    fn identify() {
        let Some(xen) = Base::find() else {
            // xen_hvm_detect() has found it.
            return;
        };
        let (major, minor) = xen.leaf(VERSION).version();
        let cpu = CpuId::current();
        let name = if domain::is_pvh() {
            c"Xen PVH"
        } else {
            c"Xen HVM"
        };

        printk!(INFO, "Xen version {}.{}.\n", major, minor);
        // SAFETY: Boot code, on the one CPU.
        unsafe { bindings::xen_domain_type = bindings::xen_domain_type_XEN_HVM_DOMAIN };
        // SAFETY: The name stays.
        unsafe { bindings::pv_info.name = name.as_ptr().cast() };
        // SAFETY: Hypercalls work.
        unsafe { bindings::xen_setup_features() };

        if let Some(id) = boot_vcpu_id(xen.leaf(HVM), cpu.as_u32()) {
            vcpu::set(cpu, id);
        }
    }
}

init! {
    /// Tells whether interrupts can be sent to APIC IDs of 15 bits without an IOMMU.
    extern "C" fn xen_hvm_msi_ext_dest_id() -> bool {
        Base::find().is_some_and(|xen| xen.leaf(HVM).has_ext_dest_id())
    }
}

init! {
    /// Looks once more what kind of guest this is: now ACPI is known.
    extern "C" fn xen_hvm_guest_late_init() {
        #[cfg(CONFIG_XEN_PVH)]
        super::pvh::guest_late_init();
    }
}

init! {
    /// Tells whether interrupt controllers can be had that take commands by registers of the CPU.
    extern "C" fn x2apic_available() -> bool {
        has_feature(bindings::X86_FEATURE_X2APIC)
    }
}

init_data! {
    /// The descriptor.
    #[no_mangle]
    static x86_hyper_xen_hvm: Table<bindings::hypervisor_x86> =
        Table::new(bindings::hypervisor_x86 {
            name: c"Xen HVM".as_ptr().cast(),
            detect: Some(xen_hvm_detect),
            type_: bindings::x86_hypervisor_type_X86_HYPER_XEN_HVM,
            init: bindings::x86_hyper_init {
                init_platform: Some(xen_hvm_guest_init),
                x2apic_available: Some(x2apic_available),
                init_mem_mapping: Some(shared_info::xen_hvm_init_mem_mapping),
                guest_late_init: Some(xen_hvm_guest_late_init),
                msi_ext_dest_id: Some(xen_hvm_msi_ext_dest_id),
                ..zeroed()
            },
            runtime: bindings::x86_hyper_runtime {
                pin_vcpu: Some(xen_pin_vcpu),
                ..zeroed()
            },
            ignore_nopv: true,
        });
}

init! {
    /// Has the kernel do as without Xen; only what finds PVH guests out has to stay.
    fn use_native_hooks() {
        let descriptor = x86_hyper_xen_hvm.as_ptr();

        // SAFETY: Boot code, on the one CPU, before the kernel copies it.
        unsafe {
            (*descriptor).init.init_platform = Some(bindings::x86_init_noop);
            (*descriptor).init.x2apic_available = Some(bindings::bool_x86_init_noop);
            (*descriptor).init.init_mem_mapping = Some(bindings::x86_init_noop);
            (*descriptor).init.init_after_bootmem = Some(bindings::x86_init_noop);
            (*descriptor).runtime.pin_vcpu = Some(bindings::x86_op_int_noop);
        }
    }
}

init! {
    /// Has the kernel call what an HVM or PVH guest needs.
    fn use_hooks() {
        #[cfg(CONFIG_XEN_VIRTIO_FORCE_GRANT)]
        // SAFETY: Boot code, once.
        unsafe {
            bindings::xen_use_grants_for_virtio()
        };
        // SAFETY: Boot code, on the one CPU, before the kernel uses the tables.
        unsafe {
            bindings::x86_init.irqs.intr_init = Some(bindings::xen_init_IRQ);
            #[cfg(CONFIG_KEXEC_CORE)]
            {
                bindings::machine_ops.shutdown = Some(reboot::xen_hvm_shutdown);
            }
            #[cfg(CONFIG_CRASH_DUMP)]
            {
                bindings::machine_ops.crash_shutdown = Some(reboot::xen_hvm_crash_shutdown);
            }
        }
    }
}
