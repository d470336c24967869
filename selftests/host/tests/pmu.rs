// SPDX-License-Identifier: GPL-2.0

//! Where the counters' page has MSRs, against the manuals' tables written out.

use proptest::prelude::*;
use xen_host_tests::abi::pmu::{Bank, Register};
use xen_host_tests::cpu::pmu::msr::{Counters, Pmc, Vendor};

/// All MSRs of `count` counters of AMD's, `step` apart, and their registers.
fn amd(counter: u32, control: u32, step: u32, count: u32) -> Vec<(u32, Register)> {
    (0..count)
        .flat_map(|index| {
            [
                (counter + index * step, Register::InBank(Bank::First, index)),
                (
                    control + index * step,
                    Register::InBank(Bank::Second, index),
                ),
            ]
        })
        .collect()
}

/// All MSRs of Intel's counters, and their registers.
fn intel(general: u32, fixed: u32) -> Vec<(u32, Register)> {
    let mut table = vec![
        (0x38d, Register::FixedControl),
        (0x38e, Register::GlobalStatus),
        (0x38f, Register::GlobalControl),
        (0x390, Register::GlobalOverflowControl),
    ];

    for index in 0..fixed {
        table.push((0x309 + index, Register::InBank(Bank::First, index)));
    }
    for index in 0..general {
        table.push((0xc1 + index, Register::InBank(Bank::Second, 2 * index)));
        table.push((0x4c1 + index, Register::InBank(Bank::Second, 2 * index)));
        table.push((0x186 + index, Register::InBank(Bank::Second, 2 * index + 1)));
    }
    table
}

/// A vendor, and the table of its counters' MSRs.
fn machine() -> impl Strategy<Value = (Counters, Vec<(u32, Register)>)> {
    let k7 = || amd(0xc001_0004, 0xc001_0000, 1, 4);
    let f15h = move || {
        let mut table = amd(0xc001_0201, 0xc001_0200, 2, 6);

        table.extend(k7());
        table
    };

    prop_oneof![
        (0..=0xffu8).prop_map(move |family| {
            let table = if family == 0x15 { f15h() } else { k7() };

            (Counters::new(Vendor::Amd(family)), table)
        }),
        // More than 67 counters would reach beyond what their MSRs have room for.
        (0..=64u32, 0..=31u32, any::<u32>()).prop_map(|(general, fixed, noise)| {
            let eax = general << 8 | noise & 0xffff_00ff;
            let edx = fixed | noise & 0xffff_ffe0;

            (
                Counters::new(Vendor::Intel(eax, edx)),
                intel(general, fixed),
            )
        }),
        Just((Counters::new(Vendor::Other), Vec::new())),
    ]
}

/// MSRs, with those around the counters' among them.
fn msr() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0..0x800u32,
        0xc000_fff0..0xc001_0020u32,
        0xc001_01f0..0xc001_0220u32,
    ]
}

proptest! {
    #[test]
    fn an_msr_is_where_the_table_has_it((counters, table) in machine(), msr in msr()) {
        let listed = table.iter().find(|(number, _)| *number == msr);

        prop_assert_eq!(counters.locate(msr), listed.map(|(_, register)| *register));
    }

    #[test]
    fn every_listed_msr_is_found((counters, table) in machine()) {
        for (msr, register) in table {
            prop_assert_eq!(counters.locate(msr), Some(register));
        }
    }

    #[test]
    fn rdpmc_reads_what_rdmsr_does((counters, _) in machine(), counter in any::<u32>()) {
        let counter = Pmc(counter & (1 << 30 | 0x3f));
        let register = counters.locate_pmc(counter);

        prop_assert_eq!(
            register,
            counters.msr_of_pmc(counter).and_then(|msr| counters.locate(msr))
        );
        prop_assert_eq!(register.is_some(), counters.msr_of_pmc(counter).is_some());
    }

    #[test]
    fn no_register_is_beyond_the_page(
        bank_offset in any::<u32>(),
        index in any::<u32>(),
        first in any::<bool>(),
    ) {
        let bank = if first { Bank::First } else { Bank::Second };
        let place = 96 + u64::from(bank_offset) + 8 * u64::from(index);
        let expected = usize::try_from(place)
            .ok()
            .filter(|place| place + 8 <= 4096 && place % 8 == 0);

        prop_assert_eq!(
            Register::InBank(bank, index).offset(|_| bank_offset),
            expected
        );
    }
}
