// SPDX-License-Identifier: GPL-2.0

//! Unplugging of emulated devices, and which PV drivers may run.
//!
//! An HVM guest finds each of its disks and NICs twice: emulated, for the
//! firmware and for systems without PV drivers, and as a PV device. Both lead
//! to the same disk, so one of the two must go before any driver looks. What
//! was unplugged decides in turn which PV drivers load. The other guest modes
//! have no emulated devices and no such question.
//!
//! The user decides with the boot parameter `xen_emul_unplug`, which is parsed
//! here; [`unplug`] does what it says.
//!
//! C ancestor: `platform-pci-unplug.c`.

use core::ops::BitOr;

use crate::guest::mode::GuestMode;

mod device;

pub use device::{
    unplug,
    Event,
    Ports, //
};

/// A set of things to unplug, or of reasons not to: `XEN_UNPLUG_*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(transparent)]
pub struct Unplug(u32);

impl Unplug {
    /// Nothing was asked for, or nothing was done.
    pub const NONE: Self = Self(0);
    /// All IDE disks, not CD-ROM drives.
    pub const ALL_IDE_DISKS: Self = Self(1 << 0);
    /// All NICs.
    pub const ALL_NICS: Self = Self(1 << 1);
    /// All IDE disks but the primary master.
    pub const AUX_IDE_DISKS: Self = Self(1 << 2);
    /// All that can be unplugged.
    pub const ALL: Self = Self(0b111);
    /// Unplug nothing: the user says that the two kinds do not collide.
    pub const UNNECESSARY: Self = Self(1 << 16);
    /// Unplug nothing, and use no PV device.
    pub const NEVER: Self = Self(1 << 17);

    /// What must go if the user does not say: each kind of device for which
    /// this kernel has a PV frontend, built in or as a module.
    pub const DEFAULT: Self = Self(
        (if cfg!(CONFIG_XEN_NETDEV_FRONTEND) {
            Self::ALL_NICS.0
        } else {
            0
        }) | (if cfg!(CONFIG_XEN_BLKDEV_FRONTEND) {
            Self::ALL_IDE_DISKS.0
        } else {
            0
        }),
    );

    /// Takes bits that [`Unplug::bits`] returned.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & (Self::ALL.0 | Self::UNNECESSARY.0 | Self::NEVER.0))
    }

    /// Returns the bits, which fit a C `int`.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Returns whether anything of `other` is in the set.
    const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the part that the platform device understands.
    fn devices(self) -> u16 {
        let [low, high, _, _] = self.0.to_le_bytes();

        u16::from_le_bytes([low, high])
    }
}

impl BitOr for Unplug {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Parses a value of the boot parameter `xen_emul_unplug`.
///
/// The value is a list of words with commas between them. Each word that is
/// none is passed to `unrecognised` together with all that follows it, and is
/// ignored.
pub fn parse(value: &[u8], mut unrecognised: impl FnMut(&[u8])) -> Unplug {
    let mut set = Unplug::NONE;
    let mut rest = Some(value);

    while let Some(from_word) = rest {
        let mut parts = from_word.splitn(2, |&byte| byte == b',');
        let word = parts.next().unwrap_or_default();

        rest = parts.next();
        match word_meaning(word) {
            Some(meaning) => set = set | meaning,
            None => unrecognised(from_word),
        }
    }
    set
}

/// Returns what one word asks for.
fn word_meaning(word: &[u8]) -> Option<Unplug> {
    match word {
        b"all" => Some(Unplug::ALL),
        b"ide-disks" => Some(Unplug::ALL_IDE_DISKS),
        b"aux-ide-disks" => Some(Unplug::AUX_IDE_DISKS),
        b"nics" => Some(Unplug::ALL_NICS),
        b"unnecessary" => Some(Unplug::UNNECESSARY),
        b"never" => Some(Unplug::NEVER),
        _ => None,
    }
}

/// Returns whether PV devices may be used.
///
/// In an HVM guest, one kind unplugged is enough for all kinds to say yes.
/// That looks like an oversight, but guests that unplug only their NICs have
/// been running with PV disks because of it.
pub fn has_pv_devices(mode: GuestMode, unplugged: Unplug) -> bool {
    match mode {
        GuestMode::Native => false,
        GuestMode::Pv | GuestMode::Pvh => true,
        GuestMode::Hvm => {
            !unplugged.intersects(Unplug::NEVER)
                && unplugged.intersects(Unplug::ALL | Unplug::UNNECESSARY)
        }
    }
}

/// Returns whether PV NICs may be used.
pub fn has_pv_nic_devices(mode: GuestMode, unplugged: Unplug) -> bool {
    has_pv_devices(mode, unplugged)
}

/// Returns whether PV disks may be used.
pub fn has_pv_disk_devices(mode: GuestMode, unplugged: Unplug) -> bool {
    has_pv_devices(mode, unplugged)
}

/// Returns whether PV disks are used beside emulated ones, so that the two
/// must not take each other's device names.
pub fn has_pv_and_legacy_disk_devices(mode: GuestMode, unplugged: Unplug) -> bool {
    match mode {
        GuestMode::Native | GuestMode::Pv => false,
        GuestMode::Pvh | GuestMode::Hvm => unplugged.intersects(Unplug::UNNECESSARY),
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_hvm_unplug))]
mod tests {
    use super::*;

    const MODES: [GuestMode; 4] = [
        GuestMode::Native,
        GuestMode::Pv,
        GuestMode::Pvh,
        GuestMode::Hvm,
    ];

    /// Parses `value`; returns the set, and which bytes from its end on were
    /// last reported, and how many reports there were.
    fn parse_and_report(value: &[u8]) -> (Unplug, usize, usize) {
        let (mut last, mut reports) = (0, 0);
        let set = parse(value, |rest| {
            last = rest.len();
            reports += 1;
        });

        (set, last, reports)
    }

    #[test]
    fn each_word_has_its_bit() {
        for (word, bits) in [
            (&b"ide-disks"[..], 1 << 0),
            (b"nics", 1 << 1),
            (b"aux-ide-disks", 1 << 2),
            (b"all", 7),
            (b"unnecessary", 1 << 16),
            (b"never", 1 << 17),
        ] {
            assert_eq!(parse_and_report(word), (Unplug(bits), 0, 0));
        }
    }

    #[test]
    fn words_add_up() {
        assert_eq!(
            parse_and_report(b"nics,ide-disks,nics"),
            (Unplug::ALL_NICS | Unplug::ALL_IDE_DISKS, 0, 0)
        );
    }

    #[test]
    fn an_unknown_word_is_reported_with_its_rest() {
        assert_eq!(
            parse_and_report(b"nics,floppy,all"),
            (Unplug::ALL, b"floppy,all".len(), 1)
        );
    }

    #[test]
    fn a_prefix_is_no_word() {
        assert_eq!(parse_and_report(b"n"), (Unplug::NONE, 1, 1));
        assert_eq!(parse_and_report(b"nic"), (Unplug::NONE, 3, 1));
        assert_eq!(parse_and_report(b"nics "), (Unplug::NONE, 5, 1));
        assert_eq!(parse_and_report(b"NICS"), (Unplug::NONE, 4, 1));
    }

    #[test]
    fn an_empty_word_asks_for_nothing() {
        assert_eq!(parse_and_report(b""), (Unplug::NONE, 0, 1));
        assert_eq!(parse_and_report(b"nics,"), (Unplug::ALL_NICS, 0, 1));
        assert_eq!(parse_and_report(b",nics"), (Unplug::ALL_NICS, 5, 1));
        assert_eq!(parse_and_report(b",,"), (Unplug::NONE, 0, 3));
    }

    #[test]
    fn bits_round_trip() {
        for set in [
            Unplug::NONE,
            Unplug::ALL,
            Unplug::UNNECESSARY,
            Unplug::NEVER,
        ] {
            assert_eq!(Unplug::from_bits(set.bits()), set);
        }
        assert_eq!(Unplug::from_bits(u32::MAX).bits(), 0x3_0007);
    }

    #[test]
    fn the_device_learns_of_devices_only() {
        assert_eq!(Unplug::from_bits(u32::MAX).devices(), 7);
        assert_eq!(Unplug::UNNECESSARY.devices(), 0);
    }

    #[test]
    fn other_modes_do_not_depend_on_unplugging() {
        for set in [Unplug::NONE, Unplug::ALL, Unplug::NEVER] {
            assert!(!has_pv_devices(GuestMode::Native, set));
            assert!(has_pv_devices(GuestMode::Pv, set));
            assert!(has_pv_devices(GuestMode::Pvh, set));
        }
    }

    #[test]
    fn hvm_has_pv_devices_once_something_is_unplugged() {
        for (set, expected) in [
            (Unplug::NONE, false),
            (Unplug::NEVER, false),
            (Unplug::NEVER | Unplug::ALL, false),
            (Unplug::ALL, true),
            (Unplug::ALL_NICS, true),
            (Unplug::AUX_IDE_DISKS, true),
            (Unplug::UNNECESSARY, true),
        ] {
            assert_eq!(has_pv_devices(GuestMode::Hvm, set), expected);
            assert_eq!(has_pv_nic_devices(GuestMode::Hvm, set), expected);
            assert_eq!(has_pv_disk_devices(GuestMode::Hvm, set), expected);
        }
    }

    #[test]
    fn both_kinds_of_disk_only_if_the_user_says_so() {
        for mode in MODES {
            let hardware = matches!(mode, GuestMode::Pvh | GuestMode::Hvm);

            assert!(!has_pv_and_legacy_disk_devices(mode, Unplug::ALL));
            assert_eq!(
                has_pv_and_legacy_disk_devices(mode, Unplug::UNNECESSARY),
                hardware
            );
        }
    }
}
