// SPDX-License-Identifier: GPL-2.0

//! Running on one physical CPU for a while.

use kernel::{
    ffi::c_int,
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    },
};

use crate::{
    abi::sched::SchedPinOverride,
    guest::pin::Refusal,
    raw::{
        hypercall::sched,
        print::{
            printk,
            WARNING, //
        }, //
    },
};

/// Whether Xen refused in a way that it will refuse all others.
static DISABLED: Atomic<bool> = Atomic::new(false);

/// Has this vCPU run on physical CPU `cpu` only, or on any again if that is below zero.
///
/// The task must not move to another vCPU meanwhile.
pub(in crate::ffi) extern "C" fn xen_pin_vcpu(cpu: c_int) {
    if DISABLED.load(Relaxed) {
        return;
    }
    let Err(errno) = sched::pin_override(SchedPinOverride { pcpu: cpu }) else {
        return;
    };

    // A pin that cannot be taken away is none that was there.
    if cpu >= 0 {
        let refusal = Refusal::of(errno);

        tell(cpu, refusal);
        if refusal.is_final() {
            DISABLED.store(true, Relaxed);
        }
    }
}

/// Tells the user.
#[cold]
fn tell(cpu: c_int, refusal: Refusal) {
    match refusal {
        Refusal::Unsupported => printk!(
            WARNING,
            "Unable to pin on physical cpu {}. In case of problems consider vcpu pinning.\n",
            cpu
        ),
        Refusal::Unavailable => printk!(
            WARNING,
            "Physical cpu {} not available for pinning. Check Xen cpu configuration.\n",
            cpu
        ),
        Refusal::Forbidden => {
            printk!(
                WARNING,
                "Trying to pin vcpu without having privilege to do so\n"
            );
            let _ = kernel::warn_on!(true);
        }
        Refusal::Unexpected(errno) => {
            printk!(
                WARNING,
                "rc {} while trying to pin vcpu\n",
                errno.to_errno()
            );
            let _ = kernel::warn_on!(true);
        }
    }
}
