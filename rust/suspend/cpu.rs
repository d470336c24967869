// SPDX-License-Identifier: GPL-2.0

//! What each CPU does before the domain goes to sleep, and after it woke.
//!
//! The tick is stopped, for the timers of the new domain are not those of the
//! old one. The boot CPU's goes on by itself when timekeeping does, which is
//! before this.
//!
//! `SPEC_CTRL` of a PV guest is not part of what Xen 4.5 and older can migrate:
//! they have trouble with a vCPU where it is not zero. So it is zero in sleep,
//! and the kernel remembers its value. Other guests' registers are saved with
//! the vCPU.
//!
//! Callers: all CPUs that are on line, by IPI, interrupts off.
//!
//! C ancestor: `suspend.c:41`.

/// The CPU that runs this.
pub trait ThisCpu {
    /// Returns whether the kernel has to keep `SPEC_CTRL`: in PV, where it is there.
    fn keeps_spec_ctrl(&self) -> bool;
    /// Returns whether this is the boot CPU.
    fn is_boot_cpu(&self) -> bool;
    /// Reads the register.
    fn spec_ctrl(&mut self) -> u64;
    /// Writes the register.
    fn set_spec_ctrl(&mut self, value: u64);
    /// Remembers a value of the register.
    fn save(&mut self, value: u64);
    /// Returns the value that was remembered.
    fn saved(&self) -> u64;
    /// Stops the tick.
    fn suspend_tick(&mut self);
    /// Starts the tick.
    fn resume_tick(&mut self);
}

/// Prepares the CPU for sleep.
pub fn suspend(cpu: &mut impl ThisCpu) {
    cpu.suspend_tick();
    if cpu.keeps_spec_ctrl() {
        let value = cpu.spec_ctrl();

        cpu.save(value);
        cpu.set_spec_ctrl(0);
    }
}

/// Gets the CPU going again, whether the domain slept or not.
pub fn resume(cpu: &mut impl ThisCpu) {
    if cpu.keeps_spec_ctrl() {
        cpu.set_spec_ctrl(cpu.saved());
    }
    if !cpu.is_boot_cpu() {
        cpu.resume_tick();
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_suspend_cpu))]
mod tests {
    use super::*;

    /// A CPU that writes down what happens to its tick, a letter each.
    #[derive(Default)]
    struct Fake {
        keeps: bool,
        boot: bool,
        register: u64,
        saved: u64,
        accesses: usize,
        ticks: [u8; 2],
        count: usize,
    }

    impl Fake {
        fn new(keeps: bool, boot: bool) -> Self {
            Self {
                keeps,
                boot,
                register: 0x5,
                ..Self::default()
            }
        }

        fn tick(&mut self, what: u8) {
            if let Some(place) = self.ticks.get_mut(self.count) {
                *place = what;
            }
            self.count += 1;
        }
    }

    impl ThisCpu for Fake {
        fn keeps_spec_ctrl(&self) -> bool {
            self.keeps
        }

        fn is_boot_cpu(&self) -> bool {
            self.boot
        }

        fn spec_ctrl(&mut self) -> u64 {
            self.accesses += 1;
            self.register
        }

        fn set_spec_ctrl(&mut self, value: u64) {
            self.accesses += 1;
            self.register = value;
        }

        fn save(&mut self, value: u64) {
            self.saved = value;
        }

        fn saved(&self) -> u64 {
            self.saved
        }

        fn suspend_tick(&mut self) {
            self.tick(b's');
        }

        fn resume_tick(&mut self) {
            self.tick(b'r');
        }
    }

    #[test]
    fn the_register_is_zero_in_sleep_and_back_after() {
        for boot in [false, true] {
            let mut cpu = Fake::new(true, boot);

            suspend(&mut cpu);
            assert_eq!(cpu.register, 0);
            resume(&mut cpu);
            assert_eq!(cpu.register, 0x5);
        }
    }

    #[test]
    fn a_register_that_xen_keeps_is_not_touched() {
        let mut cpu = Fake::new(false, false);

        suspend(&mut cpu);
        resume(&mut cpu);
        assert_eq!(cpu.accesses, 0);
        assert_eq!(cpu.register, 0x5);
    }

    #[test]
    fn ticks_stop_everywhere_and_start_but_on_the_boot_cpu() {
        for (boot, ticks) in [(false, b"sr"), (true, b"s\0")] {
            let mut cpu = Fake::new(false, boot);

            suspend(&mut cpu);
            resume(&mut cpu);
            assert_eq!(&cpu.ticks, ticks);
        }
    }
}
