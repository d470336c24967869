// SPDX-License-Identifier: GPL-2.0

//! Interrupts of event channels, as `drivers/xen/events` has them.
//!
//! C ancestor: `include/xen/events.h`.

#![expect(unsafe_code)]

use core::ptr::null_mut;

use kernel::{
    cpu::CpuId,
    ffi::{
        c_char,
        c_int,
        c_void, //
    },
};

#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
use crate::raw::word;
use crate::{
    abi::id::EvtchnPort,
    raw::{
        bindings,
        word::to_usize, //
    },
};

/// What handles an interrupt.
pub(crate) type Handler = unsafe extern "C" fn(c_int, *mut c_void) -> bindings::irqreturn_t;

/// What raises an interrupt.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// Another CPU.
    Ipi(bindings::ipi_vector),
    /// Xen.
    Virq(u32),
}

/// An interrupt that stays on its CPU.
const FLAGS: u32 = bindings::IRQF_PERCPU | bindings::IRQF_NOBALANCING;

/// Binds an interrupt of a CPU's own. May sleep.
///
/// # Errors
///
/// A negated errno.
///
/// # Safety
///
/// `name` must be a string that stays until the interrupt is unbound.
pub(crate) unsafe fn bind(
    source: Source,
    cpu: CpuId,
    handler: Handler,
    name: *const c_char,
) -> Result<u32, c_int> {
    let flags = to_usize(u64::from(FLAGS));
    let cpu = cpu.as_u32();
    let handler: bindings::irq_handler_t = Some(handler);

    let irq = match source {
        // SAFETY: The name stays, and the handler takes any argument.
        Source::Ipi(vector) => unsafe {
            bindings::bind_ipi_to_irqhandler(vector, cpu, handler, flags, name, null_mut())
        },
        // SAFETY: As above.
        Source::Virq(virq) => unsafe {
            bindings::bind_virq_to_irqhandler(virq, cpu, handler, flags, name, null_mut())
        },
    };

    u32::try_from(irq).map_err(|_| irq)
}

/// Unbinds an interrupt, once its handler has returned everywhere. May sleep.
///
/// # Safety
///
/// [`bind`] must have returned it, and nobody may use it any more.
pub(crate) unsafe fn unbind(irq: u32) {
    // SAFETY: The caller's promise; it was bound with no argument.
    unsafe { bindings::unbind_from_irqhandler(irq, null_mut()) };
}

/// Makes sure that an interrupt is never delivered. May sleep.
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
pub(crate) fn disable(irq: u32) {
    // SAFETY: It takes any interrupt.
    unsafe { bindings::disable_irq(irq) };
}

/// Returns the port behind an interrupt, looking first from `start` up. Takes time.
pub(crate) fn port_of(irq: u32, start: EvtchnPort) -> Option<EvtchnPort> {
    // SAFETY: It has no preconditions.
    let ports = unsafe { bindings::xen_evtchn_nr_channels() };

    (start.get()..ports)
        .chain(1..start.get())
        // SAFETY: It takes any port.
        .find(|&port| unsafe { bindings::irq_from_evtchn(port) } == irq)
        .and_then(EvtchnPort::new)
}

/// Interrupts one CPU. Any context.
///
/// # Safety
///
/// This kind of interrupt must be bound on the CPU, unless it is the NMI.
#[inline(always)]
pub(crate) unsafe fn send(cpu: u32, vector: bindings::ipi_vector) {
    // SAFETY: The caller's promise.
    unsafe { bindings::xen_send_IPI_one(cpu, vector) };
}

/// An event that is waited for. Its interrupt is disabled.
#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
#[derive(Clone, Copy)]
pub(crate) struct Polled(c_int);

#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
impl Polled {
    /// Names the event behind what C keeps of an interrupt: its number, or one below zero.
    #[inline(always)]
    pub(crate) fn new(irq: u32) -> Option<Self> {
        Some(Self(word::to_int(irq))).filter(|event| event.0 >= 0)
    }

    /// Returns whether the event is pending. Any context.
    #[inline(always)]
    pub(crate) fn is_pending(self) -> bool {
        // SAFETY: It takes any interrupt.
        unsafe { bindings::xen_test_irq_pending(self.0) }
    }

    /// Takes the event away. Any context.
    #[inline(always)]
    pub(crate) fn clear(self) {
        // SAFETY: It takes any interrupt.
        unsafe { bindings::xen_clear_irq_pending(self.0) };
    }

    /// Gives the CPU back to Xen until the event is pending, or shorter. Any context.
    #[inline(always)]
    pub(crate) fn poll(self) {
        // SAFETY: It takes any interrupt.
        unsafe { bindings::xen_poll_irq(self.0) };
    }
}
