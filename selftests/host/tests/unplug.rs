// SPDX-License-Identifier: GPL-2.0

//! The boot parameter as a set of words, and the platform device against every
//! answer it can give.

use proptest::{collection::vec, prelude::*, sample::select};
use xen_host_tests::{
    guest::mode::GuestMode,
    hvm::unplug::{
        has_pv_and_legacy_disk_devices,
        has_pv_devices,
        has_pv_disk_devices,
        has_pv_nic_devices,
        parse,
        unplug,
        Ports,
        Unplug, //
    }, //
};

/// The words and their bits in C.
const WORDS: [(&str, u32); 6] = [
    ("ide-disks", 1 << 0),
    ("nics", 1 << 1),
    ("aux-ide-disks", 1 << 2),
    ("all", 7),
    ("unnecessary", 1 << 16),
    ("never", 1 << 17),
];

/// Words, known ones and others, the empty one and prefixes among them.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&WORDS[..]).prop_map(|(word, _)| word.to_owned()),
        4 => (select(&WORDS[..]), 0..13usize)
            .prop_map(|((word, _), length)| word.chars().take(length).collect()),
        1 => "[a-z-]{0,12}",
    ]
}

/// Returns the bits of a word, if it is one.
fn bits(word: &str) -> Option<u32> {
    WORDS
        .iter()
        .find(|&&(known, _)| known == word)
        .map(|&(_, bits)| bits)
}

/// Parses quietly.
fn set(value: &str) -> u32 {
    parse(value.as_bytes(), |_| ()).bits()
}

proptest! {
    #[test]
    fn any_bytes_are_parsed(value in vec(any::<u8>(), 0..80)) {
        let mut reports = 0;
        let set = parse(&value, |rest| {
            reports += 1;
            assert!(value.ends_with(rest));
        });

        prop_assert!(reports <= value.split(|&byte| byte == b',').count());
        prop_assert_eq!(set.bits() & !0x3_0007, 0);
    }

    #[test]
    fn a_value_is_the_set_of_its_words(words in vec(word(), 1..8)) {
        let expected = words.iter().filter_map(|word| bits(word)).fold(0, |set, bits| set | bits);

        prop_assert_eq!(set(&words.join(",")), expected);
    }

    #[test]
    fn neither_order_nor_repetition_matters(
        words in vec(word(), 1..8).prop_flat_map(|words| (Just(words.clone()), Just(words).prop_shuffle())),
    ) {
        let (straight, shuffled) = (words.0.join(","), words.1.join(","));

        prop_assert_eq!(set(&straight), set(&shuffled));
        prop_assert_eq!(set(&straight), set(&[&straight[..], &shuffled].join(",")));
    }

    #[test]
    fn each_other_word_is_reported_with_its_rest(words in vec(word(), 1..8)) {
        let expected: Vec<String> = (0..words.len())
            .filter(|&first| bits(&words[first]).is_none())
            .map(|first| words[first..].join(","))
            .collect();
        let mut reported = Vec::new();

        parse(words.join(",").as_bytes(), |rest| {
            reported.push(String::from_utf8(rest.to_vec()).unwrap());
        });
        prop_assert_eq!(reported, expected);
    }
}

/// A device whose reads give what the test says, then nothing.
struct Device {
    words: Vec<u16>,
    protocol: u8,
    writes: Vec<(u32, u16)>,
}

impl Ports for Device {
    fn inb(&mut self, _: u16) -> u8 {
        self.protocol
    }

    fn inw(&mut self, _: u16) -> u16 {
        self.words.pop().unwrap_or(0xffff)
    }

    fn outw(&mut self, value: u16, port: u16) {
        self.writes.push((value.into(), port));
    }

    fn outl(&mut self, value: u32, port: u16) {
        self.writes.push((value, port));
    }
}

/// Every set of flags.
fn flags() -> impl Strategy<Value = Unplug> {
    (0..8u32, 0..4u32).prop_map(|(devices, reasons)| Unplug::from_bits(devices | reasons << 16))
}

/// Reads of the magic value, the right one among them.
fn magic() -> impl Strategy<Value = Vec<u16>> {
    vec(prop_oneof![3 => Just(0x49d2), 1 => any::<u16>()], 0..3)
}

/// `__xen_has_pv_device` of stock C in an HVM guest.
fn stock_has_pv_device(unplugged: u32, state: u32) -> bool {
    unplugged & state != 0
        || (unplugged != 0
            && unplugged & (1 << 17) == 0
            && (unplugged & 7 != 0 || unplugged & (1 << 16) != 0))
}

proptest! {
    #[test]
    fn devices_go_only_when_the_host_agrees(
        words in magic(),
        protocol in prop_oneof![2 => Just(1), 1 => 0..4u8, 1 => any::<u8>()],
        requested in flags(),
        default in flags(),
    ) {
        let never = requested.bits() & 1 << 17 != 0;
        let unnecessary = requested.bits() & 1 << 16 != 0;
        let present = words.last() == Some(&0x49d2);
        let agreed = present && protocol == 1 && words.len() > 1 && words[words.len() - 2] == 0x49d2;
        let set = if requested == Unplug::NONE { default } else { requested };
        let mut device = Device { words, protocol, writes: Vec::new() };

        let answer = unplug(GuestMode::Hvm, requested, default, &mut device, |_| ());

        let mut expected = Vec::new();
        if !never && present && protocol == 1 {
            expected.extend([(3, 0x12), (1, 0x10)]);
            if agreed && set.bits() & 1 << 16 == 0 {
                expected.push((set.bits() & 0xffff, 0x10));
            }
        }
        prop_assert_eq!(device.writes, expected);
        prop_assert_eq!(
            answer,
            (!never && (agreed || (!present && unnecessary))).then_some(set)
        );
    }

    #[test]
    fn policy_is_that_of_stock_c(requested in flags(), default in 0..4u32) {
        let mut device = Device { words: vec![0x49d2; 2], protocol: 1, writes: Vec::new() };
        let unplugged = unplug(
            GuestMode::Hvm,
            requested,
            Unplug::from_bits(default),
            &mut device,
            |_| (),
        )
        .unwrap_or(Unplug::NONE);
        let bits = unplugged.bits();

        prop_assert_eq!(has_pv_devices(GuestMode::Hvm, unplugged), stock_has_pv_device(bits, 0));
        prop_assert_eq!(has_pv_nic_devices(GuestMode::Hvm, unplugged), stock_has_pv_device(bits, 2 | 7));
        prop_assert_eq!(has_pv_disk_devices(GuestMode::Hvm, unplugged), stock_has_pv_device(bits, 1 | 4 | 7));
        prop_assert_eq!(
            has_pv_and_legacy_disk_devices(GuestMode::Hvm, unplugged),
            bits & 1 << 16 != 0
        );
    }
}
