/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract: every symbol that C, assembly and Rust in arch/x86/xen owe
 * each other, once, with the context that it may be called in.
 *
 * A function that is Rust by now is checked against its prototype here when
 * rust/ is compiled (bindgen reads this header, see contract!() in
 * rust/ffi.rs). What is called from outside this directory is declared where
 * its callers look: include/xen/, asm/xen/.
 *
 * Context, in brackets:
 *   [early]   PV or PVH entry: before memblock, often before .bss is cleared
 *             and before a console or an IDT exists
 *   [init]    boot CPU, before user space
 *   [task]    may sleep
 *   [atomic]  preemption off; interrupts in any state
 *   [irqoff]  interrupts off
 *   [stop]    inside stop_machine(), interrupts off: must not allocate
 *   [any]     any context, NMI included
 */
#ifndef XEN_OPS_H
#define XEN_OPS_H

#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/init.h>
#include <linux/irqreturn.h>
#include <linux/jump_label.h>
#include <linux/linkage.h>
#include <linux/percpu-defs.h>

#include <xen/interface/event_channel.h>
#include <xen/interface/xenpmu.h>
#include <xen/xen-ops.h>

#include <asm/desc_defs.h>
#include <asm/page.h>
#include <asm/segment.h>

struct mm_struct;
struct mtrr_var_range;
struct notifier_block;
struct pt_regs;
struct task_struct;
struct thread_struct;
struct timespec64;

/*
 * Guest state: Rust, guest/. What C and assembly read by name is defined in
 * c-shims/guest.c.
 */
extern struct start_info *xen_start_info;
extern struct shared_info xen_dummy_shared_info;
extern struct shared_info *HYPERVISOR_shared_info;
DECLARE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info);

void xen_banner(void);					/* [init] */
void xen_pin_vcpu(int cpu);				/* [task] */

/* Shutdown: Rust, guest/shutdown.rs */
int xen_panic_handler_init(void);			/* [init], c-shims */
int xen_panic_event(struct notifier_block *nb, unsigned long event,
		    void *message);			/* [any] */
int xen_parse_legacy_crash(char *arg);			/* [init] */
void xen_emergency_restart(void);			/* [any] */

/* Hypercall entry: xen-head.S, c-shims/entry.S, c-shims/hypercall.c */
void xen_hypercall_pv(void);
void xen_hypercall_hvm(void);
void xen_hypercall_amd(void);
void xen_hypercall_intel(void);
void xen_hypercall_setfunc(void);			/* [init] */
void *__xen_hypercall_setfunc(void);			/* [early], noinstr */

/*
 * HVM and PVH: Rust, hvm/. The descriptor of the hypervisor, whose functions
 * these are, and the entry of the callback vector are in c-shims.
 */
extern bool xen_percpu_upcall;
u32 xen_hvm_detect(void);				/* [init] */
void xen_hvm_guest_init(void);				/* [init] */
void xen_hvm_init_mem_mapping(void);			/* [init] */
bool xen_hvm_msi_ext_dest_id(void);			/* [init] */
void xen_hvm_guest_late_init(void);			/* [init] */
int xen_parse_nopv(char *arg);				/* [init] */
int xen_parse_no_vector_callback(char *arg);		/* [init] */

void xen_hvm_set_name(const char *name);		/* [init], c-shims */
void xen_hvm_use_hooks(void);				/* [init], c-shims */
void xen_hvm_use_native_hooks(void);			/* [init], c-shims */
void xen_hvm_use_exit_mmap(void);			/* [init], c-shims */

int xen_parse_emul_unplug(char *arg);			/* [init] */
void xen_hvm_exit_mmap(struct mm_struct *mm);		/* [task] */
#ifdef CONFIG_KEXEC_CORE
void xen_hvm_shutdown(void);				/* [task] */
#endif
#ifdef CONFIG_CRASH_DUMP
void xen_hvm_crash_shutdown(struct pt_regs *regs);	/* [any] */
#endif
#ifdef CONFIG_PROC_VMCORE
void xen_register_vmcore_cb(void);			/* [init], c-shims */
bool xen_vmcore_pfn_is_ram(unsigned long pfn);		/* [task] */
#endif

/* PVH: Rust, boot/pvh.rs; what the PVH entry calls is in asm/xen/hypervisor.h */
#ifdef CONFIG_XEN_PVH
void xen_pvh_arch_setup(void);				/* [init] */
void xen_pvh_use_hooks(void);				/* [early], c-shims */
void xen_pvh_use_restart(void);				/* [init], c-shims */
#ifdef CONFIG_XEN_DOM0
void xen_pvh_use_no_power_drivers(void);		/* [init], c-shims */
#endif
#endif

/* Suspend: Rust, suspend/; called by manage.c as in xen/xen-ops.h */
DECLARE_PER_CPU(u64, xen_spec_ctrl);

/* Grant table: Rust, called as a core_initcall through c-shims/initcalls.c */
int xen_pvh_gnttab_setup(void);				/* [init] */

/*
 * Time: Rust. The tables that the kernel's time code is given are c-shims',
 * and so are the stores into the kernel's operation tables.
 */
struct xen_clock_event_device {
	struct clock_event_device evt;
	char name[16];
};

DECLARE_PER_CPU(struct xen_clock_event_device, xen_clock_events);
extern struct clock_event_device xen_timerop_clockevent;
extern struct clock_event_device xen_vcpuop_clockevent;
extern struct clocksource xen_clocksource;
extern u64 xen_sched_clock_offset;

void xen_use_sched_clock(void);				/* [init], c-shims */
void xen_use_pv_timers(void);				/* [init], c-shims */
void xen_use_hvm_timers(void);				/* [init], c-shims */
void xen_use_no_rtc(void);				/* [init], c-shims */
void xen_use_wallclock_notifier(void);			/* [init], c-shims */

int xen_parse_timer_slop(char *arg);			/* [init] */
void xen_time_init(void);				/* [init] */
unsigned long xen_tsc_khz(void);			/* [init] */
void xen_get_wallclock(struct timespec64 *now);		/* [any] */
int xen_set_wallclock(const struct timespec64 *now);	/* [task] */
int xen_sync_wallclock(u64 sec, u32 nsec, bool was_set); /* [irqoff] */
u64 xen_clocksource_get_cycles(struct clocksource *cs);	/* [any] */

int xen_timerop_shutdown(struct clock_event_device *evt); /* [irqoff] */
int xen_timerop_set_next_event(unsigned long delta,
			       struct clock_event_device *evt); /* [irqoff] */
int xen_vcpuop_shutdown(struct clock_event_device *evt); /* [irqoff] */
int xen_vcpuop_set_oneshot(struct clock_event_device *evt); /* [irqoff] */
int xen_vcpuop_set_next_event(unsigned long delta,
			      struct clock_event_device *evt); /* [irqoff] */

void xen_hvm_setup_cpu_clockevents(void);		/* [irqoff] */
void xen_setup_runstate_info(int cpu);			/* [init], [task], [stop] */
bool xen_vcpu_stolen(int vcpu);				/* [any] */

/* An interrupt of a CPU's own, and its name */
struct xen_cpu_irq {
	int irq;
	char name[28];
};

/*
 * Spinlocks: Rust, smp/spinlock. What runs in the slow path of a lock takes no
 * lock, allocates nothing and prints nothing.
 */
#ifdef CONFIG_PARAVIRT_SPINLOCKS
DECLARE_PER_CPU(struct xen_cpu_irq, lock_kicker_irq);
DECLARE_PER_CPU(u32, xen_qlock_wait_nest);

void xen_use_pv_spinlocks(void);			/* [init], c-shims */
void xen_use_native_spinlocks(void);			/* [init], c-shims */
void xen_qlock_wait(u8 *byte, u8 val);			/* [any] */
void xen_qlock_kick(int cpu);				/* [any] */
#endif

/*
 * CPUs and IPIs: Rust, smp/; xen-head.S. What the interrupts call,
 * and the stores into smp_ops, are c-shims'.
 */
#ifdef CONFIG_SMP
DECLARE_PER_CPU(struct xen_cpu_irq, xen_resched_irq);
DECLARE_PER_CPU(struct xen_cpu_irq, xen_callfunc_irq);
DECLARE_PER_CPU(struct xen_cpu_irq, xen_callfuncsingle_irq);
DECLARE_PER_CPU(struct xen_cpu_irq, xen_debug_irq);
DECLARE_PER_CPU_READ_MOSTLY(evtchn_port_t, xen_callfunc_port);

irqreturn_t xen_reschedule_interrupt(int irq,
				     void *dev_id);	/* [irqoff], c-shims */
irqreturn_t xen_call_function_interrupt(int irq,
					void *dev_id);	/* [irqoff], c-shims */
irqreturn_t xen_call_function_single_interrupt(int irq,
					       void *dev_id); /* [irqoff], c-shims */

void xen_use_hvm_cpus(void);				/* [init], c-shims */
void xen_use_hvm_ipis(void);				/* [init], c-shims */
void xen_hvm_smp_prepare_boot_cpu(void);		/* [init] */
void xen_hvm_smp_prepare_cpus(unsigned int max_cpus);	/* [init] */
void xen_hvm_cleanup_dead_cpu(unsigned int cpu);	/* [task] */
void xen_smp_cpus_done(unsigned int max_cpus);		/* [init] */

void xen_smp_send_reschedule(int cpu);			/* [any] */
void xen_smp_send_call_function_ipi(const struct cpumask *mask); /* [any] */
void xen_smp_send_call_function_single_ipi(int cpu);	/* [any] */
void xen_send_IPI_mask(const struct cpumask *mask, int vector);	/* [any] */
void xen_send_IPI_mask_allbutself(const struct cpumask *mask,
				  int vector);		/* [any] */
void xen_send_IPI_allbutself(int vector);		/* [any] */
void xen_send_IPI_all(int vector);			/* [any] */
void xen_send_IPI_self(int vector);			/* [any] */

void asm_cpu_bringup_and_idle(void);
asmlinkage void cpu_bringup_and_idle(void);		/* [irqoff] */
void __noreturn xen_cpu_bringup_again(unsigned long stack); /* [irqoff] */
#endif

/* CPUs of a PV guest: Rust, smp/pv */
#ifdef CONFIG_XEN_PV_SMP
DECLARE_PER_CPU(struct xen_cpu_irq, xen_irq_work);
DECLARE_PER_CPU(struct xen_cpu_irq, xen_pmu_irq);
/* Whether Xen has the registers of a CPU's vCPU */
DECLARE_PER_CPU(u8, xen_vcpu_registered);

irqreturn_t xen_irq_work_interrupt(int irq, void *dev_id); /* [irqoff], c-shims */

void xen_use_pv_cpus(void);				/* [early], c-shims */
void xen_use_pv_topology(void);				/* [early], c-shims */
void xen_pv_smp_config(void);				/* [init] */
void xen_pv_smp_prepare_boot_cpu(void);			/* [init] */
void xen_pv_smp_prepare_cpus(unsigned int max_cpus);	/* [init] */
int xen_pv_kick_ap(unsigned int cpu, struct task_struct *idle); /* [task] */
void xen_pv_poll_sync_state(void);			/* [task] */
int xen_pv_cpu_disable(void);				/* [stop] */
void xen_pv_cpu_die(unsigned int cpu);			/* [task] */
void xen_pv_cleanup_dead_cpu(unsigned int cpu);		/* [task] */
void __noreturn xen_pv_play_dead(void);			/* [irqoff] */
void xen_pv_stop_other_cpus(int wait);			/* [any] */
#endif

#ifdef CONFIG_XEN_PV

#include <trace/events/xen.h>

/* Addresses that Xen jumps to, not functions: c-shims/entry.S, entry_64.S */
extern const char xen_failsafe_callback[];
void xen_entry_SYSENTER_compat(void);
void xen_entry_SYSCALL_64(void);
void xen_entry_SYSCALL_compat(void);
__visible void xen_iret(void);

/* PV start: Rust, ffi/start.rs; the stores and what is private to arch/x86 are c-shims' */
extern void *xen_initial_gdt;
void __noreturn xen_start_kernel(struct start_info *si);	/* [early] */
void xen_pv_init_platform(void);			/* [init] */
u32 xen_pv_detect(void);				/* [init] */
void xen_setup_vcpu_info_placement(void);		/* [init] */
unsigned char xen_get_nmi_reason(void);			/* [any] */

void xen_pv_use_hypercalls(void);			/* [early], c-shims */
void xen_pv_use_cpu_ops(void);				/* [early], c-shims */
void xen_pv_use_platform_hooks(void);			/* [early], c-shims */
void xen_pv_use_direct_ops(void);			/* [init], c-shims */
void xen_pv_identify_boot_cpu(void);			/* [early], c-shims */
void xen_pv_setup_gdt(void);				/* [early], c-shims */
void xen_pv_use_machine_ops(void);			/* [early], c-shims */
void xen_pv_use_dom0_hooks(void);			/* [early], c-shims */
void xen_pv_use_domu_hooks(void);			/* [early], c-shims */
void xen_pv_use_no_pci_bios(void);			/* [early], c-shims */
void xen_pv_use_grants_for_virtio(void);		/* [init], c-shims */
void xen_pv_map_shared_info(void);			/* [init], c-shims */
void xen_pv_set_mtrrs(struct mtrr_var_range *ranges, unsigned int count,
		      bool uncached);			/* [init], c-shims */
void __noreturn xen_pv_start_world(void);		/* [early], c-shims */

/* Descriptors and exceptions: Rust, cpu/; c-shims/traps.c has bodies and entries */
struct xen_trap_entry {
	/* What the kernel has in its table */
	void (*kernel)(void);
	/* Where Xen enters for it */
	void (*xen)(void);
	/* Whether it may have a stack of its own in the kernel's table */
	bool may_switch_stack;
};

extern const struct xen_trap_entry xen_trap_entries[];
extern const unsigned int xen_trap_entries_count;
extern void (* const xen_unknown_trap)(void);
void xen_load_idt(const struct desc_ptr *desc);		/* [early], [atomic] */
void xen_write_idt_entry(gate_desc *table, int entry,
			 const gate_desc *gate);	/* [early], [task] */
void xen_load_gdt(const struct desc_ptr *desc);		/* [init], [irqoff] */
void xen_load_gdt_boot(const struct desc_ptr *desc);	/* [early] */
void xen_write_gdt_entry(struct desc_struct *table, int entry,
			 const void *desc, int type);	/* [init], [task] */
void xen_write_gdt_entry_boot(struct desc_struct *table, int entry,
			      const void *desc, int type); /* [early] */
void xen_alloc_ldt(struct desc_struct *ldt, unsigned int entries); /* [task] */
void xen_free_ldt(struct desc_struct *ldt, unsigned int entries); /* [task] */
void xen_set_ldt(const void *addr, unsigned int entries); /* [atomic] */
void xen_write_ldt_entry(struct desc_struct *table, int entry,
			 const void *desc);		/* [task] */
unsigned long xen_store_tr(void);			/* [any] */

/* Context switch: Rust, cpu/switch.rs */
struct xen_tls_held {
	u64 descriptors[GDT_ENTRY_TLS_ENTRIES];
};

struct xen_switch {
	/* The segment bases that Xen was given for the next task */
	u64 fs_base;
	u64 gs_base;
	/* Whether these are it: from end_context_switch() to load_sp0() */
	u8 is_open;
};

DECLARE_PER_CPU(u8, xen_cpu_lazy_mode);
DECLARE_PER_CPU(struct xen_tls_held, xen_tls_held);
DECLARE_PER_CPU(struct xen_switch, xen_switch);
void xen_start_context_switch(struct task_struct *prev); /* [irqoff] */
void xen_load_tls(struct thread_struct *thread,
		  unsigned int cpu);			/* [atomic] */
void xen_end_context_switch(struct task_struct *next);	/* [irqoff] */
void xen_load_gs_index(unsigned int selector);		/* [irqoff] */
void xen_load_sp0(unsigned long sp0);			/* [irqoff] */

/* Registers: Rust, cpu/ */
DECLARE_PER_CPU(u64, xen_cr0_value);
void xen_cpuid(unsigned int *eax, unsigned int *ebx,
	       unsigned int *ecx, unsigned int *edx);	/* [early], [any] */
void xen_set_debugreg(int reg, unsigned long val);	/* [any], c-shims, noinstr */
unsigned long xen_get_debugreg(int reg);		/* [any], c-shims, noinstr */
unsigned long xen_read_cr0(void);			/* [any] */
void xen_write_cr0(unsigned long cr0);			/* [atomic] */
void xen_write_cr4(unsigned long cr4);			/* [any] */
u64 xen_read_msr(u32 msr);				/* [any] */
void xen_write_msr(u32 msr, u64 value);			/* [any] */
int xen_read_msr_safe(u32 msr, u64 *value);		/* [any] */
int xen_write_msr_safe(u32 msr, u64 value);		/* [any] */
int xen_parse_msr_safe(char *arg);			/* [init] */
#ifdef CONFIG_X86_IOPL_IOPERM
void xen_invalidate_io_bitmap(void);			/* [irqoff] */
void xen_update_io_bitmap(void);			/* [irqoff] */
#endif

/* Interrupt flag: c-shims/irq.c, c-shims/entry.S; all noinstr */
void xen_init_irq_ops(void);				/* [early] */
void xen_force_evtchn_callback(void);			/* [any] */
__visible void xen_irq_enable_direct(void);		/* [any] */
__visible void xen_irq_disable_direct(void);		/* [any] */
__visible unsigned long xen_save_fl_direct(void);	/* [any] */
__visible unsigned long xen_read_cr2(void);		/* [any] */
__visible unsigned long xen_read_cr2_direct(void);	/* [any] */

/* Fake local APIC: Rust, cpu/apic. The driver is c-shims'. */
void xen_init_apic(void);				/* [early], c-shims */
u32 xen_apic_read(u32 reg);				/* [any] */
void xen_apic_write(u32 reg, u32 val);			/* [any] */
u32 xen_get_apic_id(u32 x);				/* [any] */
u32 xen_cpu_present_to_apicid(int cpu);			/* [any] */
unsigned int xen_io_apic_read(unsigned int apic, unsigned int reg); /* [any] */

/* Setup of a PV guest: Rust; c-shims/setup.c has what the kernel reads */
void xen_use_no_acpi(void);				/* [init], c-shims */
void xen_use_xen_idle(void);				/* [init], c-shims */
void xen_arch_setup(void);				/* [init] */

/* Memory map: Rust, boot/memory_map.rs */
char *xen_memory_setup(void);				/* [init] */
unsigned long xen_chk_extra_mem(unsigned long pfn);	/* [init], [stop] */

/*
 * p2m list: Rust. The words that inlines of asm/xen/page.h read, the lock, and
 * what only C can say to the page tables are in c-shims/p2m.c.
 */
enum xen_p2m_limit {
#ifdef CONFIG_XEN_MEMORY_HOTPLUG_LIMIT
	XEN_P2M_LIMIT_GB = CONFIG_XEN_MEMORY_HOTPLUG_LIMIT,
#else
	XEN_P2M_LIMIT_GB = 0,
#endif
};

phys_addr_t xen_find_nonram(phys_addr_t phys,
			    unsigned long size);	/* [any] */
void xen_use_acpi_os_ioremap(void);			/* [init], c-shims */
bool __set_phys_to_machine(unsigned long pfn,
			   unsigned long mfn);		/* [any] */

unsigned long xen_p2m_lock(void);			/* [any] but NMI */
void xen_p2m_unlock(unsigned long flags);		/* [irqoff] */
void *xen_p2m_alloc_early(unsigned long size);		/* [init] */
void xen_p2m_free_early(void *page);			/* [init] */
void *xen_p2m_reserve(unsigned long size);		/* [init] */
void xen_p2m_announce_table(void *table);		/* [init], [task] */
void xen_p2m_retract_table(void *table);		/* [init], [task] */
void xen_p2m_map(pte_t *ptep, void *page);		/* [init], [irqoff] */
void xen_p2m_map_shared(pte_t *ptep, void *page);	/* [init] */
void xen_p2m_set_table(pmd_t *pmdp, void *table);	/* [init], [irqoff] */
void xen_p2m_flush(unsigned long addr);			/* [task] */

/*
 * Page tables: Rust, mmu/. Data that others read by name, tables in the
 * kernel image and stores into pv_ops are in c-shims/mmu_pv.c.
 */
struct xen_mmu_state {
	struct static_key_false struct_pages_ready;
};

extern struct xen_mmu_state xen_mmu_state;
DECLARE_PER_CPU(unsigned long, xen_cr3);
DECLARE_PER_CPU(unsigned long, xen_current_cr3);
extern pud_t level3_user_vsyscall[PTRS_PER_PUD];
extern pud_t level3_ident_pgt[PTRS_PER_PUD];
extern pmd_t level2_ident_pgt[PTRS_PER_PMD];
extern unsigned char xen_dummy_mapping[PAGE_SIZE];

void xen_use_mmu_ops(void);				/* [early], c-shims */
void xen_use_set_pte(void);				/* [init], c-shims */
void xen_use_final_mmu_ops(void);			/* [init], c-shims */
void xen_use_struct_pages(void);			/* [init], c-shims */
unsigned long xen_lock_reservation(void);		/* [any] but NMI, c-shims */
void xen_unlock_reservation(unsigned long flags);	/* [irqoff], c-shims */
spinlock_t *xen_pte_lock(struct page *page,
			 struct mm_struct *mm);		/* [irqoff], c-shims */

void xen_pagetable_init(void);				/* [init] */
void xen_after_bootmem(void);				/* [init] */

pteval_t xen_pte_val(pte_t pte);			/* [any] */
pmdval_t xen_pmd_val(pmd_t pmd);			/* [any] */
pudval_t xen_pud_val(pud_t pud);			/* [any] */
p4dval_t xen_p4d_val(p4d_t p4d);			/* [any] */
pgdval_t xen_pgd_val(pgd_t pgd);			/* [any] */
pte_t xen_make_pte_init(pteval_t pte);			/* [init] */
pte_t xen_make_pte(pteval_t pte);			/* [any] */
pmd_t xen_make_pmd(pmdval_t pmd);			/* [any] */
pud_t xen_make_pud(pudval_t pud);			/* [any] */
p4d_t xen_make_p4d(p4dval_t p4d);			/* [any] */
pgd_t xen_make_pgd(pgdval_t pgd);			/* [any] */

void xen_set_pte_init(pte_t *ptep, pte_t pte);		/* [init] */
void xen_set_pte(pte_t *ptep, pte_t pteval);		/* [any] but NMI */
void xen_set_pmd(pmd_t *ptr, pmd_t val);		/* [any] but NMI */
void xen_set_pud(pud_t *ptr, pud_t val);		/* [any] but NMI */
void xen_set_p4d(p4d_t *ptr, p4d_t val);		/* [any] but NMI */
pte_t xen_ptep_modify_prot_start(struct vm_area_struct *vma,
				 unsigned long addr,
				 pte_t *ptep);		/* [atomic] */
void xen_ptep_modify_prot_commit(struct vm_area_struct *vma,
				 unsigned long addr, pte_t *ptep,
				 pte_t pte);		/* [atomic] */

void xen_alloc_pte_init(struct mm_struct *mm, unsigned long pfn); /* [init] */
void xen_alloc_pmd_init(struct mm_struct *mm, unsigned long pfn); /* [init] */
void xen_release_pte_init(unsigned long pfn);		/* [init] */
void xen_release_pmd_init(unsigned long pfn);		/* [init] */
void xen_alloc_pte(struct mm_struct *mm, unsigned long pfn); /* [atomic] */
void xen_alloc_pmd(struct mm_struct *mm, unsigned long pfn); /* [atomic] */
void xen_alloc_pud(struct mm_struct *mm, unsigned long pfn); /* [atomic] */
void xen_release_pte(unsigned long pfn);		/* [atomic] */
void xen_release_pmd(unsigned long pfn);		/* [atomic] */
void xen_release_pud(unsigned long pfn);		/* [atomic] */

int xen_pgd_alloc(struct mm_struct *mm);		/* [task] */
void xen_pgd_free(struct mm_struct *mm, pgd_t *pgd);	/* [task] */
void xen_enter_mmap(struct mm_struct *mm);		/* [task] */
void xen_exit_mmap(struct mm_struct *mm);		/* [task] */

unsigned long xen_read_cr3(void);			/* [any] */
void xen_write_cr3(unsigned long cr3);			/* [atomic] */
void xen_flush_lazy_mmu(void);				/* [any] but NMI */
void xen_flush_tlb(void);				/* [any] but NMI */
void xen_flush_tlb_one_user(unsigned long addr);	/* [any] but NMI */
void xen_flush_tlb_multi(const struct cpumask *cpus, struct mm_struct *mm,
			 unsigned long start, unsigned long end); /* [atomic] */
void xen_set_fixmap(unsigned int idx, phys_addr_t phys,
		    pgprot_t prot);			/* [init], [atomic] */

/* vPMU: Rust, cpu/pmu */
struct xenpmu {
	/* The page that Xen shares with this vCPU */
	struct xen_pmu_data *xenpmu_data;
	/* Whether MSRs of the counters are in it at the time */
	u8 in_page;
};

DECLARE_PER_CPU(struct xenpmu, xenpmu_shared);

u64 xen_read_pmc(int counter);				/* [any] */
unsigned int xen_guest_state(void);			/* [any] */
unsigned long xen_get_guest_ip(void);			/* [any] */
void xen_use_guest_info_callbacks(void);		/* [init], c-shims */
bool xen_pmu_handle_overflow(unsigned long ip, unsigned long sp,
			     unsigned short cs);	/* [irqoff], c-shims */

/*
 * Multicalls: Rust, multicall.rs. What is in a CPU's buffer is Rust's business,
 * which checks the size.
 */
#define XEN_MC_BUFFER_SIZE	3112
struct xen_mc_buffer {
	u64 words[XEN_MC_BUFFER_SIZE / sizeof(u64)];
};

struct xen_mc_debug {
	struct static_key_false enabled;
};

DECLARE_PER_CPU(struct xen_mc_buffer, xen_mc_buffer);
extern struct xen_mc_debug xen_mc_debug;

int xen_mc_debug_init(void);				/* [init] */
void xen_mc_debug_disable(void);			/* [init], c-shims */

#endif /* CONFIG_XEN_PV */

#endif /* XEN_OPS_H */
