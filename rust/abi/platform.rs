// SPDX-License-Identifier: GPL-2.0

//! Arguments of `HYPERVISOR_platform_op`: questions about the firmware and the screen, and the date.
//!
//! Xen owns the machine's EFI. The initial domain learns of it by asking for
//! one piece at a time with `XENPF_firmware_info`.
//!
//! C ancestor: `include/xen/interface/platform.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy::IntoBytes as _;
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

mod machine;

pub use machine::{
    ReadMemtype,
    SetPdc, //
};

/// `XENPF_INTERFACE_VERSION`, without which Xen refuses any operation.
const INTERFACE_VERSION: u32 = 0x0300_0001;
/// `XENPF_firmware_info`.
const FIRMWARE_INFO: u32 = 50;
/// `XENPF_settime32`.
const SETTIME32: u32 = 17;
/// `XENPF_settime64`.
const SETTIME64: u32 = 62;
/// `XENPF_get_dom0_console`.
const GET_DOM0_CONSOLE: u32 = 64;
/// `XEN_FW_DISK_INFO`.
const DISK_INFO: u32 = 1;
/// `XEN_FW_DISK_MBR_SIGNATURE`.
const DISK_MBR_SIGNATURE: u32 = 2;
/// `XEN_FW_EFI_INFO`.
const EFI_INFO: u32 = 4;
/// `XEN_FW_KBD_SHIFT_FLAGS`.
const KBD_SHIFT_FLAGS: u32 = 5;

/// Words of the union in [`FirmwareInfo`]: what 128 bytes leave after `kind`
/// and `index`.
const DATA_WORDS: usize = 15;

/// Which piece of EFI's state to ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum EfiInfo {
    /// `XEN_FW_EFI_VERSION`: revision of the system table.
    Version = 0,
    /// `XEN_FW_EFI_CONFIG_TABLE`: the configuration tables.
    ConfigTable = 1,
    /// `XEN_FW_EFI_RT_VERSION`: revision of the runtime services.
    RuntimeVersion = 4,
}

/// `XEN_FW_EFI_VENDOR`, which needs a buffer and so has its own constructor.
const EFI_VENDOR: u32 = 2;

/// `struct xen_platform_op` with `XENPF_firmware_info` in it.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct FirmwareInfo {
    /// [`FIRMWARE_INFO`].
    pub(crate) cmd: u32,
    /// [`INTERFACE_VERSION`].
    pub(crate) interface_version: u32,
    /// [`EFI_INFO`].
    pub(crate) kind: u32,
    /// Which piece of it.
    pub(crate) index: u32,
    /// The union: a question with a buffer, or Xen's answer.
    pub(crate) data: [u64; DATA_WORDS],
}

/// Xen's answer to [`EfiInfo::ConfigTable`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct EfiConfigTable {
    /// Where the tables are in machine memory.
    pub addr: u64,
    /// How many there are.
    pub nent: u32,
    /// Rest of the union's word.
    _pad: u32,
}

impl EfiConfigTable {
    /// Describes `nent` tables at `addr`.
    pub const fn new(addr: u64, nent: u32) -> Self {
        Self {
            addr,
            nent,
            _pad: 0,
        }
    }
}

/// Question and answer about the firmware's vendor.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct EfiVendor {
    /// Answer: the vendor's revision.
    revision: u32,
    /// Question: bytes in the buffer.
    bufsz: u32,
    /// Question: address of the buffer that takes the name in UTF-16.
    name: u64,
}

/// What the BIOS says of a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct DiskInfo {
    /// The BIOS's number of it.
    pub device: u8,
    /// Which version of the extensions.
    pub version: u8,
    /// And which of them.
    pub interface_support: u16,
    /// The last cylinder, as old programs number them.
    pub legacy_max_cylinder: u16,
    /// The last head.
    pub legacy_max_head: u8,
    /// Sectors of each track.
    pub legacy_sectors_per_track: u8,
    /// Question: where the BIOS's own record goes.
    pub edd_params: u64,
}

/// What a disk's boot sector is signed with.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct MbrSignature {
    /// The BIOS's number of the disk.
    device: u8,
    /// Fills up.
    _pad: [u8; 3],
    /// The signature.
    signature: u32,
    /// Rest of the union's words.
    _rest: u64,
}

impl FirmwareInfo {
    /// Asks for one piece.
    pub const fn new(piece: EfiInfo) -> Self {
        // CAST: `repr(u32)`, and `From` is not const.
        Self::with_index(piece as u32)
    }

    /// Asks about the BIOS's disk number `index`, and for its own record to be put at the virtual
    /// address `params`.
    pub const fn disk(index: u32, params: u64) -> Self {
        let mut op = Self::of_kind(DISK_INFO, index);

        op.data[1] = params;
        op
    }

    /// Asks what the boot sector of the BIOS's disk number `index` is signed with.
    pub const fn disk_signature(index: u32) -> Self {
        Self::of_kind(DISK_MBR_SIGNATURE, index)
    }

    /// Asks which keys were held when the machine started.
    pub const fn kbd_shift_flags() -> Self {
        Self::of_kind(KBD_SHIFT_FLAGS, 0)
    }

    /// Reads the answer to [`FirmwareInfo::disk`].
    pub fn disk_info(&self) -> DiskInfo {
        zerocopy::transmute!(self.answer())
    }

    /// Reads the answer to [`FirmwareInfo::disk_signature`].
    pub fn signature(&self) -> u32 {
        let answer: MbrSignature = zerocopy::transmute!(self.answer());

        answer.signature
    }

    /// Reads the answer to [`FirmwareInfo::kbd_shift_flags`].
    pub const fn keys(&self) -> u8 {
        let [keys, ..] = self.data[0].to_le_bytes();

        keys
    }

    /// Asks for the vendor's name, to be put into `bufsz` bytes at the
    /// virtual address `name`, and for the vendor's revision.
    pub fn vendor(name: u64, bufsz: u32) -> Self {
        let question: [u64; 2] = zerocopy::transmute!(EfiVendor {
            revision: 0,
            bufsz,
            name,
        });
        let mut op = Self::with_index(EFI_VENDOR);

        [op.data[0], op.data[1]] = question;
        op
    }

    /// Asks for the piece of EFI's state with number `index`.
    const fn with_index(index: u32) -> Self {
        Self::of_kind(EFI_INFO, index)
    }

    /// Asks for piece `index` of a kind.
    const fn of_kind(kind: u32, index: u32) -> Self {
        Self {
            cmd: FIRMWARE_INFO,
            interface_version: INTERFACE_VERSION,
            kind,
            index,
            data: [0; DATA_WORDS],
        }
    }

    /// Reads the answer to [`EfiInfo::ConfigTable`].
    pub fn config_table(&self) -> EfiConfigTable {
        zerocopy::transmute!(self.answer())
    }

    /// Reads the answer to [`FirmwareInfo::vendor`].
    pub fn vendor_revision(&self) -> u32 {
        let vendor: EfiVendor = zerocopy::transmute!(self.answer());

        vendor.revision
    }

    /// Reads the answer to [`EfiInfo::Version`] or
    /// [`EfiInfo::RuntimeVersion`].
    pub fn version(&self) -> u32 {
        let [version, _, _, _]: [u32; 4] = zerocopy::transmute!(self.answer());

        version
    }

    /// Returns the part of the union that holds any of the answers.
    const fn answer(&self) -> [u64; 2] {
        [self.data[0], self.data[1]]
    }
}

/// `struct xen_platform_op` with a record of the screen in it.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Dom0Console {
    /// [`GET_DOM0_CONSOLE`].
    pub(crate) cmd: u32,
    /// [`INTERFACE_VERSION`].
    pub(crate) interface_version: u32,
    /// The union: Xen's answer.
    pub(crate) data: [u64; DATA_WORDS + 1],
}

impl Dom0Console {
    /// Asks for the record of the screen.
    pub const fn new() -> Self {
        Self {
            cmd: GET_DOM0_CONSOLE,
            interface_version: INTERFACE_VERSION,
            data: [0; DATA_WORDS + 1],
        }
    }

    /// Returns the first `length` bytes of Xen's answer, or all that there are.
    pub fn record(&self, length: usize) -> &[u8] {
        let record = self.data.as_bytes();

        record.get(..length).unwrap_or(record)
    }
}

/// `struct xen_platform_op` with a date in it, which is given for a system time.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SetTime {
    /// [`SETTIME32`] or [`SETTIME64`].
    pub(crate) cmd: u32,
    /// [`INTERFACE_VERSION`].
    pub(crate) interface_version: u32,
    /// The union: the first words are the command's structure.
    pub(crate) data: [u64; DATA_WORDS + 1],
}

/// `struct xenpf_settime64`.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct SetTime64 {
    /// Seconds since 1970.
    secs: u64,
    /// And nanoseconds.
    nsecs: u32,
    /// Must be zero.
    mbz: u32,
    /// System time in ns at which it is that late.
    system_time: u64,
}

/// `struct xenpf_settime32`.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct SetTime32 {
    /// Seconds since 1970.
    secs: u32,
    /// And nanoseconds.
    nsecs: u32,
    /// System time in ns at which it is that late.
    system_time: u64,
}

impl SetTime {
    /// Sets any date.
    pub fn wide(secs: u64, nsecs: u32, system_time: u64) -> Self {
        let argument: [u64; 3] = zerocopy::transmute!(SetTime64 {
            secs,
            nsecs,
            mbz: 0,
            system_time,
        });
        let mut op = Self::new(SETTIME64);

        [op.data[0], op.data[1], op.data[2]] = argument;
        op
    }

    /// Sets a date before 2106, as all versions of Xen can.
    pub fn narrow(secs: u32, nsecs: u32, system_time: u64) -> Self {
        let argument: [u64; 2] = zerocopy::transmute!(SetTime32 {
            secs,
            nsecs,
            system_time,
        });
        let mut op = Self::new(SETTIME32);

        [op.data[0], op.data[1]] = argument;
        op
    }

    /// Returns the command's number.
    pub const fn command(&self) -> u32 {
        self.cmd
    }

    /// Starts a command.
    const fn new(cmd: u32) -> Self {
        Self {
            cmd,
            interface_version: INTERFACE_VERSION,
            data: [0; DATA_WORDS + 1],
        }
    }
}

const _: () = {
    assert!(size_of::<DiskInfo>() == 16);
    assert!(offset_of!(DiskInfo, interface_support) == 2);
    assert!(offset_of!(DiskInfo, legacy_max_cylinder) == 4);
    assert!(offset_of!(DiskInfo, legacy_max_head) == 6);
    assert!(offset_of!(DiskInfo, edd_params) == 8);

    assert!(size_of::<MbrSignature>() == 16);
    assert!(offset_of!(MbrSignature, signature) == 4);

    assert!(size_of::<SetTime>() == 136);
    assert!(offset_of!(SetTime, cmd) == 0);
    assert!(offset_of!(SetTime, interface_version) == 4);
    assert!(offset_of!(SetTime, data) == 8);

    assert!(size_of::<SetTime64>() == 24);
    assert!(offset_of!(SetTime64, secs) == 0);
    assert!(offset_of!(SetTime64, nsecs) == 8);
    assert!(offset_of!(SetTime64, mbz) == 12);
    assert!(offset_of!(SetTime64, system_time) == 16);

    assert!(size_of::<SetTime32>() == 16);
    assert!(offset_of!(SetTime32, secs) == 0);
    assert!(offset_of!(SetTime32, nsecs) == 4);
    assert!(offset_of!(SetTime32, system_time) == 8);

    assert!(size_of::<FirmwareInfo>() == 136);
    assert!(offset_of!(FirmwareInfo, cmd) == 0);
    assert!(offset_of!(FirmwareInfo, interface_version) == 4);
    assert!(offset_of!(FirmwareInfo, kind) == 8);
    assert!(offset_of!(FirmwareInfo, index) == 12);
    assert!(offset_of!(FirmwareInfo, data) == 16);

    assert!(size_of::<EfiConfigTable>() == 16);
    assert!(offset_of!(EfiConfigTable, addr) == 0);
    assert!(offset_of!(EfiConfigTable, nent) == 8);

    assert!(size_of::<EfiVendor>() == 16);
    assert!(offset_of!(EfiVendor, revision) == 0);
    assert!(offset_of!(EfiVendor, bufsz) == 4);
    assert!(offset_of!(EfiVendor, name) == 8);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_platform))]
mod tests {
    use super::*;

    #[test]
    fn questions_carry_the_numbers_of_the_interface() {
        for (op, index) in [
            (FirmwareInfo::new(EfiInfo::Version), 0),
            (FirmwareInfo::new(EfiInfo::ConfigTable), 1),
            (FirmwareInfo::vendor(0x1000, 200), 2),
            (FirmwareInfo::new(EfiInfo::RuntimeVersion), 4),
        ] {
            assert_eq!(op.cmd, 50);
            assert_eq!(op.interface_version, 0x0300_0001);
            assert_eq!(op.kind, 4);
            assert_eq!(op.index, index);
        }
    }

    #[test]
    fn the_bios_is_asked_by_other_numbers() {
        for (op, kind) in [
            (FirmwareInfo::disk(3, 0x1000), 1),
            (FirmwareInfo::disk_signature(3), 2),
        ] {
            assert_eq!(op.kind, kind);
            assert_eq!(op.index, 3);
        }
        assert_eq!(FirmwareInfo::disk(3, 0x1000).data[..3], [0, 0x1000, 0]);
        assert_eq!(FirmwareInfo::kbd_shift_flags().kind, 5);
    }

    #[test]
    fn the_bios_answers_in_bytes() {
        let mut op = FirmwareInfo::disk(0, 0x1000);
        op.data[0] = 0x3f_fe_03ff_0005_30_80;

        assert_eq!(
            op.disk_info(),
            DiskInfo {
                device: 0x80,
                version: 0x30,
                interface_support: 5,
                legacy_max_cylinder: 0x3ff,
                legacy_max_head: 0xfe,
                legacy_sectors_per_track: 0x3f,
                edd_params: 0x1000,
            }
        );
        op.data[0] = 0x1234_5678_0000_0080;
        assert_eq!(op.signature(), 0x1234_5678);
        assert_eq!(op.keys(), 0x80);
    }

    #[test]
    fn dates_carry_the_numbers_of_the_interface() {
        let wide = SetTime::wide(0x1_0000_0002, 3, 4);
        assert_eq!(wide.cmd, 62);
        assert_eq!(wide.interface_version, 0x0300_0001);
        assert_eq!(wide.data[..4], [0x1_0000_0002, 3, 4, 0]);

        let narrow = SetTime::narrow(2, 3, 4);
        assert_eq!(narrow.cmd, 17);
        assert_eq!(narrow.interface_version, 0x0300_0001);
        assert_eq!(narrow.data[..3], [3 << 32 | 2, 4, 0]);
    }

    #[test]
    fn the_vendor_question_lends_the_buffer() {
        let op = FirmwareInfo::vendor(0xffff_8000_1234_5678, 200);

        assert_eq!(op.answer(), [200 << 32, 0xffff_8000_1234_5678]);
    }

    #[test]
    fn answers_are_read_from_the_union() {
        let mut op = FirmwareInfo::new(EfiInfo::Version);
        op.data[0] = 0x1122_3344_5566_7788;
        op.data[1] = 0xffff_ffff_0000_0011;

        assert_eq!(op.version(), 0x5566_7788);
        assert_eq!(op.vendor_revision(), 0x5566_7788);
        assert_eq!(op.config_table().addr, 0x1122_3344_5566_7788);
        assert_eq!(op.config_table().nent, 17);
    }
}
