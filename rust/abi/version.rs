// SPDX-License-Identifier: GPL-2.0

//! Which Xen this is.
//!
//! C ancestor: `include/xen/interface/version.h`.

use core::mem::size_of;

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// `XENVER_version`, which has no structure.
pub const VERSION: u32 = 0;
/// `XENVER_extraversion`.
pub const EXTRAVERSION: u32 = 1;

/// Xen's version. Later ones are greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// The number before the point.
    pub major: u32,
    /// The number behind it.
    pub minor: u32,
}

impl Version {
    /// Takes apart what Xen answers: 16 bits each.
    pub const fn from_answer(answer: u64) -> Self {
        Self {
            // CAST: Cut to the bits that have a meaning.
            major: (answer >> 16) as u16 as u32,
            // CAST: As above.
            minor: answer as u16 as u32,
        }
    }
}

/// What follows the numbers, such as ".7" or "-rc1".
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Extraversion {
    /// Text up to a zero, or to the end.
    pub(crate) text: [u8; 16],
}

impl Extraversion {
    /// Nothing follows.
    pub const NONE: Self = Self { text: [0; 16] };

    /// Returns the text.
    pub fn as_bytes(&self) -> &[u8] {
        self.text
            .split(|&byte| byte == 0)
            .next()
            .unwrap_or_default()
    }
}

const _: () = assert!(size_of::<Extraversion>() == 16);

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_version))]
mod tests {
    use super::*;

    const fn version(major: u32, minor: u32) -> Version {
        Version { major, minor }
    }

    #[test]
    fn an_answer_has_two_numbers() {
        assert_eq!(Version::from_answer(0x0004_0011), version(4, 17));
        assert_eq!(Version::from_answer(0xffff_ffff), version(0xffff, 0xffff));
        assert_eq!(Version::from_answer(0), version(0, 0));
    }

    #[test]
    fn the_major_number_decides_first() {
        assert!(version(4, 2) >= version(4, 2));
        assert!(version(4, 17) >= version(4, 2));
        assert!(version(5, 0) >= version(4, 2));
        assert!(version(4, 1) < version(4, 2));
        assert!(version(3, 9) < version(4, 2));
    }

    #[test]
    fn text_ends_at_a_zero_or_at_the_end() {
        assert_eq!(Extraversion::NONE.as_bytes(), b"");
        let short = Extraversion {
            text: *b".7\0stale bytes..",
        };
        assert_eq!(short.as_bytes(), b".7");
        let full = Extraversion {
            text: *b".7-sixteen-bytes",
        };
        assert_eq!(full.as_bytes(), b".7-sixteen-bytes");
    }
}
