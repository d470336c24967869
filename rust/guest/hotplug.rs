// SPDX-License-Identifier: GPL-2.0

//! The two steps of bringing a CPU on line that are Xen's.
//!
//! "Prepare" runs on another CPU before the new one starts, and is different
//! for PV and HVM; "online" runs on the new one, and gives it a lock to wait
//! with. Without the second the first must go too: it would hand out interrupts
//! to CPUs that never come up properly.
//!
//! What both kinds of guest bind in "prepare" is here too; what else they do is
//! told in `cpu/hotplug.rs` and `hvm/cpu.rs`.
//!
//! Callers: boot code of either kind of guest, once; CPU hotplug, one CPU at a
//! time.
//!
//! C ancestor: `enlighten.c:143`.

/// The events of a CPU that is off line.
pub trait Events {
    /// What a step can fail with.
    type Error;

    /// Binds its timer; if that fails, nothing is bound.
    fn bind_timer(&mut self) -> Result<(), Self::Error>;
    /// Unbinds its timer, if it is bound.
    fn unbind_timer(&mut self);
    /// Binds its IPIs; if that fails, nothing is bound.
    fn bind_ipis(&mut self) -> Result<(), Self::Error>;
    /// Unbinds its IPIs, if they are bound.
    fn unbind_ipis(&mut self);
}

/// Which step of "prepare" failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure<E> {
    /// There is no such vCPU.
    #[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
    Missing,
    /// Xen refused the vector.
    UpcallVector(E),
    /// The timer could not be bound.
    Timer(E),
    /// The IPIs could not be bound.
    Ipis(E),
    /// What PV guests have besides could not be bound.
    #[cfg_attr(not(CONFIG_XEN_PV), allow(dead_code))]
    Pv(E),
}

/// The kernel's table of such steps.
pub trait States {
    /// What it refuses with.
    type Error;

    /// Adds "prepare".
    fn install_prepare(&mut self) -> Result<(), Self::Error>;
    /// Adds "online".
    fn install_online(&mut self) -> Result<(), Self::Error>;
    /// Takes "prepare" away.
    fn remove_prepare(&mut self);
}

/// Adds both steps, or none.
///
/// # Errors
///
/// What the kernel refuses either with.
pub fn setup<S: States>(states: &mut S) -> Result<(), S::Error> {
    states.install_prepare()?;
    let online = states.install_online();

    if online.is_err() {
        states.remove_prepare();
    }
    online
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_guest_hotplug))]
mod tests {
    use super::*;

    /// A table that refuses one step, or none, and counts what it has.
    struct Fake {
        refused: Option<&'static str>,
        prepare: u32,
        online: u32,
    }

    impl Fake {
        fn refusing(refused: Option<&'static str>) -> Self {
            Self {
                refused,
                prepare: 0,
                online: 0,
            }
        }

        fn answer(&self, step: &'static str) -> Result<(), &'static str> {
            match self.refused {
                Some(refused) if refused == step => Err(step),
                _ => Ok(()),
            }
        }
    }

    impl States for Fake {
        type Error = &'static str;

        fn install_prepare(&mut self) -> Result<(), &'static str> {
            self.answer("prepare")?;
            self.prepare += 1;
            Ok(())
        }

        fn install_online(&mut self) -> Result<(), &'static str> {
            self.answer("online")?;
            self.online += 1;
            Ok(())
        }

        fn remove_prepare(&mut self) {
            self.prepare -= 1;
        }
    }

    #[test]
    fn both_are_added() {
        let mut states = Fake::refusing(None);

        assert_eq!(setup(&mut states), Ok(()));
        assert_eq!(states.prepare, 1);
        assert_eq!(states.online, 1);
    }

    #[test]
    fn none_is_left_where_one_is_refused() {
        for step in ["prepare", "online"] {
            let mut states = Fake::refusing(Some(step));

            assert_eq!(setup(&mut states), Err(step));
            assert_eq!(states.prepare, 0);
            assert_eq!(states.online, 0);
        }
    }
}
