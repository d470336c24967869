// SPDX-License-Identifier: GPL-2.0

//! Answers about the firmware against the bytes of the C structure.

use proptest::{array::uniform16, prelude::*};
use xen_host_tests::abi::platform::{EfiInfo, FirmwareInfo};
use zerocopy::{FromBytes, IntoBytes};

/// Offset of the union in `struct xen_platform_op`.
const UNION: usize = 16;

/// Reads a little-endian number.
fn number<const N: usize>(bytes: &[u8]) -> u64 {
    bytes[..N]
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

proptest! {
    #[test]
    fn answers_lie_where_c_puts_them(answer in uniform16(any::<u8>())) {
        let mut bytes = [0; size_of::<FirmwareInfo>()];
        bytes[UNION..UNION + 16].copy_from_slice(&answer);
        let op = FirmwareInfo::read_from_bytes(&bytes).unwrap();

        prop_assert_eq!(u64::from(op.version()), number::<4>(&answer));
        prop_assert_eq!(u64::from(op.vendor_revision()), number::<4>(&answer));
        prop_assert_eq!(op.config_table().addr, number::<8>(&answer));
        prop_assert_eq!(u64::from(op.config_table().nent), number::<4>(&answer[8..]));
    }

    #[test]
    fn the_buffer_lies_where_c_puts_it(name: u64, size: u32) {
        let op = FirmwareInfo::vendor(name, size);
        let bytes = op.as_bytes();

        prop_assert_eq!(number::<4>(&bytes[UNION + 4..]), u64::from(size));
        prop_assert_eq!(number::<8>(&bytes[UNION + 8..]), name);
    }
}

#[test]
fn questions_leave_the_rest_zero() {
    for piece in [
        EfiInfo::ConfigTable,
        EfiInfo::Version,
        EfiInfo::RuntimeVersion,
    ] {
        let op = FirmwareInfo::new(piece);

        assert_eq!(number::<4>(op.as_bytes()), 50);
        assert_eq!(number::<4>(&op.as_bytes()[4..]), 0x0300_0001);
        assert!(op.as_bytes()[UNION..].iter().all(|&byte| byte == 0));
    }
}
