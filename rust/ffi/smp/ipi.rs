// SPDX-License-Identifier: GPL-2.0

//! Interrupts to other CPUs, as `smp_ops` sends them; the fake local APIC does by [`super::apic`].
//!
//! To one CPU they are what they are in C: a call of `xen_send_IPI_one()`.
//!
//! C ancestor: `smp.c:130`.

use kernel::ffi::c_int;

use super::interrupt;
use crate::{
    abi::{
        errno::XenErrno,
        event::Send,
        id::EvtchnPort, //
    },
    raw::{
        atomic::Word,
        bindings,
        cpu::{
            self,
            CpuSet, //
        },
        hypercall::event::{
            send_list,
            yield_cpu, //
        },
        irq,
        section::read_mostly,
        word::{
            from_int,
            to_int, //
        },
    },
    smp::ipi::{
        broadcast,
        Ipi,
        Refused,
        Sender,
        LIST, //
    },
};

const _: () = {
    assert!(Ipi::RESCHEDULE_VECTOR == bindings::RESCHEDULE_VECTOR);
    assert!(Ipi::CALL_FUNCTION_VECTOR == bindings::CALL_FUNCTION_VECTOR);
    assert!(Ipi::CALL_FUNCTION_SINGLE_VECTOR == bindings::CALL_FUNCTION_SINGLE_VECTOR);
    assert!(Ipi::IRQ_WORK_VECTOR == bindings::IRQ_WORK_VECTOR);
    assert!(Ipi::NMI_VECTOR == bindings::NMI_VECTOR);
    assert!(Ipi::APIC_DM_NMI == bindings::APIC_DM_NMI);
};

read_mostly! {
    /// Whether Xen has refused a list: it knows none for this kind of guest.
    static NO_LISTS: Word = Word::new(0);
}

/// Interrupts of one kind.
pub(super) struct Kind(pub(super) Ipi);

impl Kind {
    /// Returns the number that `drivers/xen` has for it.
    #[inline(always)]
    fn vector(&self) -> bindings::ipi_vector {
        match self.0 {
            Ipi::Reschedule => bindings::ipi_vector_XEN_RESCHEDULE_VECTOR,
            Ipi::CallFunction => bindings::ipi_vector_XEN_CALL_FUNCTION_VECTOR,
            Ipi::CallFunctionSingle => bindings::ipi_vector_XEN_CALL_FUNCTION_SINGLE_VECTOR,
            Ipi::IrqWork => bindings::ipi_vector_XEN_IRQ_WORK_VECTOR,
            Ipi::Nmi => bindings::ipi_vector_XEN_NMI_VECTOR,
        }
    }
}

impl Sender for Kind {
    #[inline(always)]
    fn port(&self, cpu: u32) -> Option<EvtchnPort> {
        // The others are hardly ever sent to many, and an NMI has no port.
        if self.0 != Ipi::CallFunction || NO_LISTS.read() != 0 {
            return None;
        }
        cpu::id(cpu).and_then(interrupt::port)
    }

    #[inline(always)]
    fn send(&self, cpu: u32) {
        // SAFETY: A CPU that is online has all interrupts that anybody sends.
        unsafe { irq::send(cpu, self.vector()) };
    }

    fn send_list(&self, sends: &[Send]) -> Result<Refused, XenErrno> {
        let answer = send_list::<LIST>(sends);

        if answer == Err(XenErrno::ENOSYS) {
            NO_LISTS.write(1);
        }
        answer.map(Refused)
    }
}

/// Interrupts those CPUs of a set that are online.
#[inline]
pub(super) fn send_to(mask: CpuSet, ipi: Ipi) {
    broadcast(&Kind(ipi), mask.and(CpuSet::online()));
}

/// Has a CPU look whether another task should run. Any context.
pub(super) extern "C" fn xen_smp_send_reschedule(cpu: c_int) {
    Kind(Ipi::Reschedule).send(from_int(cpu));
}

/// Has CPUs call functions. Any context.
///
/// The sender waits for them, so it leaves its CPU to one that Xen has taken off its own.
///
/// # Safety
///
/// `mask` must be a CPU mask.
pub(super) unsafe extern "C" fn xen_smp_send_call_function_ipi(mask: *const bindings::cpumask) {
    // SAFETY: The caller's promise.
    let mask = unsafe { CpuSet::from_raw(mask) };

    send_to(mask, Ipi::CallFunction);
    // SAFETY: The members of a mask are CPUs.
    if mask
        .iter()
        .any(|cpu| unsafe { bindings::xen_vcpu_stolen(to_int(cpu)) })
    {
        yield_cpu();
    }
}

/// Has a CPU call a function. Any context.
pub(super) extern "C" fn xen_smp_send_call_function_single_ipi(cpu: c_int) {
    let cpu = from_int(cpu);

    if CpuSet::online().has(cpu) {
        Kind(Ipi::CallFunctionSingle).send(cpu);
    }
}
