// SPDX-License-Identifier: GPL-2.0

//! Spinlocks that give the CPU back to Xen: `pv_ops_lock`, and who starts and ends it on a CPU.
//!
//! C ancestor: `spinlock.c`.

use kernel::{
    cpu::CpuId,
    ffi::{
        c_int,
        c_void, //
    }, //
};

use super::interrupt::{
    CpuLines,
    Record,
    NO_IRQ, //
};
use crate::{
    raw::{
        bindings,
        bug::bug,
        cpu,
        irq::{
            self,
            Polled, //
        },
        nmi,
        percpu::PerCpu,
        print::{
            printk,
            DEBUG,
            DEFAULT, //
        },
        section::init,
        word::{
            from_int,
            to_int, //
        },
    },
    smp::{
        interrupt::{
            self,
            Line,
            Lines, //
        },
        spinlock::{
            wait,
            Locks,
            Waiter, //
        },
    },
};

// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, lock_kicker_irq)` is in c-shims/percpu.c.
pub(super) const KICKER: PerCpu<Record> =
    unsafe { PerCpu::new(&raw const bindings::lock_kicker_irq) };
// SAFETY: The first field of the same variable is an `int`.
const KICKER_IRQ: PerCpu<u32> =
    unsafe { PerCpu::new((&raw const bindings::lock_kicker_irq).cast()) };
// SAFETY: `DEFINE_PER_CPU(u32, xen_qlock_wait_nest)` is in c-shims/percpu.c.
const NEST: PerCpu<u32> = unsafe { PerCpu::new(&raw const bindings::xen_qlock_wait_nest) };

/// A CPU that waits for a byte of a lock to change. Preemption is off.
struct ThisCpu {
    kicker: Option<Polled>,
    byte: *const u8,
    value: u8,
}

impl Waiter for ThisCpu {
    #[inline(always)]
    fn has_kicker(&self) -> bool {
        self.kicker.is_some()
    }

    #[inline(always)]
    fn in_nmi(&self) -> bool {
        nmi::in_nmi()
    }

    #[inline(always)]
    fn enter(&mut self) -> u32 {
        // SAFETY: The count is ours. Interrupts that come in between leave it as it was.
        unsafe { NEST.increment() };
        NEST.read()
    }

    #[inline(always)]
    fn leave(&mut self) {
        // SAFETY: As above.
        unsafe { NEST.decrement() };
    }

    #[inline(always)]
    fn is_pending(&self) -> bool {
        self.kicker.is_some_and(Polled::is_pending)
    }

    #[inline(always)]
    fn clear_pending(&mut self) {
        if let Some(kicker) = self.kicker {
            kicker.clear();
        }
    }

    #[inline(always)]
    fn must_wait(&self) -> bool {
        // SAFETY: The lock that is waited for stays; its bytes may change at any time.
        unsafe { self.byte.read_volatile() == self.value }
    }

    #[inline(always)]
    fn poll(&mut self) {
        if let Some(kicker) = self.kicker {
            kicker.poll();
        }
    }
}

/// Waits until a byte of a lock may have changed. Hot path, any context: must not take a lock,
/// allocate, print or fail.
///
/// # Safety
///
/// `byte` must be that of a lock, and `val` what it is until it changes.
unsafe extern "C" fn xen_qlock_wait(byte: *mut u8, val: u8) {
    wait(&mut ThisCpu {
        kicker: Polled::new(KICKER_IRQ.read()),
        byte,
        value: val,
    });
}

/// Wakes a CPU that waits for a lock, unless it spins. Hot path, any context, as above.
extern "C" fn xen_qlock_kick(cpu: c_int) {
    let Some(id) = cpu::id(from_int(cpu)) else {
        return;
    };

    // SAFETY: Each CPU has a copy, which is written in one store.
    if Polled::new(unsafe { KICKER_IRQ.ptr(id).read_volatile() }).is_some() {
        // SAFETY: It is recorded, so it is bound.
        unsafe { irq::send(id.as_u32(), bindings::ipi_vector_XEN_SPIN_UNLOCK_VECTOR) };
    }
}

/// Never runs: a lock kicker's interrupt is disabled.
pub(super) extern "C" fn kicker_interrupt(
    _irq: c_int,
    _dev_id: *mut c_void,
) -> bindings::irqreturn_t {
    bug("a lock kicker's interrupt was delivered")
}

/// Returns whether spinlocks are to spin.
fn nopvspin() -> bool {
    // SAFETY: Written in early boot only.
    unsafe { bindings::nopvspin }
}

/// Has spinlocks spin. Boot code, before [`init`].
pub(super) fn disable() {
    // SAFETY: Boot code, on the one CPU that runs.
    unsafe { bindings::nopvspin = true };
}

init! {
    /// Chooses how spinlocks wait, before the kernel's text is patched for it.
    pub(super) fn init() {
        // SAFETY: Boot code, on the one CPU that runs.
        let possible = unsafe { bindings::__num_possible_cpus };

        match Locks::choose(possible, nopvspin()) {
            Locks::Spin => {
                disable();
                printk!(DEBUG, "xen: PV spinlocks disabled\n");
                // SAFETY: Boot code, before a second CPU takes a lock.
                unsafe { bindings::xen_use_native_spinlocks() };
            }
            Locks::Block => {
                printk!(DEBUG, "xen: PV spinlocks enabled\n");
                // SAFETY: As above.
                unsafe {
                    bindings::xen_use_pv_spinlocks();
                    bindings::pv_ops_lock.wait = Some(xen_qlock_wait);
                    bindings::pv_ops_lock.kick = Some(xen_qlock_kick);
                }
            }
        }
    }
}

/// Gives a CPU an event to wait for locks by; without one it spins. May sleep.
pub(crate) fn init_cpu(cpu: CpuId) {
    if nopvspin() {
        return;
    }
    let mut lines = CpuLines::of(cpu);
    let irq = match interrupt::init(&mut lines, Line::LOCK) {
        Ok(()) => lines.irq(Line::LockKicker).map_or(NO_IRQ, to_int),
        Err(error) => error,
    };

    printk!(DEFAULT, "cpu {} spinlock event irq {}\n", cpu.as_u32(), irq);
}

/// Takes it away from a CPU, if it has one. May sleep.
pub(crate) fn uninit_cpu(cpu: CpuId) {
    if !nopvspin() {
        interrupt::free(&mut CpuLines::of(cpu), Line::LOCK);
    }
}
