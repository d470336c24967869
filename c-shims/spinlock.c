// SPDX-License-Identifier: GPL-2.0
/* Spinlocks that give the CPU back: the static calls of queued locks. */
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/spinlock.h>
#include <linux/static_call.h>

#include <asm/paravirt.h>
#include <asm/qspinlock.h>

#include "xen-ops.h"

PV_CALLEE_SAVE_REGS_THUNK(xen_vcpu_stolen);

void __init xen_use_pv_spinlocks(void)
{
	__pv_init_lock_hash();
	static_call_update(queued_spin_lock_slowpath, __pv_queued_spin_lock_slowpath);
	static_call_update(queued_spin_unlock, __raw_callee_save___pv_queued_spin_unlock);
	pv_ops_lock.vcpu_is_preempted = PV_CALLEE_SAVE(xen_vcpu_stolen);
}

/* virt_spin_lock() would replace queued locks by test-and-set ones. */
void __init xen_use_native_spinlocks(void)
{
	static_branch_disable(&virt_spin_lock_key);
}
