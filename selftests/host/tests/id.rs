// SPDX-License-Identifier: GPL-2.0

//! Names against the ranges that the interface gives them.

use proptest::prelude::*;
use xen_host_tests::abi::id::{DomId, EvtchnPort, GrantRef, VcpuId};

/// Numbers of every size, and those at both ends of the range.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (any::<u32>(), 0..32u32).prop_map(|(raw, shift)| raw >> shift),
        (0..4u32).prop_map(|step| step.wrapping_sub(2)),
        0x1_fffe..0x2_0002u32,
    ]
}

#[test]
fn domains_split_into_ordinary_and_reserved() {
    for raw in 0..=u16::MAX {
        let ordinary = raw < 0x7ff0;

        assert_eq!(DomId::new(raw).map(DomId::get), ordinary.then_some(raw));
        assert!(DomId::new(raw).is_none_or(|domain| !domain.is_reserved()));
    }
}

proptest! {
    #[test]
    fn the_other_names_keep_their_range(raw in number()) {
        let not_the_marker = (raw != u32::MAX).then_some(raw);

        prop_assert_eq!(VcpuId::new(raw).map(VcpuId::get), not_the_marker);
        prop_assert_eq!(GrantRef::new(raw).map(GrantRef::get), not_the_marker);
        prop_assert_eq!(
            EvtchnPort::new(raw).map(EvtchnPort::get),
            (0 < raw && raw < 131_072).then_some(raw)
        );
    }

    #[test]
    fn only_legacy_vcpus_are_in_shared_info(raw in prop_oneof![number(), 0..64u32]) {
        let index = VcpuId::new(raw).and_then(VcpuId::legacy_index);

        prop_assert_eq!(index, (raw < 32).then_some(raw as usize));
    }
}
