// SPDX-License-Identifier: GPL-2.0

//! The screen that Xen hands to dom0.
//!
//! Xen set the video mode before dom0 ran and describes it in a record whose
//! length tells how much of it this Xen knows. dom0 cannot ask the BIOS or
//! EFI itself, so what is not decoded here is not on the screen.
//!
//! A field counts only if the record is long enough to hold all of it. A
//! record that is too short for its type says no more than that there is a
//! screen: [`Screen::Unknown`].
//!
//! Runs on the boot CPU before any console; cannot fail.
//!
//! C ancestor: `vga.c`.

use core::num::NonZeroU32;

use zerocopy::FromBytes;

use crate::abi::vga::{
    Lfb,
    TextMode3,
    EFI_LFB,
    EXT_LFB_BASE,
    MODE_ATTRS,
    TEXT_MODE_3,
    UNION,
    VESA_LFB, //
};

/// What goes into `screen_info`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// No usable record: take it for [`TextMode::STANDARD`].
    Unknown,
    /// A text screen.
    Text(TextMode),
    /// A frame buffer that VESA set up.
    Vesa {
        /// Where and how large it is.
        buffer: FrameBuffer,
        /// `vesa_attributes`, if this Xen tells.
        attributes: Option<u16>,
    },
    /// A frame buffer that EFI set up.
    Efi(FrameBuffer),
}

/// A text screen, in the widths of `screen_info`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TextMode {
    /// `orig_video_lines`.
    pub lines: u8,
    /// `orig_video_cols`.
    pub columns: u8,
    /// `orig_x`.
    pub cursor_x: u8,
    /// `orig_y`.
    pub cursor_y: u8,
    /// `orig_video_points`.
    pub font_height: u16,
}

impl TextMode {
    /// VGA's mode 3 with the cursor on the last line, as a BIOS leaves it.
    pub const STANDARD: Self = Self {
        lines: 25,
        columns: 80,
        cursor_x: 0,
        cursor_y: 24,
        font_height: 16,
    };
}

/// A linear frame buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameBuffer {
    /// Geometry and colours.
    pub lfb: Lfb,
    /// `ext_lfb_base`, if the address needs it; it comes with
    /// `VIDEO_CAPABILITY_64BIT_BASE`.
    pub ext_lfb_base: Option<NonZeroU32>,
}

/// Decodes Xen's record, of which `record` is all that Xen filled.
pub fn decode(record: &[u8]) -> Screen {
    match record.first() {
        Some(&TEXT_MODE_3) => text_mode(record).map(Screen::Text),
        Some(&VESA_LFB) => frame_buffer(record).map(|buffer| Screen::Vesa {
            buffer,
            attributes: field(record, MODE_ATTRS),
        }),
        Some(&EFI_LFB) => frame_buffer(record).map(Screen::Efi),
        _ => None,
    }
    .unwrap_or(Screen::Unknown)
}

/// Reads a text screen.
fn text_mode(record: &[u8]) -> Option<TextMode> {
    let text: TextMode3 = field(record, UNION)?;

    Some(TextMode {
        lines: low_byte(text.rows),
        columns: low_byte(text.columns),
        cursor_x: low_byte(text.cursor_x),
        cursor_y: low_byte(text.cursor_y),
        font_height: text.font_height,
    })
}

/// Reads a frame buffer of either kind.
fn frame_buffer(record: &[u8]) -> Option<FrameBuffer> {
    Some(FrameBuffer {
        lfb: field(record, UNION)?,
        ext_lfb_base: field(record, EXT_LFB_BASE).and_then(NonZeroU32::new),
    })
}

/// Reads the field at `offset`, if the record holds all of it.
fn field<T: FromBytes>(record: &[u8], offset: usize) -> Option<T> {
    let (field, _) = T::read_from_prefix(record.get(offset..)?).ok()?;

    Some(field)
}

/// Drops what `screen_info` has no room for: no text screen needs it.
fn low_byte(value: u16) -> u8 {
    let [low, _] = value.to_le_bytes();

    low
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_vga))]
mod tests {
    use super::*;

    /// Returns a record of full length whose bytes from the union on count up.
    fn record(video_type: u8) -> [u8; 40] {
        core::array::from_fn(|offset| match (offset, u8::try_from(offset)) {
            (UNION.., Ok(byte)) => byte,
            (0, _) => video_type,
            _ => 0xff,
        })
    }

    /// The text screen in `record(TEXT_MODE_3)`.
    const TEXT: TextMode = TextMode {
        lines: 10,
        columns: 12,
        cursor_x: 6,
        cursor_y: 8,
        font_height: 0x0504,
    };

    /// The frame buffer in `record(VESA_LFB)` and `record(EFI_LFB)`.
    const BUFFER: FrameBuffer = FrameBuffer {
        lfb: Lfb {
            width: 0x0504,
            height: 0x0706,
            bytes_per_line: 0x0908,
            bits_per_pixel: 0x0b0a,
            lfb_base: 0x0f0e_0d0c,
            lfb_size: 0x1312_1110,
            red_pos: 20,
            red_size: 21,
            green_pos: 22,
            green_size: 23,
            blue_pos: 24,
            blue_size: 25,
            rsvd_pos: 26,
            rsvd_size: 27,
        },
        ext_lfb_base: NonZeroU32::new(0x2726_2524),
    };

    /// [`BUFFER`] from a record that ends before the high half of its address.
    const LOW_BUFFER: FrameBuffer = FrameBuffer {
        ext_lfb_base: None,
        ..BUFFER
    };

    #[test]
    fn nothing_is_unknown() {
        assert_eq!(decode(&[]), Screen::Unknown);
    }

    #[test]
    fn other_types_are_unknown() {
        for video_type in 0..=u8::MAX {
            let is_known = matches!(video_type, TEXT_MODE_3 | VESA_LFB | EFI_LFB);
            let is_unknown = decode(&record(video_type)) == Screen::Unknown;

            assert_eq!(is_unknown, !is_known);
        }
    }

    #[test]
    fn text_needs_all_of_its_fields() {
        let record = record(TEXT_MODE_3);

        for length in 1..=40 {
            let expected = if length < 14 {
                Screen::Unknown
            } else {
                Screen::Text(TEXT)
            };
            assert_eq!(decode(&record[..length]), expected);
        }
    }

    #[test]
    fn text_keeps_what_screen_info_has_room_for() {
        let mut record = [0xff; 14];
        record[0] = TEXT_MODE_3;

        assert_eq!(
            decode(&record),
            Screen::Text(TextMode {
                lines: 0xff,
                columns: 0xff,
                cursor_x: 0xff,
                cursor_y: 0xff,
                font_height: 0xffff,
            })
        );
    }

    #[test]
    fn vesa_takes_the_fields_that_are_there() {
        let record = record(VESA_LFB);

        for length in 1..=40 {
            let expected = match length {
                ..28 => Screen::Unknown,
                28..34 => Screen::Vesa {
                    buffer: LOW_BUFFER,
                    attributes: None,
                },
                34..40 => Screen::Vesa {
                    buffer: LOW_BUFFER,
                    attributes: Some(0x2120),
                },
                _ => Screen::Vesa {
                    buffer: BUFFER,
                    attributes: Some(0x2120),
                },
            };
            assert_eq!(decode(&record[..length]), expected);
        }
    }

    #[test]
    fn efi_has_no_vesa_attributes() {
        let record = record(EFI_LFB);

        for length in 1..=40 {
            let expected = match length {
                ..28 => Screen::Unknown,
                28..40 => Screen::Efi(LOW_BUFFER),
                _ => Screen::Efi(BUFFER),
            };
            assert_eq!(decode(&record[..length]), expected);
        }
    }

    #[test]
    fn a_low_frame_buffer_needs_no_64_bit_base() {
        let mut record = record(EFI_LFB);
        record[EXT_LFB_BASE..].fill(0);

        assert_eq!(decode(&record), Screen::Efi(LOW_BUFFER));
    }

    #[test]
    fn a_longer_record_is_read_as_far_as_it_is_known() {
        let mut long = [0xff; 128];
        long[..40].copy_from_slice(&record(EFI_LFB));

        assert_eq!(decode(&long), Screen::Efi(BUFFER));
    }
}
