// SPDX-License-Identifier: GPL-2.0

//! Frame numbers and addresses against integers that cannot overflow.

use proptest::prelude::*;
use xen_host_tests::abi::frame::{
    Gfn, Maddr, Mfn, Paddr, Pfn, ADDRESS_BITS, FRAME_BITS, PAGE_SIZE,
};

/// Numbers of every size, with those around the limits among them.
fn number() -> impl Strategy<Value = u64> {
    let near =
        |limit: u64| (0..4u64).prop_map(move |step| limit.wrapping_add(step).wrapping_sub(2));

    prop_oneof![
        any::<u64>(),
        (any::<u64>(), 0..64u32).prop_map(|(raw, shift)| raw >> shift),
        near(0),
        near(1 << FRAME_BITS),
        near(1 << ADDRESS_BITS),
    ]
}

/// Checks one newtype of `$bits` bits.
macro_rules! model {
    ($test:ident, $name:ident, $bits:expr) => {
        proptest! {
            #[test]
            fn $test(raw in number(), other in number()) {
                let limit = 1u128 << $bits;
                let model = |value: Option<u128>| {
                    value
                        .filter(|&value| value < limit)
                        .map(|value| u64::try_from(value).unwrap())
                };
                let (wide, wide_other) = (u128::from(raw), u128::from(other));

                prop_assert_eq!($name::new(raw).map($name::get), model(Some(wide)));
                let Some(value) = $name::new(raw) else {
                    return Ok(());
                };
                prop_assert_eq!(
                    value.checked_add(other).map($name::get),
                    model(wide.checked_add(wide_other))
                );
                prop_assert_eq!(
                    value.checked_sub(other).map($name::get),
                    model(wide.checked_sub(wide_other))
                );
                if let Some(origin) = $name::new(other) {
                    prop_assert_eq!(
                        value.checked_offset_from(origin).map(u128::from),
                        wide.checked_sub(wide_other)
                    );
                    prop_assert_eq!(value.cmp(&origin), raw.cmp(&other));
                }
            }
        }
    };
}

model!(pfn, Pfn, FRAME_BITS);
model!(mfn, Mfn, FRAME_BITS);
model!(gfn, Gfn, FRAME_BITS);
model!(maddr, Maddr, ADDRESS_BITS);
model!(paddr, Paddr, ADDRESS_BITS);

proptest! {
    #[test]
    fn an_address_is_its_frame_and_the_offset(raw in 0..1u64 << ADDRESS_BITS) {
        let address = Maddr::new(raw).unwrap();

        prop_assert!(address.page_offset() < PAGE_SIZE);
        prop_assert_eq!(
            address.frame().base().checked_add(address.page_offset()),
            Some(address)
        );
        prop_assert_eq!(address.frame().get(), raw / PAGE_SIZE);
        prop_assert_eq!(Paddr::new(raw).unwrap().frame().get(), raw / PAGE_SIZE);
    }

    #[test]
    fn a_frame_is_the_frame_of_its_base(raw in 0..1u64 << FRAME_BITS) {
        let (pfn, mfn) = (Pfn::new(raw).unwrap(), Mfn::new(raw).unwrap());

        prop_assert_eq!(pfn.base().frame(), pfn);
        prop_assert_eq!(mfn.base().frame(), mfn);
        prop_assert_eq!(pfn.base().page_offset(), 0);
    }
}
