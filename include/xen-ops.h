/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract: every symbol that C, assembly and Rust in arch/x86/xen owe
 * each other, once, with the context that it may be called in.
 *
 * A function that is Rust is checked against its prototype here when rust/ is
 * compiled (bindgen reads this header, see contract!() in rust/ffi.rs). What is
 * called from outside this directory is declared where its callers look:
 * include/xen/, asm/xen/. What the kernel calls through a table has no
 * prototype: Rust stores it into a field, which has the type.
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
#include <linux/init.h>
#include <linux/irqreturn.h>
#include <linux/jump_label.h>
#include <linux/linkage.h>
#include <linux/percpu-defs.h>

#include <xen/interface/event_channel.h>
#include <xen/interface/xenpmu.h>
#include <xen/xen-ops.h>

#include <asm/page.h>
#include <asm/segment.h>

struct mm_struct;

/*
 * Guest state: Rust, guest/. What C and assembly read by name is defined in
 * c-shims/guest.c.
 */
extern struct start_info *xen_start_info;
extern struct shared_info xen_dummy_shared_info;
extern struct shared_info *HYPERVISOR_shared_info;
DECLARE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info);

#ifdef CONFIG_XEN_VIRTIO
void xen_use_grants_for_virtio(void);			/* [init], c-shims */
#endif

/* Hypercall entry: xen-head.S, c-shims/entry.S, c-shims/hypercall.c */
void xen_hypercall_pv(void);
void xen_hypercall_hvm(void);
void xen_hypercall_amd(void);
void xen_hypercall_intel(void);
void xen_hypercall_setfunc(void);			/* [init] */
void *__xen_hypercall_setfunc(void);			/* [early], noinstr */

/* HVM: where the callback vector enters, c-shims/hvm.c */
extern bool xen_percpu_upcall;

/* Boot parameters and initcalls, by c-shims/params.c: Rust */
int xen_parse_emul_unplug(char *arg);			/* [init] */
int xen_parse_legacy_crash(char *arg);			/* [init] */
int xen_parse_no_vector_callback(char *arg);		/* [init] */
int xen_parse_nopv(char *arg);				/* [init] */
int xen_parse_timer_slop(char *arg);			/* [init] */
#ifdef CONFIG_XEN_PV
int xen_parse_msr_safe(char *arg);			/* [init] */
#endif
#ifdef CONFIG_XEN_PVH
int xen_pvh_gnttab_setup(void);				/* [init] */
#endif

/* Suspend: Rust, suspend/; called by manage.c as in xen/xen-ops.h */
DECLARE_PER_CPU(u64, xen_spec_ctrl);

/* Time: Rust; c-shims/time.c has sched_clock() */
struct xen_clock_event_device {
	struct clock_event_device evt;
	char name[16];
};

DECLARE_PER_CPU(struct xen_clock_event_device, xen_clock_events);
extern u64 xen_sched_clock_offset;

void xen_use_sched_clock(void);				/* [init], c-shims */
void xen_setup_runstate_info(int cpu);	/* [init], [task], [irqoff], [stop] */
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
#endif

/* CPUs and IPIs: Rust, smp/; xen-head.S. What the interrupts call is c-shims'. */
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
#endif

#ifdef CONFIG_XEN_PV

/* Addresses that Xen jumps to, not functions: c-shims/entry.S, entry_64.S */
extern const char xen_failsafe_callback[];
void xen_entry_SYSENTER_compat(void);
void xen_entry_SYSCALL_64(void);
void xen_entry_SYSCALL_compat(void);
void xen_entry_compat_ignore(void);
__visible void xen_iret(void);

/* PV start: Rust, ffi/start.rs */
void __noreturn xen_start_kernel(struct start_info *si); /* [early] */
void xen_pv_use_hypercalls(void);			/* [early], c-shims */

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

/* Registers: Rust, cpu/ */
DECLARE_PER_CPU(u64, xen_cr0_value);
void xen_set_debugreg(int reg, unsigned long val);	/* [any], c-shims, noinstr */
unsigned long xen_get_debugreg(int reg);		/* [any], c-shims, noinstr */

/* Interrupt flag: c-shims/irq.c, c-shims/entry.S; all noinstr */
void xen_init_irq_ops(void);				/* [early] */
void xen_use_direct_ops(void);				/* [init] */
void xen_force_evtchn_callback(void);			/* [any] */
__visible void xen_irq_enable_direct(void);		/* [any] */
__visible void xen_irq_disable_direct(void);		/* [any] */
__visible unsigned long xen_save_fl_direct(void);	/* [any] */
__visible unsigned long xen_read_cr2(void);		/* [any] */
__visible unsigned long xen_read_cr2_direct(void);	/* [any] */

/* Memory map: Rust, boot/memory_map.rs */
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
 * Page tables: Rust, mmu/. Tables in the kernel image, and stores into pv_ops of
 * what saves registers, are in c-shims/mmu_pv.c.
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

void xen_use_entry_ops(void);				/* [early], c-shims */
void xen_use_final_entry_ops(void);			/* [init], c-shims */
void xen_use_struct_pages(void);			/* [init], c-shims */
unsigned long xen_lock_reservation(void);		/* [any] but NMI, c-shims */
void xen_unlock_reservation(unsigned long flags);	/* [irqoff], c-shims */
spinlock_t *xen_pte_lock(struct page *page,
			 struct mm_struct *mm);		/* [irqoff], c-shims */

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

/* vPMU: Rust, cpu/pmu */
struct xenpmu {
	/* The page that Xen shares with this vCPU */
	struct xen_pmu_data *xenpmu_data;
	/* Whether MSRs of the counters are in it at the time */
	u8 in_page;
};

DECLARE_PER_CPU(struct xenpmu, xenpmu_shared);

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
