// SPDX-License-Identifier: GPL-2.0

//! From Xen's record of the screen to `screen_info`.
//!
//! C ancestor: `vga.c`.

#![expect(unsafe_code)]

use crate::{
    abi::vga::RECORD_SIZE,
    boot::vga::{
        decode,
        FrameBuffer,
        Screen,
        TextMode, //
    },
    raw::{
        bindings,
        section::init, //
    },
};

init! {
    /// Fills `screen_info` from the `size` bytes of Xen's record at `info`.
    ///
    /// Runs on the boot CPU, in early boot.
    ///
    /// # Safety
    ///
    /// `info` must be valid for reads of `size` bytes, `screen_info` for writes.
    pub(super) unsafe fn init(
        info: *const u8,
        size: usize,
        screen_info: *mut bindings::screen_info,
    ) {
        let mut record = [0; RECORD_SIZE];
        let length = size.min(RECORD_SIZE);

        // SAFETY: The record has `size` bytes, by the caller's promise, and the copy is as long.
        unsafe { info.copy_to_nonoverlapping(record.as_mut_ptr(), length) };

        // SAFETY: The caller's promise; nobody else has it in early boot.
        let screen_info = unsafe { &mut *screen_info };

        show(decode(record.get(..length).unwrap_or_default()), screen_info);
    }
}

/// Describes `screen` in the terms of the boot protocol.
fn show(screen: Screen, info: &mut bindings::screen_info) {
    // A text screen of VGA's mode 3, which later fields may overrule.
    info.orig_video_mode = 3;
    info.orig_video_isVGA = 1;
    info.orig_video_ega_bx = 3;
    show_text(TextMode::STANDARD, info);

    match screen {
        Screen::Unknown => {}
        Screen::Text(text) => show_text(text, info),
        Screen::Vesa { buffer, attributes } => {
            info.orig_video_isVGA = bindings::VIDEO_TYPE_VLFB as u8; // CAST: 0x23.
            show_frame_buffer(buffer, info);
            if let Some(attributes) = attributes {
                info.vesa_attributes = attributes;
            }
        }
        Screen::Efi(buffer) => {
            info.orig_video_isVGA = bindings::VIDEO_TYPE_EFI as u8; // CAST: 0x70.
            show_frame_buffer(buffer, info);
        }
    }
}

/// Describes a text screen.
fn show_text(text: TextMode, info: &mut bindings::screen_info) {
    info.orig_video_lines = text.lines;
    info.orig_video_cols = text.columns;
    info.orig_x = text.cursor_x;
    info.orig_y = text.cursor_y;
    info.orig_video_points = text.font_height;
}

/// Describes a frame buffer.
fn show_frame_buffer(buffer: FrameBuffer, info: &mut bindings::screen_info) {
    info.lfb_width = buffer.lfb.width;
    info.lfb_height = buffer.lfb.height;
    info.lfb_depth = buffer.lfb.bits_per_pixel;
    info.lfb_base = buffer.lfb.lfb_base;
    info.lfb_size = buffer.lfb.lfb_size;
    info.lfb_linelength = buffer.lfb.bytes_per_line;
    info.red_size = buffer.lfb.red_size;
    info.red_pos = buffer.lfb.red_pos;
    info.green_size = buffer.lfb.green_size;
    info.green_pos = buffer.lfb.green_pos;
    info.blue_size = buffer.lfb.blue_size;
    info.blue_pos = buffer.lfb.blue_pos;
    info.rsvd_size = buffer.lfb.rsvd_size;
    info.rsvd_pos = buffer.lfb.rsvd_pos;
    if let Some(base) = buffer.ext_lfb_base {
        info.ext_lfb_base = base.get();
        info.capabilities |= bindings::VIDEO_CAPABILITY_64BIT_BASE;
    }
}
