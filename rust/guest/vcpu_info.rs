// SPDX-License-Identifier: GPL-2.0

//! Where Xen keeps what it tells each vCPU: `vcpu_info`.
//!
//! The first 32 vCPUs have a place in the shared page. Any vCPU can have its
//! record moved to a place of the guest's own, which those beyond need, and
//! which all others get as well: in a per-CPU variable it is one instruction
//! away. A move is for good. Xen has no call to undo it and refuses a second
//! one, until the domain is saved and restored: the new domain's records are in
//! the shared page again, and the pointers that the kernel follows are stale.
//!
//! Callers: boot, CPU hotplug, and resume inside `stop_machine()`.
//!
//! C ancestor: `enlighten.c:162`.

use crate::{
    abi::{
        errno::XenErrno,
        id::VcpuId, //
    },
    guest::mode::GuestMode,
};

/// The pointer to a CPU's record that the kernel follows.
pub trait Record {
    /// Returns which vCPU it is about.
    fn vcpu(&self) -> VcpuId;
    /// Follows a place in the shared page.
    fn use_shared(&mut self, index: usize);
    /// Follows null, so that whoever looks is caught.
    fn use_none(&mut self);
    /// Returns whether the CPU's own record is followed.
    fn uses_own(&self) -> bool;
    /// Has Xen move the record to the CPU's own.
    fn register_own(&mut self) -> Result<(), XenErrno>;
    /// Follows the CPU's own record.
    fn use_own(&mut self);
}

/// Follows the record where a new domain has it.
pub fn reset(record: &mut impl Record) {
    match record.vcpu().legacy_index() {
        Some(index) => record.use_shared(index),
        None => record.use_none(),
    }
}

/// Has the record moved, unless it was before: a CPU may come on line many times.
///
/// # Errors
///
/// Xen's refusals.
pub fn setup(record: &mut impl Record) -> Result<(), XenErrno> {
    if record.uses_own() {
        return Ok(());
    }
    record.register_own()?;
    record.use_own();
    Ok(())
}

/// A CPU of a domain that was restored.
pub trait Cpu: Record {
    /// Returns whether it is the one that runs this.
    fn is_this(&self) -> bool;
    /// Returns whether the kernel has it on line.
    fn is_online(&self) -> bool;
    /// Returns whether its vCPU may run.
    fn is_up(&self) -> bool;
    /// Stops its vCPU.
    fn down(&mut self) -> Result<(), XenErrno>;
    /// Has Xen tell what its vCPU is doing.
    fn register_runstate(&mut self);
    /// Lets its vCPU run.
    fn up(&mut self) -> Result<(), XenErrno>;
}

/// What can go wrong when a CPU is restored: there is no way back from any of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// Its vCPU cannot be stopped.
    Down,
    /// Its record cannot be moved.
    Register(XenErrno),
    /// Its vCPU cannot be let run.
    Up,
}

/// What decides how CPUs are restored.
#[derive(Clone, Copy, Debug)]
pub struct RestoreFacts {
    /// Which kind of guest this is.
    pub mode: GuestMode,
    /// Xen's records of time hold for HVM guests (`XENFEAT_hvm_safe_pvclock`).
    pub safe_pvclock: bool,
}

impl RestoreFacts {
    /// Tells Xen anew where a CPU's records are.
    ///
    /// Its vCPU must not run meanwhile, unless it is the one that runs this: it
    /// would look at a record that Xen does not write yet, or no more.
    ///
    /// # Errors
    ///
    /// [`Lost`] says which step failed.
    pub fn restore(self, cpu: &mut impl Cpu) -> Result<(), Lost> {
        let stopped = !cpu.is_this() && cpu.is_up();

        if stopped {
            cpu.down().map_err(|_| Lost::Down)?;
        }
        if self.has_runstate() {
            cpu.register_runstate();
        }
        reset(cpu);
        if self.registers(cpu) {
            setup(cpu).map_err(Lost::Register)?;
        }
        if stopped {
            cpu.up().map_err(|_| Lost::Up)?;
        }
        Ok(())
    }

    /// Returns whether Xen is told where the runstate record is.
    fn has_runstate(self) -> bool {
        self.mode == GuestMode::Pv || self.safe_pvclock
    }

    /// Returns whether a CPU's record is moved now. CPU hotplug moves those of
    /// CPUs that come later, except in a PV guest, which moves all at boot.
    fn registers(self, cpu: &impl Cpu) -> bool {
        match self.mode {
            GuestMode::Pv => true,
            GuestMode::Pvh | GuestMode::Hvm => cpu.is_online(),
            GuestMode::Native => false,
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_guest_vcpu_info))]
mod tests {
    use super::*;

    /// What is followed.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Place {
        Shared(usize),
        Nowhere,
        Own,
    }

    /// A CPU that writes down what is done to it, a letter each, and refuses one of them.
    struct Fake {
        vcpu: u32,
        place: Place,
        /// Xen has moved the record: it will not again.
        moved: bool,
        this: bool,
        online: bool,
        up: bool,
        refused: u8,
        done: [u8; 8],
        count: usize,
    }

    impl Fake {
        fn new(vcpu: u32) -> Self {
            Self {
                vcpu,
                place: Place::Nowhere,
                moved: false,
                this: false,
                online: true,
                up: true,
                refused: b'-',
                done: [0; 8],
                count: 0,
            }
        }

        fn step(&mut self, step: u8) -> Result<(), XenErrno> {
            if let Some(place) = self.done.get_mut(self.count) {
                *place = step;
            }
            self.count += 1;
            if self.refused == step {
                return Err(XenErrno::EINVAL);
            }
            Ok(())
        }

        fn did(&self, steps: &[u8]) -> bool {
            self.done.get(..self.count) == Some(steps)
        }
    }

    impl Record for Fake {
        fn vcpu(&self) -> VcpuId {
            VcpuId::from_raw(self.vcpu)
        }

        fn use_shared(&mut self, index: usize) {
            self.place = Place::Shared(index);
        }

        fn use_none(&mut self) {
            self.place = Place::Nowhere;
        }

        fn uses_own(&self) -> bool {
            self.place == Place::Own
        }

        fn register_own(&mut self) -> Result<(), XenErrno> {
            self.step(b'r')?;
            if self.moved {
                return Err(XenErrno::EINVAL);
            }
            self.moved = true;
            Ok(())
        }

        fn use_own(&mut self) {
            self.place = Place::Own;
        }
    }

    impl Cpu for Fake {
        fn is_this(&self) -> bool {
            self.this
        }

        fn is_online(&self) -> bool {
            self.online
        }

        fn is_up(&self) -> bool {
            self.up
        }

        fn down(&mut self) -> Result<(), XenErrno> {
            self.step(b'd')?;
            self.up = false;
            Ok(())
        }

        fn register_runstate(&mut self) {
            let _ = self.step(b's');
        }

        fn up(&mut self) -> Result<(), XenErrno> {
            self.step(b'u')?;
            self.up = true;
            Ok(())
        }
    }

    const PV: RestoreFacts = RestoreFacts {
        mode: GuestMode::Pv,
        safe_pvclock: false,
    };
    const PVH: RestoreFacts = RestoreFacts {
        mode: GuestMode::Pvh,
        safe_pvclock: true,
    };

    #[test]
    fn the_shared_page_has_32_places() {
        for (vcpu, place) in [
            (0, Place::Shared(0)),
            (31, Place::Shared(31)),
            (32, Place::Nowhere),
            (u32::MAX, Place::Nowhere),
        ] {
            let mut cpu = Fake::new(vcpu);
            cpu.place = Place::Own;

            reset(&mut cpu);
            assert_eq!(cpu.place, place);
        }
    }

    #[test]
    fn a_record_is_moved_once() {
        let mut cpu = Fake::new(40);

        assert_eq!(setup(&mut cpu), Ok(()));
        assert_eq!(setup(&mut cpu), Ok(()));
        assert!(cpu.did(b"r"));
        assert_eq!(cpu.place, Place::Own);
    }

    #[test]
    fn what_xen_did_not_move_is_not_followed() {
        let mut cpu = Fake::new(1);
        cpu.refused = b'r';
        reset(&mut cpu);

        assert_eq!(setup(&mut cpu), Err(XenErrno::EINVAL));
        assert_eq!(cpu.place, Place::Shared(1));
    }

    #[test]
    fn a_vcpu_is_stopped_while_its_record_moves() {
        for facts in [PV, PVH] {
            let mut cpu = Fake::new(1);
            cpu.place = Place::Own;

            assert_eq!(facts.restore(&mut cpu), Ok(()));
            assert!(cpu.did(b"dsru"));
            assert!(cpu.up);
            assert_eq!(cpu.place, Place::Own);
        }
    }

    #[test]
    fn this_vcpu_goes_on() {
        let mut cpu = Fake::new(0);
        cpu.this = true;

        assert_eq!(PV.restore(&mut cpu), Ok(()));
        assert!(cpu.did(b"sr"));
    }

    #[test]
    fn a_vcpu_that_is_down_stays_down() {
        let mut cpu = Fake::new(1);
        cpu.up = false;

        assert_eq!(PV.restore(&mut cpu), Ok(()));
        assert!(cpu.did(b"sr"));
        assert!(!cpu.up);
    }

    #[test]
    fn hotplug_moves_what_is_off_line() {
        let mut cpu = Fake::new(1);
        cpu.place = Place::Own;
        cpu.online = false;
        cpu.up = false;

        assert_eq!(PVH.restore(&mut cpu), Ok(()));
        assert!(cpu.did(b"s"));
        assert_eq!(cpu.place, Place::Shared(1));
        assert_eq!(setup(&mut cpu), Ok(()));
        assert_eq!(cpu.place, Place::Own);
    }

    #[test]
    fn without_safe_records_an_hvm_guest_has_no_runstate() {
        let facts = RestoreFacts {
            mode: GuestMode::Hvm,
            safe_pvclock: false,
        };
        let mut cpu = Fake::new(1);

        assert_eq!(facts.restore(&mut cpu), Ok(()));
        assert!(cpu.did(b"dru"));
    }

    #[test]
    fn the_step_that_fails_is_named() {
        for (refused, lost) in [
            (b'd', Lost::Down),
            (b'r', Lost::Register(XenErrno::EINVAL)),
            (b'u', Lost::Up),
        ] {
            let mut cpu = Fake::new(1);
            cpu.refused = refused;

            assert_eq!(PV.restore(&mut cpu), Err(lost));
        }
    }
}
