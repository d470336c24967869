// SPDX-License-Identifier: GPL-2.0

//! Interrupts to other CPUs.
//!
//! To many CPUs, they go in one hypercall: a list of the events to raise. That
//! takes the ports of the event channels, which `drivers/xen` keeps for itself,
//! see Documentation/smp.rst. Where a port is not known, or Xen refuses the list
//! or an entry of it, that CPU gets its interrupt the way it gets a single one.
//!
//! Any context: with interrupts off, from an interrupt that came while another
//! list was made, from NMI. So a list lives on the stack, and is a short one.
//!
//! C ancestor: `smp.c:130`.

use crate::abi::{
    errno::XenErrno,
    event::Send,
    id::EvtchnPort, //
};

/// What one CPU wants of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
pub enum Ipi {
    /// To look whether another task should run.
    Reschedule,
    /// To run functions that many CPUs are asked to run.
    CallFunction,
    /// To run a function.
    CallFunctionSingle,
    /// To run what was left for its next interrupt.
    IrqWork,
    /// To drop everything: an NMI, which has no event channel.
    Nmi,
}

impl Ipi {
    /// `RESCHEDULE_VECTOR`.
    pub const RESCHEDULE_VECTOR: u32 = 0xfd;
    /// `CALL_FUNCTION_VECTOR`.
    pub const CALL_FUNCTION_VECTOR: u32 = 0xfc;
    /// `CALL_FUNCTION_SINGLE_VECTOR`.
    pub const CALL_FUNCTION_SINGLE_VECTOR: u32 = 0xfb;
    /// `IRQ_WORK_VECTOR`.
    pub const IRQ_WORK_VECTOR: u32 = 0xf6;
    /// `NMI_VECTOR`.
    pub const NMI_VECTOR: u32 = 2;
    /// `APIC_DM_NMI`, which some callers use in place of the vector.
    pub const APIC_DM_NMI: u32 = 0x400;

    /// Returns what a local APIC would be asked by this vector.
    #[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
    #[inline]
    pub const fn from_vector(vector: u32) -> Option<Self> {
        match vector {
            Self::RESCHEDULE_VECTOR => Some(Self::Reschedule),
            Self::CALL_FUNCTION_VECTOR => Some(Self::CallFunction),
            Self::CALL_FUNCTION_SINGLE_VECTOR => Some(Self::CallFunctionSingle),
            Self::IRQ_WORK_VECTOR => Some(Self::IrqWork),
            Self::NMI_VECTOR | Self::APIC_DM_NMI => Some(Self::Nmi),
            _ => None,
        }
    }
}

/// Events that one hypercall raises at most.
///
/// Xen takes any number, but a call takes 64 bytes of the stack, which may be
/// that of a deeply nested interrupt.
pub const LIST: usize = 8;

/// The entries of a list that Xen refused, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Refused(pub u32);

impl Refused {
    /// Every one.
    const ALL: Self = Self(u32::MAX);
}

/// How interrupts of one kind are sent.
pub trait Sender {
    /// Returns the port of a CPU's event channel, if it is known.
    fn port(&self, cpu: u32) -> Option<EvtchnPort>;
    /// Interrupts one CPU.
    fn send(&self, cpu: u32);
    /// Raises up to [`LIST`] events by one hypercall.
    fn send_list(&self, sends: &[Send]) -> Result<Refused, XenErrno>;
}

/// The events that wait to be raised together.
struct List {
    cpus: [u32; LIST],
    sends: [Send; LIST],
    count: usize,
}

impl List {
    /// Makes an empty list.
    #[inline(always)]
    const fn new() -> Self {
        Self {
            cpus: [0; LIST],
            sends: [Send::NONE; LIST],
            count: 0,
        }
    }

    /// Adds an event, and returns whether there is room for another.
    #[inline(always)]
    fn push(&mut self, cpu: u32, port: EvtchnPort) -> bool {
        if let (Some(place), Some(send)) = (
            self.cpus.get_mut(self.count),
            self.sends.get_mut(self.count),
        ) {
            *place = cpu;
            *send = Send::to(port);
            self.count = self.count.wrapping_add(1);
        }
        self.count < LIST
    }

    /// Raises the events, and empties the list.
    fn flush(&mut self, sender: &impl Sender) {
        let cpus = self.cpus.get(..self.count).unwrap_or_default();
        let sends = self.sends.get(..self.count).unwrap_or_default();
        let Refused(mut refused) = match sends {
            // One is no list: there is a cheaper way.
            [] | [_] => Refused::ALL,
            _ => sender.send_list(sends).unwrap_or(Refused::ALL),
        };

        if refused != 0 {
            for &cpu in cpus {
                if refused & 1 != 0 {
                    sender.send(cpu);
                }
                refused >>= 1;
            }
        }
        self.count = 0;
    }
}

/// Interrupts CPUs, by as few hypercalls as possible.
#[inline]
pub fn broadcast(sender: &impl Sender, cpus: impl Iterator<Item = u32>) {
    let mut list = List::new();

    for cpu in cpus {
        match sender.port(cpu) {
            Some(port) => {
                if !list.push(cpu, port) {
                    list.flush(sender);
                }
            }
            None => sender.send(cpu),
        }
    }
    list.flush(sender);
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_smp_ipi))]
mod tests {
    use super::*;
    use core::cell::Cell;

    /// CPUs of a fake machine.
    const CPUS: usize = 20;

    /// A Xen that counts. CPU `n` has port `n + 1`, unless it is not known.
    struct Fake {
        unknown: u32,
        answer: Cell<Result<Refused, XenErrno>>,
        lists: Cell<usize>,
        singles: Cell<usize>,
        interrupts: [Cell<u32>; CPUS],
    }

    impl Fake {
        fn new(unknown: u32, answer: Result<Refused, XenErrno>) -> Self {
            Self {
                unknown,
                answer: Cell::new(answer),
                lists: Cell::new(0),
                singles: Cell::new(0),
                interrupts: [const { Cell::new(0) }; CPUS],
            }
        }

        fn interrupt(&self, cpu: usize) {
            if let Some(count) = self.interrupts.get(cpu) {
                count.set(count.get() + 1);
            }
        }

        /// Returns whether CPUs up to `count` were interrupted once, and no other.
        fn reached(&self, count: usize) -> bool {
            self.interrupts
                .iter()
                .enumerate()
                .all(|(cpu, interrupts)| interrupts.get() == u32::from(cpu < count))
        }
    }

    impl Sender for Fake {
        fn port(&self, cpu: u32) -> Option<EvtchnPort> {
            EvtchnPort::new(cpu + 1).filter(|_| self.unknown >> cpu & 1 == 0)
        }

        fn send(&self, cpu: u32) {
            self.singles.set(self.singles.get() + 1);
            self.interrupt(usize::try_from(cpu).unwrap_or(CPUS));
        }

        fn send_list(&self, sends: &[Send]) -> Result<Refused, XenErrno> {
            let answer = self.answer.get();

            self.lists.set(self.lists.get() + 1);
            if let Ok(Refused(refused)) = answer {
                for (index, &send) in sends.iter().enumerate() {
                    let cpu = (0..20).find(|&cpu| self.port(cpu).map(Send::to) == Some(send));

                    if refused >> index & 1 == 0 {
                        self.interrupt(cpu.map_or(CPUS, |cpu| cpu as usize));
                    }
                }
            }
            answer
        }
    }

    #[test]
    fn vectors_are_those_of_the_local_apic() {
        for (vector, ipi) in [
            (0xfd, Ipi::Reschedule),
            (0xfc, Ipi::CallFunction),
            (0xfb, Ipi::CallFunctionSingle),
            (0xf6, Ipi::IrqWork),
            (2, Ipi::Nmi),
            (0x400, Ipi::Nmi),
        ] {
            assert_eq!(Ipi::from_vector(vector), Some(ipi));
        }
        for vector in [0, 3, 0xf7, 0xf8, 0xfe, 0x402, u32::MAX] {
            assert_eq!(Ipi::from_vector(vector), None);
        }
    }

    #[test]
    fn everyone_is_reached_by_few_hypercalls() {
        for (cpus, lists, singles) in [
            (0, 0, 0),
            (1, 0, 1),
            (2, 1, 0),
            (7, 1, 0),
            (8, 1, 0),
            (9, 1, 1),
            (10, 2, 0),
            (16, 2, 0),
            (20, 3, 0),
        ] {
            let sender = Fake::new(0, Ok(Refused(0)));

            broadcast(&sender, 0..cpus);
            assert_eq!(sender.lists.get(), lists);
            assert_eq!(sender.singles.get(), singles);
            assert!(sender.reached(cpus as usize));
        }
    }

    #[test]
    fn a_cpu_whose_port_is_not_known_is_reached_alone() {
        let sender = Fake::new(1 << 3, Ok(Refused(0)));

        broadcast(&sender, 0..6);
        assert_eq!(sender.lists.get(), 1);
        assert_eq!(sender.singles.get(), 1);
        assert!(sender.reached(6));
    }

    #[test]
    fn a_xen_without_lists_reaches_everyone() {
        for errno in [XenErrno::ENOSYS, XenErrno::EFAULT] {
            let sender = Fake::new(0, Err(errno));

            broadcast(&sender, 0..11);
            assert_eq!(sender.lists.get(), 2);
            assert_eq!(sender.singles.get(), 11);
            assert!(sender.reached(11));
        }
    }

    #[test]
    fn what_xen_refuses_is_sent_again() {
        for refused in 0..1 << 4 {
            let sender = Fake::new(0, Ok(Refused(refused)));

            broadcast(&sender, 0..4);
            assert_eq!(sender.lists.get(), 1);
            assert_eq!(sender.singles.get(), refused.count_ones() as usize);
            assert!(sender.reached(4));
        }
    }
}
