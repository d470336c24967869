// SPDX-License-Identifier: GPL-2.0

//! The interrupts of each CPU: where they are recorded, and what they call.
//!
//! Recorded with the interrupt by which functions are called on many CPUs is the port behind it,
//! for [`super::ipi`].
//!
//! C ancestor: `smp.c:36`.

use kernel::{
    cpu::CpuId,
    ffi::c_int,
    prelude::*, //
};

#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
use super::spinlock;
#[cfg(CONFIG_XEN_PV_SMP)]
use crate::ffi::cpu::pmu;
use crate::{
    abi::id::EvtchnPort,
    irq::name,
    raw::{
        bindings,
        cpu::{
            self,
            CpuSet, //
        },
        irq::{
            self,
            Handler,
            Source, //
        },
        percpu::PerCpu,
        print::{
            printk,
            WARNING, //
        },
        word::to_int, //
    },
    smp::interrupt::{
        self,
        Events,
        Line,
        Lines, //
    },
};

/// An interrupt and its name.
pub(super) type Record = bindings::xen_cpu_irq;

// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, xen_resched_irq)` is in c-shims/percpu.c.
const RESCHEDULE: PerCpu<Record> = unsafe { PerCpu::new(&raw const bindings::xen_resched_irq) };
// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, xen_callfunc_irq)` is in c-shims/percpu.c.
const CALL_FUNCTION: PerCpu<Record> = unsafe { PerCpu::new(&raw const bindings::xen_callfunc_irq) };
// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, xen_callfuncsingle_irq)` is in c-shims/percpu.c.
const CALL_FUNCTION_SINGLE: PerCpu<Record> =
    unsafe { PerCpu::new(&raw const bindings::xen_callfuncsingle_irq) };
// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, xen_debug_irq)` is in c-shims/percpu.c.
const DEBUG: PerCpu<Record> = unsafe { PerCpu::new(&raw const bindings::xen_debug_irq) };
// SAFETY: `DEFINE_PER_CPU_READ_MOSTLY(evtchn_port_t, xen_callfunc_port)` is in c-shims/percpu.c.
const CALL_FUNCTION_PORT: PerCpu<u32> =
    unsafe { PerCpu::new(&raw const bindings::xen_callfunc_port) };

// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, xen_irq_work)` is in c-shims/percpu.c.
#[cfg(CONFIG_XEN_PV_SMP)]
const IRQ_WORK: PerCpu<Record> = unsafe { PerCpu::new(&raw const bindings::xen_irq_work) };
// SAFETY: `DEFINE_PER_CPU(struct xen_cpu_irq, xen_pmu_irq)` is in c-shims/percpu.c.
#[cfg(CONFIG_XEN_PV_SMP)]
const COUNTERS: PerCpu<Record> = unsafe { PerCpu::new(&raw const bindings::xen_pmu_irq) };

/// What no interrupt has.
pub(super) const NO_IRQ: c_int = -1;
/// What no event channel has.
const NO_PORT: u32 = 0;

/// How an interrupt is bound.
struct Wiring {
    record: PerCpu<Record>,
    source: Source,
    handler: Handler,
}

impl Wiring {
    /// Returns how that is done for one, unless this kernel does without.
    fn of(line: Line) -> Option<Self> {
        let (record, source, handler): (_, _, Handler) = match line {
            Line::Reschedule => (
                RESCHEDULE,
                Source::Ipi(bindings::ipi_vector_XEN_RESCHEDULE_VECTOR),
                bindings::xen_reschedule_interrupt,
            ),
            Line::CallFunction => (
                CALL_FUNCTION,
                Source::Ipi(bindings::ipi_vector_XEN_CALL_FUNCTION_VECTOR),
                bindings::xen_call_function_interrupt,
            ),
            Line::CallFunctionSingle => (
                CALL_FUNCTION_SINGLE,
                Source::Ipi(bindings::ipi_vector_XEN_CALL_FUNCTION_SINGLE_VECTOR),
                bindings::xen_call_function_single_interrupt,
            ),
            Line::Debug => (
                DEBUG,
                Source::Virq(bindings::VIRQ_DEBUG),
                bindings::xen_debug_interrupt,
            ),
            #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
            Line::LockKicker => (
                spinlock::KICKER,
                Source::Ipi(bindings::ipi_vector_XEN_SPIN_UNLOCK_VECTOR),
                spinlock::kicker_interrupt,
            ),
            #[cfg(not(CONFIG_PARAVIRT_SPINLOCKS))]
            Line::LockKicker => return None,
            #[cfg(CONFIG_XEN_PV_SMP)]
            Line::IrqWork => (
                IRQ_WORK,
                Source::Ipi(bindings::ipi_vector_XEN_IRQ_WORK_VECTOR),
                bindings::xen_irq_work_interrupt,
            ),
            #[cfg(CONFIG_XEN_PV_SMP)]
            Line::Counters => (
                COUNTERS,
                Source::Virq(bindings::VIRQ_XENPMU),
                pmu::irq_handler,
            ),
            #[cfg(not(CONFIG_XEN_PV_SMP))]
            Line::IrqWork | Line::Counters => return None,
        };

        Some(Self {
            record,
            source,
            handler,
        })
    }
}

/// The interrupts of one CPU. Boot and hotplug serialize who changes them.
pub(super) struct CpuLines(CpuId);

impl CpuLines {
    /// Names those of a CPU.
    pub(super) fn of(cpu: CpuId) -> Self {
        Self(cpu)
    }

    /// Returns where an interrupt is recorded.
    fn record(&self, line: Line) -> Option<*mut Record> {
        Wiring::of(line).map(|wiring| wiring.record.ptr(self.0))
    }
}

impl Lines for CpuLines {
    type Error = c_int;

    fn irq(&self, line: Line) -> Option<u32> {
        // SAFETY: Each CPU has a record, and nobody else changes it.
        self.record(line)
            .and_then(|record| u32::try_from(unsafe { (*record).irq }).ok())
    }

    fn warn_bound(&mut self, line: Line, irq: u32) {
        printk!(
            WARNING,
            "{} on CPU{} exists on IRQ{}!\n",
            core::str::from_utf8(line.prefix()).unwrap_or_default(),
            self.0.as_u32(),
            irq
        );
        let _ = kernel::warn_on!(true);
    }

    fn bind(&mut self, line: Line) -> Result<u32, c_int> {
        let Wiring {
            record,
            source,
            handler,
        } = Wiring::of(line).ok_or(EINVAL.to_errno())?;
        // SAFETY: Each CPU has a record.
        let text = unsafe { &raw mut (*record.ptr(self.0)).name };

        // SAFETY: No interrupt has this name by now, as none is bound.
        unsafe { text.write(name(line.prefix(), self.0.as_u32())) };
        // SAFETY: The record stays, and its name is written before the next interrupt is bound only.
        let irq = unsafe { irq::bind(source, self.0, handler, text.cast()) }?;

        #[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
        if line == Line::LockKicker {
            irq::disable(irq);
        }
        Ok(irq)
    }

    fn unbind(&mut self, irq: u32) {
        // SAFETY: It was recorded, so it is bound, and it is not recorded any more.
        unsafe { irq::unbind(irq) };
    }

    fn set_irq(&mut self, line: Line, irq: Option<u32>) {
        if line == Line::CallFunction {
            set_port(self.0, irq.and_then(|irq| irq::port_of(irq, FIRST_PORT)));
        }
        if let Some(record) = self.record(line) {
            let irq = irq.map_or(NO_IRQ, to_int);

            // SAFETY: Each CPU has a record; those who send read it in one load.
            unsafe { (&raw mut (*record).irq).write_volatile(irq) };
        }
    }
}

/// Where looking for a port begins: Xen gives out the lowest that is free.
const FIRST_PORT: EvtchnPort = EvtchnPort::from_raw(1);

/// Records the port behind the interrupt by which functions are called on many CPUs.
fn set_port(cpu: CpuId, port: Option<EvtchnPort>) {
    let port = port.map_or(NO_PORT, EvtchnPort::get);

    // SAFETY: Each CPU has a copy; those who send read it in one load.
    unsafe { CALL_FUNCTION_PORT.ptr(cpu).write_volatile(port) };
}

/// Returns the port behind the interrupt by which functions are called on many CPUs.
#[inline(always)]
pub(super) fn port(cpu: CpuId) -> Option<EvtchnPort> {
    // SAFETY: Each CPU has a copy, which is written in one store.
    EvtchnPort::new(unsafe { CALL_FUNCTION_PORT.ptr(cpu).read_volatile() })
}

/// Records the ports anew, after a new domain has bound others. Runs in `stop_machine()`.
pub(in crate::ffi) fn find_ports() {
    let mut start = FIRST_PORT;

    for cpu in CpuSet::possible().iter().filter_map(cpu::id) {
        let found = CpuLines(cpu)
            .irq(Line::CallFunction)
            .and_then(|irq| irq::port_of(irq, start));

        set_port(cpu, found);
        // They are bound in the order of CPUs.
        start = found.unwrap_or(start);
    }
}

/// Gives a CPU the interrupts that others send it. May sleep.
///
/// # Errors
///
/// What binding one fails with; then it has none.
pub(crate) fn init(cpu: CpuId) -> Result<(), c_int> {
    // SAFETY: Written in early boot only.
    let events = if unsafe { bindings::xen_fifo_events } {
        Events::Fifo
    } else {
        Events::Bitmap
    };

    interrupt::init(&mut CpuLines::of(cpu), Line::of_cpu(events))
}

/// Takes them away from a CPU. May sleep.
pub(crate) fn free(cpu: CpuId) {
    interrupt::free(&mut CpuLines::of(cpu), Line::of_cpu(Events::Bitmap));
}
