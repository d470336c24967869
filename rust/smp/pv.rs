// SPDX-License-Identifier: GPL-2.0

//! CPUs of a PV guest: how they come, go, and come back.
//!
//! Xen knows as many vCPUs as the domain has, and runs those that are up. A vCPU
//! is given the registers that it starts with once in the domain's life; there
//! is no way to take them back, but Xen keeps them as they are while it is down.
//! So a CPU goes through three states:
//!
//! ```text
//!   Prepared ------> Registered ------> Online
//!                         ^                |
//!                         +----------------+  VCPUOP_down, by itself
//! ```
//!
//! A step that fails undoes what it has done, and the next attempt begins where
//! this one got to. Interrupts and timer are bound before all this, by the
//! hotplug state that also unbinds them when an attempt fails.
//!
//! Everything here runs under the hotplug lock, or on the CPU in question before
//! it is on line and after it was.
//!
//! Callers: `smp_ops`, see rust/ffi/smp/pv.rs.
//!
//! C ancestor: `smp_pv.c`.

pub mod context;

use crate::abi::errno::XenErrno;

/// A vCPU that is about to start.
pub trait Vcpu {
    /// What goes wrong.
    type Error;
    /// The registers that it starts with.
    type Context;

    /// Gives the CPU its stack and its idle task.
    fn prepare(&mut self) -> Result<(), Self::Error>;
    /// Has Xen write down when it runs, and no event come before it wants any.
    fn hold_events(&mut self);
    /// Returns whether Xen has its registers.
    fn is_registered(&self) -> bool;
    /// Notes that Xen has its registers.
    fn set_registered(&mut self);
    /// Makes its registers.
    fn make_context(&mut self) -> Result<Self::Context, Self::Error>;
    /// Makes its descriptor table one that Xen takes: nobody can write it.
    fn protect_descriptors(&mut self);
    /// Makes it writable again.
    fn unprotect_descriptors(&mut self);
    /// Gives Xen its registers.
    fn register(&mut self, context: Self::Context) -> Result<(), Self::Error>;
    /// Gives it performance counters, if there are any.
    fn start_counters(&mut self);
    /// Takes them away.
    fn stop_counters(&mut self);
    /// Has Xen run it.
    fn up(&mut self) -> Result<(), Self::Error>;
}

/// A vCPU that Linux is ready for.
#[must_use]
pub struct Prepared<'a, V: Vcpu>(&'a mut V);

/// A vCPU that Xen has the registers of.
#[must_use]
pub struct Registered<'a, V: Vcpu>(&'a mut V);

/// A vCPU that runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Online(());

impl<'a, V: Vcpu> Prepared<'a, V> {
    /// Prepares a vCPU.
    ///
    /// # Errors
    ///
    /// No memory for its stack.
    pub fn new(vcpu: &'a mut V) -> Result<Self, V::Error> {
        vcpu.prepare()?;
        vcpu.hold_events();
        Ok(Self(vcpu))
    }

    /// Gives Xen its registers, unless Xen has them.
    ///
    /// # Errors
    ///
    /// No memory for them, or Xen's refusal: the vCPU stays prepared.
    pub fn register(self) -> Result<Registered<'a, V>, V::Error> {
        let Self(vcpu) = self;

        if !vcpu.is_registered() {
            let context = vcpu.make_context()?;

            vcpu.protect_descriptors();
            vcpu.register(context)
                .inspect_err(|_| vcpu.unprotect_descriptors())?;
            vcpu.set_registered();
        }
        Ok(Registered(vcpu))
    }
}

impl<V: Vcpu> Registered<'_, V> {
    /// Has Xen run it.
    ///
    /// # Errors
    ///
    /// Xen's refusal: the vCPU stays registered.
    pub fn start(self) -> Result<Online, V::Error> {
        let Self(vcpu) = self;

        vcpu.start_counters();
        vcpu.up().inspect_err(|_| vcpu.stop_counters())?;
        Ok(Online(()))
    }
}

/// Starts a vCPU. May sleep.
///
/// # Errors
///
/// Those of each step.
pub fn bring_up<V: Vcpu>(vcpu: &mut V) -> Result<Online, V::Error> {
    Prepared::new(vcpu)?.register()?.start()
}

/// The CPU that runs this for the first time since it is up. Interrupts are off.
pub trait NewCpu {
    /// Tells the CPU that started this one that it lives, and waits to be let on.
    fn report_alive(&mut self);
    /// Sets up registers and tables.
    fn init(&mut self);
    /// Tells Xen where system calls enter the kernel, which rings of its own would not need.
    fn enable_system_calls(&mut self);
    /// Tells the kernel what kind of CPU it is, and its place among others.
    fn identify(&mut self);
    /// Starts its timer.
    fn start_timer(&mut self);
    /// Tells everybody that it is on line.
    fn announce(&mut self);
    /// Lets events in.
    fn enable_interrupts(&mut self);
}

/// Makes a vCPU that Xen has started one of the kernel's CPUs.
pub fn begin(cpu: &mut impl NewCpu, has_rings: bool) {
    cpu.report_alive();
    cpu.init();
    if !has_rings {
        cpu.enable_system_calls();
    }
    cpu.identify();
    cpu.start_timer();
    cpu.announce();
    cpu.enable_interrupts();
}

/// A vCPU that is about to stop.
pub trait Stopping {
    /// Asks Xen whether it is up.
    fn is_up(&mut self) -> Result<bool, XenErrno>;
    /// Sleeps for a moment.
    fn sleep(&mut self);
}

/// Waits until a vCPU has stopped. One that Xen does not know of has.
pub fn wait_until_down(vcpu: &mut impl Stopping) {
    while vcpu.is_up() == Ok(true) {
        vcpu.sleep();
    }
}

/// Returns how many vCPUs there are, `limit` at most: they are numbered from zero.
#[inline(always)]
pub fn count(limit: u32, exists: impl FnMut(&u32) -> bool) -> u32 {
    let counted = (0..limit).take_while(exists).count();

    // Counted up to a `u32`.
    u32::try_from(counted).unwrap_or(limit)
}

/// Returns those of the CPUs, in their order, that `maxcpus=` leaves out. The boot CPU stays.
#[inline(always)]
pub fn surplus(cpus: impl Iterator<Item = u32>, max_cpus: u32) -> impl Iterator<Item = u32> {
    cpus.skip(usize::try_from(max_cpus.max(1)).unwrap_or(usize::MAX))
}

/// Returns what to say to a user who wants no I/O APIC: Xen is the one to tell.
pub const fn refusal(ioapic_is_disabled: bool, max_cpus: u32) -> Option<&'static str> {
    match (ioapic_is_disabled, max_cpus) {
        (false, _) => None,
        (true, 0) => {
            Some("The nosmp parameter is incompatible with Xen; use Xen dom0_max_vcpus=1 parameter")
        }
        (true, _) => Some("The noapic parameter is incompatible with Xen"),
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_smp_pv))]
mod tests {
    use super::*;

    /// A vCPU as Xen and Linux have it.
    #[derive(Default)]
    struct Fake {
        failing: Option<u8>,
        prepared: bool,
        masked: bool,
        registered: bool,
        protected: bool,
        xen_has_context: bool,
        contexts: usize,
        counting: bool,
        up: bool,
        misuse: bool,
    }

    impl Fake {
        fn failing(step: u8) -> Self {
            Self {
                failing: Some(step),
                ..Self::default()
            }
        }

        fn answer(&self, step: u8) -> Result<(), i32> {
            match self.failing {
                Some(failing) if failing == step => Err(-i32::from(step)),
                _ => Ok(()),
            }
        }

        /// Returns whether Linux' view of the vCPU is Xen's.
        fn is_consistent(&self) -> bool {
            !self.misuse
                && self.registered == self.xen_has_context
                && self.protected == self.registered
                && self.counting == self.up
        }

        /// Stops it, as it does itself.
        fn down(&mut self) {
            self.up = false;
            self.counting = false;
        }
    }

    impl Vcpu for Fake {
        type Error = i32;
        type Context = u32;

        fn prepare(&mut self) -> Result<(), i32> {
            self.answer(b'p')?;
            self.prepared = true;
            Ok(())
        }

        fn hold_events(&mut self) {
            self.misuse |= !self.prepared || self.up;
            self.masked = true;
        }

        fn is_registered(&self) -> bool {
            self.registered
        }

        fn set_registered(&mut self) {
            self.registered = true;
        }

        fn make_context(&mut self) -> Result<u32, i32> {
            self.answer(b'm')?;
            self.contexts += 1;
            Ok(42)
        }

        fn protect_descriptors(&mut self) {
            self.misuse |= self.protected;
            self.protected = true;
        }

        fn unprotect_descriptors(&mut self) {
            self.misuse |= !self.protected || self.xen_has_context;
            self.protected = false;
        }

        fn register(&mut self, context: u32) -> Result<(), i32> {
            // Xen takes it once, and no descriptors that can be written.
            self.misuse |= context != 42 || self.xen_has_context || !self.protected;
            self.answer(b'r')?;
            self.xen_has_context = true;
            Ok(())
        }

        fn start_counters(&mut self) {
            self.misuse |= self.counting;
            self.counting = true;
        }

        fn stop_counters(&mut self) {
            self.misuse |= !self.counting;
            self.counting = false;
        }

        fn up(&mut self) -> Result<(), i32> {
            self.misuse |= !self.xen_has_context || !self.masked || self.up;
            self.answer(b'u')?;
            self.up = true;
            Ok(())
        }
    }

    /// The steps that can fail, in their order.
    const STEPS: [u8; 4] = *b"pmru";

    #[test]
    fn a_vcpu_comes_up() {
        let mut vcpu = Fake::default();

        assert_eq!(bring_up(&mut vcpu), Ok(Online(())));
        assert!(vcpu.is_consistent() && vcpu.up);
    }

    #[test]
    fn whatever_fails_is_undone() {
        for step in STEPS {
            let mut vcpu = Fake::failing(step);

            assert_eq!(bring_up(&mut vcpu), Err(-i32::from(step)));
            assert!(vcpu.is_consistent() && !vcpu.up);
            // Only the last step comes after Xen has the registers.
            assert_eq!(vcpu.registered, step == b'u');
        }
    }

    #[test]
    fn the_next_attempt_begins_where_the_last_one_got_to() {
        for step in STEPS {
            let mut vcpu = Fake::failing(step);

            for _ in 0..3 {
                assert_eq!(bring_up(&mut vcpu), Err(-i32::from(step)));
                assert!(vcpu.is_consistent());
            }
            vcpu.failing = None;
            let contexts = vcpu.contexts;

            assert_eq!(bring_up(&mut vcpu), Ok(Online(())));
            assert!(vcpu.is_consistent() && vcpu.up);
            assert_eq!(vcpu.contexts - contexts, usize::from(step != b'u'));
        }
    }

    #[test]
    fn a_vcpu_that_comes_back_is_not_registered_again() {
        let mut vcpu = Fake::default();

        for _ in 0..3 {
            assert_eq!(bring_up(&mut vcpu), Ok(Online(())));
            vcpu.down();
        }
        assert!(vcpu.is_consistent());
        assert_eq!(vcpu.contexts, 1);
        vcpu.failing = Some(b'u');
        assert_eq!(bring_up(&mut vcpu), Err(-i32::from(b'u')));
        assert!(vcpu.is_consistent() && vcpu.registered);
    }

    /// A CPU that notes a letter for each step.
    #[derive(Default)]
    struct Steps {
        done: [u8; 8],
        count: usize,
    }

    impl Steps {
        fn note(&mut self, step: u8) {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
        }
    }

    impl NewCpu for Steps {
        fn report_alive(&mut self) {
            self.note(b'r');
        }

        fn init(&mut self) {
            self.note(b'i');
        }

        fn enable_system_calls(&mut self) {
            self.note(b's');
        }

        fn identify(&mut self) {
            self.note(b'd');
        }

        fn start_timer(&mut self) {
            self.note(b't');
        }

        fn announce(&mut self) {
            self.note(b'a');
        }

        fn enable_interrupts(&mut self) {
            self.note(b'e');
        }
    }

    #[test]
    fn interrupts_come_last() {
        let mut cpu = Steps::default();

        begin(&mut cpu, false);
        assert_eq!(cpu.done.get(..cpu.count), Some(&b"risdtae"[..]));
    }

    #[test]
    fn a_kernel_in_ring_0_takes_system_calls_itself() {
        let mut cpu = Steps::default();

        begin(&mut cpu, true);
        assert_eq!(cpu.done.get(..cpu.count), Some(&b"ridtae"[..]));
    }

    /// A vCPU that Xen says is up a number of times.
    struct Slow {
        up: usize,
        then: Result<bool, XenErrno>,
        slept: usize,
    }

    impl Stopping for Slow {
        fn is_up(&mut self) -> Result<bool, XenErrno> {
            if self.up == 0 {
                return self.then;
            }
            self.up -= 1;
            Ok(true)
        }

        fn sleep(&mut self) {
            self.slept += 1;
        }
    }

    #[test]
    fn a_vcpu_is_waited_for_until_it_is_down() {
        for then in [Ok(false), Err(XenErrno::ENOENT)] {
            for up in [0, 1, 5] {
                let mut vcpu = Slow { up, then, slept: 0 };

                wait_until_down(&mut vcpu);
                assert_eq!(vcpu.slept, up);
            }
        }
    }

    #[test]
    fn vcpus_are_counted_up_to_the_first_that_is_not() {
        assert_eq!(count(64, |&vcpu| vcpu < 4), 4);
        assert_eq!(count(2, |&vcpu| vcpu < 4), 2);
        assert_eq!(count(64, |_| false), 0);
        assert_eq!(count(64, |&vcpu| vcpu != 3), 3);
    }

    #[test]
    fn the_last_cpus_are_left_out() {
        assert!(surplus([0, 1, 2, 3].into_iter(), 2).eq([2, 3]));
        assert!(surplus([0, 2, 5].into_iter(), 2).eq([5]));
        assert!(surplus([0, 1].into_iter(), 8).eq([]));
        assert!(surplus([0, 1].into_iter(), 1).eq([1]));
        assert!(surplus([0, 1].into_iter(), 0).eq([1]));
    }

    #[test]
    fn only_who_wants_no_io_apic_is_refused() {
        /// Returns whether the refusal tells about a parameter.
        fn tells_about(parameter: &str, max_cpus: u32) -> bool {
            refusal(true, max_cpus).is_some_and(|text| text.contains(parameter))
        }

        assert_eq!(refusal(false, 0), None);
        assert_eq!(refusal(false, 4), None);
        assert!(tells_about("dom0_max_vcpus=1", 0));
        assert!(tells_about("noapic", 4));
    }
}
