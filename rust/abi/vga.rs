// SPDX-License-Identifier: GPL-2.0

//! Xen's record of the screen it hands to dom0.
//!
//! C has a union behind a type byte, and older Xen knows fewer fields of it.
//! So there is no type here for the whole record: the constants say where each
//! part lies, and `boot::vga` reads the parts that are there.
//!
//! C ancestor: `struct dom0_vga_console_info`,
//! `include/xen/interface/xen.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// `XEN_VGATYPE_TEXT_MODE_3`: a text screen, [`TextMode3`] follows.
pub const TEXT_MODE_3: u8 = 0x03;
/// `XEN_VGATYPE_VESA_LFB`: a VESA frame buffer, [`VesaLfb`] follows.
pub const VESA_LFB: u8 = 0x23;
/// `XEN_VGATYPE_EFI_LFB`: an EFI frame buffer, [`VesaLfb`] follows.
pub const EFI_LFB: u8 = 0x70;

/// Offset of the union from the type byte.
pub const UNION: usize = 4;
/// Bytes of the longest record that is known; a newer Xen may know more.
pub const RECORD_SIZE: usize = UNION + size_of::<VesaLfb>();
/// Offset of [`VesaLfb::mode_attrs`] in the record.
pub const MODE_ATTRS: usize = UNION + offset_of!(VesaLfb, mode_attrs);
/// Offset of [`VesaLfb::ext_lfb_base`] in the record.
pub const EXT_LFB_BASE: usize = UNION + offset_of!(VesaLfb, ext_lfb_base);

/// A text screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct TextMode3 {
    /// Font height in pixels.
    pub font_height: u16,
    /// Column of the cursor.
    pub cursor_x: u16,
    /// Row of the cursor.
    pub cursor_y: u16,
    /// Rows on the screen.
    pub rows: u16,
    /// Columns on the screen.
    pub columns: u16,
}

/// The part of [`VesaLfb`] that every Xen fills.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Lfb {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Bytes from one line to the next.
    pub bytes_per_line: u16,
    /// Bits of a pixel.
    pub bits_per_pixel: u16,
    /// Physical address of the frame buffer, low half.
    pub lfb_base: u32,
    /// Its size in units of 64 kB.
    pub lfb_size: u32,
    /// Lowest bit of red in a pixel.
    pub red_pos: u8,
    /// Bits of red.
    pub red_size: u8,
    /// Lowest bit of green in a pixel.
    pub green_pos: u8,
    /// Bits of green.
    pub green_size: u8,
    /// Lowest bit of blue in a pixel.
    pub blue_pos: u8,
    /// Bits of blue.
    pub blue_size: u8,
    /// Lowest unused bit in a pixel.
    pub rsvd_pos: u8,
    /// Unused bits.
    pub rsvd_size: u8,
}

/// A frame buffer, as the newest Xen describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct VesaLfb {
    /// The part that every Xen fills.
    pub lfb: Lfb,
    /// VESA capabilities.
    pub gbl_caps: u32,
    /// VESA attributes of the mode.
    pub mode_attrs: u16,
    /// Aligns the next field.
    _pad: u16,
    /// Physical address of the frame buffer, high half.
    pub ext_lfb_base: u32,
}

const _: () = {
    assert!(size_of::<TextMode3>() == 10);
    assert!(offset_of!(TextMode3, font_height) == 0);
    assert!(offset_of!(TextMode3, cursor_x) == 2);
    assert!(offset_of!(TextMode3, cursor_y) == 4);
    assert!(offset_of!(TextMode3, rows) == 6);
    assert!(offset_of!(TextMode3, columns) == 8);

    assert!(size_of::<Lfb>() == 24);
    assert!(offset_of!(Lfb, width) == 0);
    assert!(offset_of!(Lfb, height) == 2);
    assert!(offset_of!(Lfb, bytes_per_line) == 4);
    assert!(offset_of!(Lfb, bits_per_pixel) == 6);
    assert!(offset_of!(Lfb, lfb_base) == 8);
    assert!(offset_of!(Lfb, lfb_size) == 12);
    assert!(offset_of!(Lfb, red_pos) == 16);
    assert!(offset_of!(Lfb, red_size) == 17);
    assert!(offset_of!(Lfb, green_pos) == 18);
    assert!(offset_of!(Lfb, green_size) == 19);
    assert!(offset_of!(Lfb, blue_pos) == 20);
    assert!(offset_of!(Lfb, blue_size) == 21);
    assert!(offset_of!(Lfb, rsvd_pos) == 22);
    assert!(offset_of!(Lfb, rsvd_size) == 23);

    assert!(offset_of!(VesaLfb, gbl_caps) == 24);
    assert!(MODE_ATTRS == 32);
    assert!(EXT_LFB_BASE == 36);
    assert!(RECORD_SIZE == 40);
};
