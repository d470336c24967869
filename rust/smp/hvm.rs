// SPDX-License-Identifier: GPL-2.0

//! What CPUs of an HVM or PVH guest need beyond what those of a machine do.
//!
//! C ancestor: `smp_hvm.c`.

/// Where Xen's events arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// At the CPU that they are for, by a vector.
    EachCpu,
    /// All at one CPU, by the interrupt line of a PCI device: they are no use
    /// for interrupts from one CPU to another, nor to wait for locks.
    OneCpu,
}

/// The guest's CPUs.
pub trait Cpus {
    /// One of them.
    type Cpu: Copy + PartialEq;

    /// Gives a CPU the interrupts that others send it; complains if that fails.
    fn init_interrupts(&mut self, cpu: Self::Cpu);
    /// Gives a CPU its lock kicker.
    fn init_lock(&mut self, cpu: Self::Cpu);
    /// Marks that it is not known which vCPU a CPU is.
    fn forget_vcpu(&mut self, cpu: Self::Cpu);
    /// Takes the interrupts that others send it away from a CPU.
    fn free_interrupts(&mut self, cpu: Self::Cpu);
    /// Takes its lock kicker away from a CPU.
    fn free_lock(&mut self, cpu: Self::Cpu);
    /// Takes its timer away from a CPU.
    fn free_timer(&mut self, cpu: Self::Cpu);
}

/// Prepares the boot CPU, and for others to come.
///
/// Until one comes, it is nobody: the number that its variable starts with is
/// the boot CPU's.
#[inline(always)]
pub fn prepare<C: Cpus>(
    cpus: &mut C,
    delivery: Delivery,
    boot_cpu: C::Cpu,
    possible: impl Iterator<Item = C::Cpu>,
) {
    if delivery == Delivery::EachCpu {
        cpus.init_interrupts(boot_cpu);
        cpus.init_lock(boot_cpu);
    }
    for cpu in possible.filter(|&cpu| cpu != boot_cpu) {
        cpus.forget_vcpu(cpu);
    }
}

/// Cleans up behind a CPU that stopped.
#[cfg_attr(not(CONFIG_HOTPLUG_CPU), allow(dead_code))]
pub fn cleanup<C: Cpus>(cpus: &mut C, delivery: Delivery, cpu: C::Cpu) {
    if delivery == Delivery::EachCpu {
        cpus.free_interrupts(cpu);
        cpus.free_lock(cpu);
        cpus.free_timer(cpu);
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_smp_hvm))]
mod tests {
    use super::*;

    /// Writes down what is done, a letter and a CPU each.
    #[derive(Default)]
    struct Fake {
        done: [(u8, u32); 6],
        count: usize,
    }

    impl Fake {
        fn note(&mut self, step: u8, cpu: u32) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = (step, cpu);
            }
            self.count += 1;
        }

        fn did(&self, steps: &[(u8, u32)]) -> bool {
            self.done.get(..self.count) == Some(steps)
        }
    }

    impl Cpus for Fake {
        type Cpu = u32;

        fn init_interrupts(&mut self, cpu: u32) {
            self.note(b'I', cpu);
        }

        fn init_lock(&mut self, cpu: u32) {
            self.note(b'L', cpu);
        }

        fn forget_vcpu(&mut self, cpu: u32) {
            self.note(b'f', cpu);
        }

        fn free_interrupts(&mut self, cpu: u32) {
            self.note(b'i', cpu);
        }

        fn free_lock(&mut self, cpu: u32) {
            self.note(b'l', cpu);
        }

        fn free_timer(&mut self, cpu: u32) {
            self.note(b't', cpu);
        }
    }

    #[test]
    fn the_boot_cpu_is_prepared_and_the_others_are_nobody() {
        let mut cpus = Fake::default();

        prepare(&mut cpus, Delivery::EachCpu, 0, [0, 1, 5].into_iter());
        assert!(cpus.did(&[(b'I', 0), (b'L', 0), (b'f', 1), (b'f', 5)]));
    }

    #[test]
    fn without_a_vector_nothing_is_bound_or_unbound() {
        let mut cpus = Fake::default();

        prepare(&mut cpus, Delivery::OneCpu, 0, [0, 1].into_iter());
        cleanup(&mut cpus, Delivery::OneCpu, 1);
        assert!(cpus.did(&[(b'f', 1)]));
    }

    #[test]
    fn a_dead_cpu_keeps_nothing() {
        let mut cpus = Fake::default();

        cleanup(&mut cpus, Delivery::EachCpu, 3);
        assert!(cpus.did(&[(b'i', 3), (b'l', 3), (b't', 3)]));
    }
}
