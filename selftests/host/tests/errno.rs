// SPDX-License-Identifier: GPL-2.0

//! Answers of hypercalls against their definition.

use proptest::prelude::*;
use xen_host_tests::abi::errno::XenErrno;

proptest! {
    #[test]
    fn every_answer_is_result_or_errno(
        answer in prop_oneof![any::<i64>(), -5000..5000i64, -4097..-4093i64, any::<i32>().prop_map(i64::from)],
    ) {
        let expected = match i128::from(answer) {
            result @ 0.. => Ok(result),
            errno @ -4095..=-1 => Err(errno),
            _ => Err(-5),
        };

        prop_assert_eq!(
            XenErrno::result(answer)
                .map(i128::from)
                .map_err(|errno| i128::from(errno.to_errno())),
            expected
        );
    }

    #[test]
    fn an_errno_survives_the_way_through_a_register(raw in 1..=4095i32) {
        let errno = XenErrno::new(raw).unwrap();

        prop_assert_eq!(errno.get(), raw);
        prop_assert_eq!(XenErrno::result(i64::from(errno.to_errno())), Err(errno));
    }
}
