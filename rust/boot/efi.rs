// SPDX-License-Identifier: GPL-2.0

//! The EFI firmware behind Xen, as dom0 sees it.
//!
//! Xen keeps the firmware to itself: dom0 gets no system table from its boot
//! loader. It asks Xen for the few facts that Linux reads from one and makes
//! up a table of its own, with all services left out; runtime calls go to Xen
//! as hypercalls.
//!
//! In a PVH dom0 this runs before there is an IDT and before `.bss` is
//! cleared: nothing here may fault or panic, or use a static variable.
//!
//! C ancestor: `efi.c`.

use crate::abi::{
    errno::XenErrno,
    platform::EfiConfigTable, //
};

/// What dom0 can ask Xen about the firmware.
///
/// Each method is one hypercall, and says what Xen said.
pub trait Firmware {
    /// Returns whether Xen answers this domain at all.
    fn is_initial_domain(&self) -> bool;

    /// Asks for the configuration tables. Xen refuses on a machine without
    /// EFI.
    fn config_table(&mut self) -> Result<EfiConfigTable, XenErrno>;

    /// Routes Linux's runtime calls to Xen.
    fn setup_runtime(&mut self);

    /// Asks for the vendor: fetches the name into a buffer that lives as long
    /// as the kernel, and returns the revision.
    fn vendor(&mut self) -> Result<u32, XenErrno>;

    /// Asks for the revision of the system table.
    fn version(&mut self) -> Result<u32, XenErrno>;

    /// Asks for the revision of the runtime services.
    fn runtime_version(&mut self) -> Result<u32, XenErrno>;
}

/// What the system table is to say about the vendor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vendor {
    /// Xen did not tell: the name is `UNKNOWN`, the revision 0.
    Unknown,
    /// The name is in the buffer.
    Known {
        /// `fw_revision`.
        revision: u32,
    },
}

/// What goes into the system table that dom0 makes up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemTable {
    /// `tables` and `nr_tables`.
    pub config: EfiConfigTable,
    /// `fw_vendor` and `fw_revision`.
    pub vendor: Vendor,
    /// `hdr.revision`; 0 if Xen did not tell.
    pub revision: u32,
    /// `efi.runtime_version`, to be left alone if Xen did not tell.
    pub runtime_version: Option<u32>,
}

/// Finds out whether Xen runs on EFI, and if so, what there is to know of it.
///
/// Only the configuration tables are indispensable.
///
/// Becomes part of its caller, which is freed after boot: it may call what is
/// freed, too.
#[inline(always)]
pub fn probe(firmware: &mut impl Firmware) -> Option<SystemTable> {
    if !firmware.is_initial_domain() {
        return None;
    }
    let config = firmware.config_table().ok()?;

    // Before anything can ask for a runtime service.
    firmware.setup_runtime();

    Some(SystemTable {
        config,
        vendor: firmware
            .vendor()
            .map_or(Vendor::Unknown, |revision| Vendor::Known { revision }),
        revision: firmware.version().unwrap_or(0),
        runtime_version: firmware.runtime_version().ok(),
    })
}

/// `enum efi_secureboot_mode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SecureBoot {
    /// Nobody has looked.
    Unset = 0,
    /// The firmware does not answer.
    Unknown = 1,
    /// Off, or switched off in the shim.
    Disabled = 2,
    /// On.
    Enabled = 3,
}

/// What to tell the user about secure boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The firmware does not answer.
    Undetermined,
    /// It is on.
    Enabled,
}

impl SecureBoot {
    /// Returns the value for `boot_params`.
    pub const fn get(self) -> u8 {
        // CAST: `repr(u8)`, and `From` is not const.
        self as u8
    }

    /// Corrects the firmware's mode by what the user told the shim, and says
    /// what to tell the user.
    ///
    /// The shim puts itself between firmware and Xen and can be told not to
    /// check signatures. `mok_sb_state` reads its variable `MokSBStateRT`; it
    /// is called only where it matters. If the variable cannot be read, the
    /// shim is taken to be secure.
    pub fn with_shim(self, mok_sb_state: impl FnOnce() -> Option<u8>) -> (Self, Option<Event>) {
        match self {
            Self::Unset | Self::Disabled => (self, None),
            Self::Unknown => (self, Some(Event::Undetermined)),
            Self::Enabled => match mok_sb_state() {
                Some(1) => (Self::Disabled, None),
                _ => (self, Some(Event::Enabled)),
            },
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_efi))]
mod tests {
    use super::*;

    /// A method of [`Firmware`].
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Call {
        ConfigTable,
        SetupRuntime,
        Vendor,
        Version,
        RuntimeVersion,
    }

    /// A firmware that answers as told and remembers who was asked.
    struct Fake {
        initial: bool,
        config: Result<EfiConfigTable, XenErrno>,
        vendor: Result<u32, XenErrno>,
        version: Result<u32, XenErrno>,
        runtime: Result<u32, XenErrno>,
        calls: [Option<Call>; 8],
    }

    impl Fake {
        /// A firmware that answers everything.
        const WILLING: Self = Self {
            initial: true,
            config: Ok(EfiConfigTable::new(0x7f00_0000, 9)),
            vendor: Ok(0x1_0002),
            version: Ok(0x2_0046),
            runtime: Ok(0x2_0050),
            calls: [None; 8],
        };

        fn push(&mut self, call: Call) {
            if let Some(free) = self.calls.iter_mut().find(|call| call.is_none()) {
                *free = Some(call);
            }
        }

        /// Returns whether the calls were exactly these.
        fn called(&self, expected: &[Call]) -> bool {
            self.calls.iter().flatten().eq(expected)
        }
    }

    impl Firmware for Fake {
        fn is_initial_domain(&self) -> bool {
            self.initial
        }

        fn config_table(&mut self) -> Result<EfiConfigTable, XenErrno> {
            self.push(Call::ConfigTable);
            self.config
        }

        fn setup_runtime(&mut self) {
            self.push(Call::SetupRuntime);
        }

        fn vendor(&mut self) -> Result<u32, XenErrno> {
            self.push(Call::Vendor);
            self.vendor
        }

        fn version(&mut self) -> Result<u32, XenErrno> {
            self.push(Call::Version);
            self.version
        }

        fn runtime_version(&mut self) -> Result<u32, XenErrno> {
            self.push(Call::RuntimeVersion);
            self.runtime
        }
    }

    /// What [`probe`] asks of a machine with EFI.
    const ALL_CALLS: [Call; 5] = [
        Call::ConfigTable,
        Call::SetupRuntime,
        Call::Vendor,
        Call::Version,
        Call::RuntimeVersion,
    ];

    /// What it learns from [`Fake::WILLING`].
    const TABLE: SystemTable = SystemTable {
        config: EfiConfigTable::new(0x7f00_0000, 9),
        vendor: Vendor::Known { revision: 0x1_0002 },
        revision: 0x2_0046,
        runtime_version: Some(0x2_0050),
    };

    #[test]
    fn all_answers_are_used() {
        let mut firmware = Fake::WILLING;

        assert_eq!(probe(&mut firmware), Some(TABLE));
        assert!(firmware.called(&ALL_CALLS));
    }

    #[test]
    fn other_domains_do_not_ask() {
        let mut firmware = Fake {
            initial: false,
            ..Fake::WILLING
        };

        assert_eq!(probe(&mut firmware), None);
        assert!(firmware.called(&[]));
    }

    #[test]
    fn without_efi_nothing_is_set_up() {
        for errno in [XenErrno::EINVAL, XenErrno::EOPNOTSUPP, XenErrno::ENOSYS] {
            let mut firmware = Fake {
                config: Err(errno),
                ..Fake::WILLING
            };

            assert_eq!(probe(&mut firmware), None);
            assert!(firmware.called(&[Call::ConfigTable]));
        }
    }

    #[test]
    fn a_vendor_that_is_not_told_is_unknown() {
        let mut firmware = Fake {
            vendor: Err(XenErrno::EFAULT),
            ..Fake::WILLING
        };
        let expected = SystemTable {
            vendor: Vendor::Unknown,
            ..TABLE
        };

        assert_eq!(probe(&mut firmware), Some(expected));
        assert!(firmware.called(&ALL_CALLS));
    }

    #[test]
    fn a_revision_that_is_not_told_is_zero() {
        let mut firmware = Fake {
            version: Err(XenErrno::EINVAL),
            ..Fake::WILLING
        };
        let expected = SystemTable {
            revision: 0,
            ..TABLE
        };

        assert_eq!(probe(&mut firmware), Some(expected));
        assert!(firmware.called(&ALL_CALLS));
    }

    #[test]
    fn a_runtime_version_that_is_not_told_is_left_alone() {
        let mut firmware = Fake {
            runtime: Err(XenErrno::EINVAL),
            ..Fake::WILLING
        };
        let expected = SystemTable {
            runtime_version: None,
            ..TABLE
        };

        assert_eq!(probe(&mut firmware), Some(expected));
        assert!(firmware.called(&ALL_CALLS));
    }

    #[test]
    fn secure_boot_modes_have_the_values_of_the_boot_protocol() {
        assert_eq!(SecureBoot::Unset.get(), 0);
        assert_eq!(SecureBoot::Unknown.get(), 1);
        assert_eq!(SecureBoot::Disabled.get(), 2);
        assert_eq!(SecureBoot::Enabled.get(), 3);
    }

    #[test]
    fn the_shim_is_asked_only_if_secure_boot_is_on() {
        for (mode, event) in [
            (SecureBoot::Unset, None),
            (SecureBoot::Unknown, Some(Event::Undetermined)),
            (SecureBoot::Disabled, None),
        ] {
            let mut asked = false;
            let answer = mode.with_shim(|| {
                asked = true;
                Some(1)
            });

            assert_eq!(answer, (mode, event));
            assert!(!asked);
        }
    }

    #[test]
    fn only_an_insecure_shim_switches_secure_boot_off() {
        assert_eq!(
            SecureBoot::Enabled.with_shim(|| Some(1)),
            (SecureBoot::Disabled, None)
        );
        for state in [None, Some(0), Some(2), Some(0xff)] {
            assert_eq!(
                SecureBoot::Enabled.with_shim(|| state),
                (SecureBoot::Enabled, Some(Event::Enabled))
            );
        }
    }
}
