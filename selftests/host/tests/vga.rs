// SPDX-License-Identifier: GPL-2.0

//! Records of the screen against a table of what C takes from them.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use xen_host_tests::boot::vga::{decode, FrameBuffer, Screen, TextMode};

/// Fields of `screen_info` and their values.
type Fields = BTreeMap<&'static str, u64>;

/// A field of `screen_info`: where the record has it, and how many bytes.
type Row = (&'static str, usize, usize);

/// What a text record of at least 14 bytes sets, each cut to 8 bits but the
/// last.
const TEXT: [Row; 5] = [
    ("orig_video_lines", 10, 1),
    ("orig_video_cols", 12, 1),
    ("orig_x", 6, 1),
    ("orig_y", 8, 1),
    ("orig_video_points", 4, 2),
];

/// What a frame buffer record of at least 28 bytes sets.
const LFB: [Row; 14] = [
    ("lfb_width", 4, 2),
    ("lfb_height", 6, 2),
    ("lfb_linelength", 8, 2),
    ("lfb_depth", 10, 2),
    ("lfb_base", 12, 4),
    ("lfb_size", 16, 4),
    ("red_pos", 20, 1),
    ("red_size", 21, 1),
    ("green_pos", 22, 1),
    ("green_size", 23, 1),
    ("blue_pos", 24, 1),
    ("blue_size", 25, 1),
    ("rsvd_pos", 26, 1),
    ("rsvd_size", 27, 1),
];

/// Reads one row of a table from a record that has it.
fn value(record: &[u8], (_, offset, size): Row) -> u64 {
    record[offset..offset + size]
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// What stock C sets for a record, with `orig_video_isVGA` for its type.
fn expected(record: &[u8]) -> Fields {
    let set = |rows: &[Row]| {
        rows.iter()
            .map(|&row| (row.0, value(record, row)))
            .collect()
    };
    let mut fields: Fields = BTreeMap::new();

    match (record.first(), record.len()) {
        (Some(0x03), 14..) => {
            fields = set(&TEXT);
            fields.insert("orig_video_isVGA", 1);
        }
        (Some(&kind @ (0x23 | 0x70)), size @ 28..) => {
            fields = set(&LFB);
            fields.insert("orig_video_isVGA", u64::from(kind));
            if size >= 40 && value(record, ("", 36, 4)) != 0 {
                fields.insert("ext_lfb_base", value(record, ("", 36, 4)));
            }
            if size >= 34 && kind == 0x23 {
                fields.insert("vesa_attributes", value(record, ("", 32, 2)));
            }
        }
        _ => {}
    }
    fields
}

/// The fields of a text screen.
fn text_fields(text: TextMode) -> Fields {
    BTreeMap::from([
        ("orig_video_isVGA", 1),
        ("orig_video_lines", text.lines.into()),
        ("orig_video_cols", text.columns.into()),
        ("orig_x", text.cursor_x.into()),
        ("orig_y", text.cursor_y.into()),
        ("orig_video_points", text.font_height.into()),
    ])
}

/// The fields of a frame buffer of type `kind`.
fn buffer_fields(kind: u64, buffer: FrameBuffer) -> Fields {
    let lfb = buffer.lfb;
    let mut fields = BTreeMap::from([
        ("orig_video_isVGA", kind),
        ("lfb_width", lfb.width.into()),
        ("lfb_height", lfb.height.into()),
        ("lfb_linelength", lfb.bytes_per_line.into()),
        ("lfb_depth", lfb.bits_per_pixel.into()),
        ("lfb_base", lfb.lfb_base.into()),
        ("lfb_size", lfb.lfb_size.into()),
        ("red_pos", lfb.red_pos.into()),
        ("red_size", lfb.red_size.into()),
        ("green_pos", lfb.green_pos.into()),
        ("green_size", lfb.green_size.into()),
        ("blue_pos", lfb.blue_pos.into()),
        ("blue_size", lfb.blue_size.into()),
        ("rsvd_pos", lfb.rsvd_pos.into()),
        ("rsvd_size", lfb.rsvd_size.into()),
    ]);

    fields.extend(
        buffer
            .ext_lfb_base
            .map(|base| ("ext_lfb_base", base.get().into())),
    );
    fields
}

/// The fields that our decoder sets.
fn decoded(record: &[u8]) -> Fields {
    match decode(record) {
        Screen::Unknown => BTreeMap::new(),
        Screen::Text(text) => text_fields(text),
        Screen::Efi(buffer) => buffer_fields(0x70, buffer),
        Screen::Vesa { buffer, attributes } => {
            let mut fields = buffer_fields(0x23, buffer);

            fields.extend(attributes.map(|bits| ("vesa_attributes", bits.into())));
            fields
        }
    }
}

/// Records of every length and type, the known types among them.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![Just(0x03u8), Just(0x23), Just(0x70), any::<u8>()];
    let byte = prop_oneof![3 => any::<u8>(), 1 => Just(0)];

    (kind, vec(byte, 0..=136)).prop_map(|(kind, mut record)| {
        if let Some(first) = record.first_mut() {
            *first = kind;
        }
        record
    })
}

proptest! {
    #[test]
    fn any_record_sets_what_c_sets(record in record()) {
        prop_assert_eq!(decoded(&record), expected(&record));
    }

    #[test]
    fn every_length_sets_what_c_sets(record in record()) {
        for length in 0..record.len() {
            prop_assert_eq!(decoded(&record[..length]), expected(&record[..length]));
        }
    }

    #[test]
    fn bytes_after_the_known_fields_do_not_matter(record in record(), tail in vec(any::<u8>(), 0..64)) {
        let known = &record[..record.len().min(40)];

        if known.len() == 40 {
            prop_assert_eq!(decode(known), decode(&[known, &tail].concat()));
        }
    }
}
