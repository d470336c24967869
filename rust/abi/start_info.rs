// SPDX-License-Identifier: GPL-2.0

//! What Xen leaves in memory for a PV guest to start from.
//!
//! Filled again on resume, but only down to and including
//! [`StartInfo::console`].
//!
//! C ancestor: `struct start_info`, `include/xen/interface/xen.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// Bytes of the command line, its terminator included.
pub const MAX_GUEST_CMDLINE: usize = 1024;

/// The start-of-day record.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct StartInfo {
    /// "xen-<version>-<platform>".
    pub magic: [u8; 32],
    /// Pages that the domain owns.
    pub nr_pages: u64,
    /// Machine address of the shared page.
    pub shared_info: u64,
    /// [`StartInfo::PRIVILEGED`] and the others.
    pub flags: u32,
    /// Aligns the next field.
    _pad0: u32,
    /// Machine frame of the xenstore ring.
    pub store_mfn: u64,
    /// Event channel of the xenstore ring.
    pub store_evtchn: u32,
    /// Aligns the next field.
    _pad1: u32,
    /// The console: a ring in a domU, a record of the screen in dom0.
    pub console: StartInfoConsole,
    /// Virtual address of the top-level page table.
    pub pt_base: u64,
    /// Number of bootstrap page-table frames.
    pub nr_pt_frames: u64,
    /// Virtual address of the p2m list.
    pub mfn_list: u64,
    /// Virtual address, or frame, of the initrd.
    pub mod_start: u64,
    /// Bytes of the initrd.
    pub mod_len: u64,
    /// The command line.
    pub cmd_line: [u8; MAX_GUEST_CMDLINE],
    /// First frame that holds page tables or the p2m list.
    pub first_p2m_pfn: u64,
    /// How many frames do.
    pub nr_p2m_frames: u64,
}

impl StartInfo {
    /// `SIF_PRIVILEGED`: may do I/O.
    pub const PRIVILEGED: u32 = 1 << 0;
    /// `SIF_INITDOMAIN`: is the initial domain.
    pub const INITDOMAIN: u32 = 1 << 1;
    /// `SIF_MULTIBOOT_MOD`: `mod_start` is a multiboot module.
    pub const MULTIBOOT_MOD: u32 = 1 << 2;
    /// `SIF_MOD_START_PFN`: `mod_start` is a frame number.
    pub const MOD_START_PFN: u32 = 1 << 3;
    /// `SIF_VIRT_P2M_4TOOLS`: tools can read a linear p2m.
    pub const VIRT_P2M_4TOOLS: u32 = 1 << 4;
}

/// The console field, which means one of two things.
///
/// C has a union here. Which member is valid depends on
/// [`StartInfo::INITDOMAIN`]; both can be read of any bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct StartInfoConsole {
    /// The union's memory.
    words: [u64; 2],
}

/// A domU's console.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct DomUConsole {
    /// Machine frame of the ring.
    pub mfn: u64,
    /// Its event channel.
    pub evtchn: u32,
    /// Rest of the union.
    _pad: u32,
}

/// Where dom0 finds Xen's record of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Dom0Console {
    /// Offset of the record from the start of [`StartInfo`].
    pub info_off: u32,
    /// Bytes of the record.
    pub info_size: u32,
    /// Rest of the union.
    _pad: u64,
}

impl StartInfoConsole {
    /// Reads the field as a domU's.
    #[inline]
    pub fn dom_u(self) -> DomUConsole {
        zerocopy::transmute!(self)
    }

    /// Reads the field as dom0's.
    #[inline]
    pub fn dom0(self) -> Dom0Console {
        zerocopy::transmute!(self)
    }
}

const _: () = {
    assert!(size_of::<StartInfoConsole>() == 16);
    assert!(offset_of!(DomUConsole, mfn) == 0);
    assert!(offset_of!(DomUConsole, evtchn) == 8);
    assert!(offset_of!(Dom0Console, info_off) == 0);
    assert!(offset_of!(Dom0Console, info_size) == 4);

    assert!(size_of::<StartInfo>() == 1168);
    assert!(offset_of!(StartInfo, magic) == 0);
    assert!(offset_of!(StartInfo, nr_pages) == 32);
    assert!(offset_of!(StartInfo, shared_info) == 40);
    assert!(offset_of!(StartInfo, flags) == 48);
    assert!(offset_of!(StartInfo, store_mfn) == 56);
    assert!(offset_of!(StartInfo, store_evtchn) == 64);
    assert!(offset_of!(StartInfo, console) == 72);
    assert!(offset_of!(StartInfo, pt_base) == 88);
    assert!(offset_of!(StartInfo, nr_pt_frames) == 96);
    assert!(offset_of!(StartInfo, mfn_list) == 104);
    assert!(offset_of!(StartInfo, mod_start) == 112);
    assert!(offset_of!(StartInfo, mod_len) == 120);
    assert!(offset_of!(StartInfo, cmd_line) == 128);
    assert!(offset_of!(StartInfo, first_p2m_pfn) == 1152);
    assert!(offset_of!(StartInfo, nr_p2m_frames) == 1160);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_start_info))]
mod tests {
    use super::*;

    #[test]
    fn the_console_reads_as_either_member() {
        let console = StartInfoConsole {
            words: [0x0000_0028_0000_1000, 0xffff_ffff_0000_0002],
        };

        assert_eq!(console.dom0().info_off, 0x1000);
        assert_eq!(console.dom0().info_size, 0x28);
        assert_eq!(console.dom_u().mfn, 0x28_0000_1000);
        assert_eq!(console.dom_u().evtchn, 2);
    }
}
