// SPDX-License-Identifier: GPL-2.0
/*
 * The start of a PV guest: stores into the kernel's operation tables, and what
 * of it is a macro or private to arch/x86. rust/ffi/start.rs has the order.
 *
 * In .init.text, as pvops.c says, and built without stack protector: the first
 * of these run before the canary has its place.
 */
#include <linux/acpi.h>
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/pci.h>
#include <linux/reboot.h>
#include <linux/static_call.h>
#include <linux/virtio_anchor.h>

#include <xen/acpi.h>
#include <xen/hvc-console.h>
#include <xen/interface/sched.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>

#include <asm/apic.h>
#include <asm/cpu.h>
#include <asm/cpuid/api.h>
#include <asm/desc.h>
#include <asm/hypervisor.h>
#include <asm/mtrr.h>
#include <asm/paravirt.h>
#include <asm/pci_x86.h>
#include <asm/proto.h>
#include <asm/reboot.h>
#include <asm/setup.h>
#include <asm/text-patching.h>
#include <asm/x86_init.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <asm/xen/pci.h>

/* get_cpu_cap(), get_cpu_address_sizes() */
#include "../../kernel/cpu/cpu.h"

#include "xen-ops.h"

/* The first GDT of the boot CPU, to be made writable when it has another. */
void *xen_initial_gdt;

const struct hypervisor_x86 x86_hyper_xen_pv __initconst = {
	.name			= "Xen PV",
	.detect			= xen_pv_detect,
	.type			= X86_HYPER_XEN_PV,
	.runtime.pin_vcpu	= xen_pin_vcpu,
	.ignore_nopv		= true,
};

static const struct pv_info xen_info __initconst = {
	.extra_user_64bit_cs	= FLAT_USER_CS64,
	.io_delay		= false,
	.name			= "Xen",
};

/* In entry_64.S: a jump that has to lead to xen_iret before there are alternatives. */
extern void early_xen_iret_patch(void);

void __init xen_pv_use_hypercalls(void)
{
	__text_gen_insn(&early_xen_iret_patch, JMP32_INSN_OPCODE,
			&early_xen_iret_patch, &xen_iret, JMP32_INSN_SIZE);
	static_call_update_early(xen_hypercall, xen_hypercall_pv);
}

void __init xen_pv_use_cpu_ops(void)
{
	pv_info = xen_info;

	pv_ops.cpu.cpuid = xen_cpuid;
	pv_ops.cpu.set_debugreg = xen_set_debugreg;
	pv_ops.cpu.get_debugreg = xen_get_debugreg;
	pv_ops.cpu.read_cr0 = xen_read_cr0;
	pv_ops.cpu.write_cr0 = xen_write_cr0;
	pv_ops.cpu.write_cr4 = xen_write_cr4;
	pv_ops.cpu.read_msr = xen_read_msr;
	pv_ops.cpu.write_msr = xen_write_msr;
	pv_ops.cpu.read_msr_safe = xen_read_msr_safe;
	pv_ops.cpu.write_msr_safe = xen_write_msr_safe;
	pv_ops.cpu.read_pmc = xen_read_pmc;
	pv_ops.cpu.load_tr_desc = paravirt_nop;
	pv_ops.cpu.set_ldt = xen_set_ldt;
	pv_ops.cpu.load_gdt = xen_load_gdt;
	pv_ops.cpu.load_idt = xen_load_idt;
	pv_ops.cpu.load_tls = xen_load_tls;
	pv_ops.cpu.load_gs_index = xen_load_gs_index;
	pv_ops.cpu.alloc_ldt = xen_alloc_ldt;
	pv_ops.cpu.free_ldt = xen_free_ldt;
	pv_ops.cpu.store_tr = xen_store_tr;
	pv_ops.cpu.write_ldt_entry = xen_write_ldt_entry;
	pv_ops.cpu.write_gdt_entry = xen_write_gdt_entry;
	pv_ops.cpu.write_idt_entry = xen_write_idt_entry;
	pv_ops.cpu.load_sp0 = xen_load_sp0;
#ifdef CONFIG_X86_IOPL_IOPERM
	pv_ops.cpu.invalidate_io_bitmap = xen_invalidate_io_bitmap;
	pv_ops.cpu.update_io_bitmap = xen_update_io_bitmap;
#endif
	pv_ops.cpu.start_context_switch = xen_start_context_switch;
	pv_ops.cpu.end_context_switch = xen_end_context_switch;
}

void __init xen_pv_use_platform_hooks(void)
{
	x86_platform.get_nmi_reason = xen_get_nmi_reason;
	x86_platform.realmode_reserve = x86_init_noop;
	x86_platform.realmode_init = x86_init_noop;

	x86_init.resources.memory_setup = xen_memory_setup;
	x86_init.irqs.intr_mode_select = x86_init_noop;
	x86_init.irqs.intr_mode_init = x86_64_probe_apic;
	x86_init.oem.arch_setup = xen_arch_setup;
	x86_init.oem.banner = xen_banner;
	x86_init.hyper.init_platform = xen_pv_init_platform;
#ifndef CONFIG_SMP
	x86_init.hyper.guest_late_init = xen_setup_vcpu_info_placement;
#endif
}

/* The flag is in the vCPU's own record now: no need to look for it. */
void __init xen_pv_use_direct_ops(void)
{
	pv_ops.irq.save_fl = __PV_IS_CALLEE_SAVE(xen_save_fl_direct);
	pv_ops.irq.irq_disable = __PV_IS_CALLEE_SAVE(xen_irq_disable_direct);
	pv_ops.irq.irq_enable = __PV_IS_CALLEE_SAVE(xen_irq_enable_direct);
	pv_ops.mmu.read_cr2 = __PV_IS_CALLEE_SAVE(xen_read_cr2_direct);
}

void __init xen_pv_identify_boot_cpu(void)
{
	cpuid_scan_cpu(&boot_cpu_data);
	get_cpu_cap(&boot_cpu_data);
	x86_configure_nx();
}

/* A GDT is Xen's to load, and this one is mapped only once. */
void __init xen_pv_setup_gdt(void)
{
	pv_ops.cpu.write_gdt_entry = xen_write_gdt_entry_boot;
	pv_ops.cpu.load_gdt = xen_load_gdt_boot;

	switch_gdt_and_percpu_base(0);

	pv_ops.cpu.write_gdt_entry = xen_write_gdt_entry;
	pv_ops.cpu.load_gdt = xen_load_gdt;

	get_cpu_address_sizes(&boot_cpu_data);
	xen_initial_gdt = &per_cpu(gdt_page, 0);
}

static void xen_restart(char *msg)
{
	xen_reboot(SHUTDOWN_reboot);
}

static void xen_machine_halt(void)
{
	xen_reboot(SHUTDOWN_poweroff);
}

static void xen_machine_power_off(void)
{
	do_kernel_power_off();
	xen_reboot(SHUTDOWN_poweroff);
}

static void xen_crash_shutdown(struct pt_regs *regs)
{
	xen_reboot(SHUTDOWN_crash);
}

static const struct machine_ops xen_machine_ops __initconst = {
	.restart		= xen_restart,
	.halt			= xen_machine_halt,
	.power_off		= xen_machine_power_off,
	.shutdown		= xen_machine_halt,
	.crash_shutdown		= xen_crash_shutdown,
	.emergency_restart	= xen_emergency_restart,
};

void __init xen_pv_use_machine_ops(void)
{
	machine_ops = xen_machine_ops;
#ifdef CONFIG_ACPI_NUMA
	/* It would tell of the machine's pages, not of ours. */
	disable_srat();
#endif
}

static void __init xen_set_rtc(void)
{
	x86_platform.legacy.rtc = 1;
}

static void __init xen_set_no_rtc(void)
{
	x86_platform.legacy.rtc = 0;
}

void __init xen_pv_use_dom0_hooks(void)
{
	x86_platform.set_legacy_features = xen_set_rtc;
	/* Access control of PCI devices is to be on. */
	pci_request_acs();
	xen_acpi_sleep_register();
#ifdef CONFIG_ACPI
	/* Memory errors that were corrected are Xen's business. */
	acpi_disable_cmcff = 1;
#endif
}

void __init xen_pv_use_domu_hooks(void)
{
	if (pci_xen)
		x86_init.pci.arch_init = pci_xen_init;
	x86_platform.set_legacy_features = xen_set_no_rtc;
}

void __init xen_pv_use_no_pci_bios(void)
{
#ifdef CONFIG_PCI
	pci_probe &= ~PCI_PROBE_BIOS;
#endif
}

void __init xen_pv_use_grants_for_virtio(void)
{
	if (IS_ENABLED(CONFIG_XEN_VIRTIO))
		virtio_set_mem_acc_cb(xen_virtio_restricted_mem_acc);
}

/* Writes the shared page's address where it is mapped from then on. */
void __init xen_pv_map_shared_info(void)
{
	populate_extra_pte(fix_to_virt(FIX_PARAVIRT_BOOTMAP));
	set_fixmap(FIX_PARAVIRT_BOOTMAP, xen_start_info->shared_info);
	HYPERVISOR_shared_info = (void *)fix_to_virt(FIX_PARAVIRT_BOOTMAP);
}

void __init xen_pv_set_mtrrs(struct mtrr_var_range *ranges, unsigned int count,
			     bool uncached)
{
	guest_force_mtrr_state(ranges, count, uncached ? MTRR_TYPE_UNCACHABLE :
							 MTRR_TYPE_WRBACK);
}

void __init __noreturn xen_pv_start_world(void)
{
	cr4_init_shadow();
	x86_64_start_reservations((char *)__pa_symbol(&boot_params));
	unreachable();
}
