// SPDX-License-Identifier: GPL-2.0

//! Memory maps of real machines, from public boot logs.

use xen_host_tests::abi::e820::{E820Entry, NVS, RAM, RESERVED, UNUSABLE};

/// `E820_TYPE_ACPI`.
pub(crate) const ACPI: u32 = 3;

/// A stretch as logs print it: its first byte, its last byte, its type.
pub(crate) type Row = (u64, u64, u32);

/// Returns the entries of a table.
pub(crate) fn entries(rows: &[Row]) -> Vec<E820Entry> {
    rows.iter()
        .map(|&(addr, last, kind)| E820Entry {
            addr,
            size: last - addr + 1,
            kind,
        })
        .collect()
}

/// All of them.
pub(crate) const ALL: [(&str, &[Row]); 10] = [
    ("emulated PC", EMULATED),
    ("old desktop", OLD_DESKTOP),
    ("laptop with memory that graphics cannot use", LAPTOP_2011),
    ("laptop whose RAM is mostly above 4 GB", LAPTOP_2015),
    ("laptop whose map ends in RAM", LAPTOP_2014),
    ("desktop with non-volatile memory low", DESKTOP_NVS),
    (
        "workstation with non-volatile memory in the kernel's place",
        WORKSTATION_NVS,
    ),
    ("server", SERVER),
    ("server with memory that Xen took", SERVER_UNUSABLE),
    ("laptop with holes above 4 GB", LAPTOP_2025),
];

/// The PC that QEMU emulates for the boot tests, with 5 GB.
pub(crate) const EMULATED: &[Row] = &[
    (0x0, 0x9_fbff, RAM),
    (0x9_fc00, 0x9_ffff, RESERVED),
    (0xf_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0xbffd_ffff, RAM),
    (0xbffe_0000, 0xbfff_ffff, RESERVED),
    (0xfffc_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x1_7fff_ffff, RAM),
    (0xfd_0000_0000, 0xff_ffff_ffff, RESERVED),
];

/// A desktop of 2006 with 1 GB.
pub(crate) const OLD_DESKTOP: &[Row] = &[
    (0x0, 0x9_f7ff, RAM),
    (0x9_f800, 0x9_ffff, RESERVED),
    (0xf_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0x3ffe_ffff, RAM),
    (0x3fff_0000, 0x3fff_2fff, NVS),
    (0x3fff_3000, 0x3fff_ffff, ACPI),
    (0xe000_0000, 0xefff_ffff, RESERVED),
    (0xfec0_0000, 0xffff_ffff, RESERVED),
];

/// A laptop of 2011 with 4 GB, as its dom0 lists it, but for one page of which it rounded a part off.
pub(crate) const LAPTOP_2011: &[Row] = &[
    (0x0, 0x9_a7ff, RAM),
    (0x9_a800, 0xf_ffff, RESERVED),
    (0x10_0000, 0x1fff_ffff, RAM),
    (0x2000_0000, 0x201f_ffff, RESERVED),
    (0x2020_0000, 0x3fff_ffff, RAM),
    (0x4000_0000, 0x401f_ffff, RESERVED),
    (0x4020_0000, 0xca61_efff, RAM),
    (0xca61_f000, 0xca66_2fff, RESERVED),
    (0xca66_3000, 0xca9b_6fff, RAM),
    (0xca9b_7000, 0xca9e_6fff, RESERVED),
    (0xca9e_7000, 0xcabe_6fff, NVS),
    (0xcabe_7000, 0xcabf_efff, ACPI),
    (0xcabf_f000, 0xcabf_ffff, RAM),
    (0xcb80_0000, 0xcf9f_ffff, RESERVED),
    (0xfec0_0000, 0xfec0_0fff, RESERVED),
    (0xfed1_c000, 0xfed1_ffff, RESERVED),
    (0xfed9_0000, 0xfed9_1fff, RESERVED),
    (0xfee0_0000, 0xfeef_ffff, RESERVED),
    (0xffc0_0000, 0xffc1_ffff, RESERVED),
    (0x1_0000_0000, 0x1_35af_1fff, RAM),
];

/// A gaming laptop of 2015 with 12 GB.
pub(crate) const LAPTOP_2015: &[Row] = &[
    (0x0, 0x5_7fff, RAM),
    (0x5_8000, 0x5_8fff, RESERVED),
    (0x5_9000, 0x9_efff, RAM),
    (0x9_f000, 0x9_ffff, RESERVED),
    (0x10_0000, 0x3130_bfff, RAM),
    (0x3130_c000, 0x3130_cfff, NVS),
    (0x3130_d000, 0x3133_6fff, RESERVED),
    (0x3133_7000, 0x3138_efff, RAM),
    (0x3138_f000, 0x318e_4fff, RESERVED),
    (0x318e_5000, 0x361a_bfff, RAM),
    (0x361a_c000, 0x3719_1fff, RESERVED),
    (0x3719_2000, 0x371d_2fff, ACPI),
    (0x371d_3000, 0x37b4_efff, NVS),
    (0x37b4_f000, 0x37f8_2fff, RESERVED),
    (0x37f8_3000, 0x37ff_dfff, 20),
    (0x37ff_e000, 0x37ff_efff, RAM),
    (0x3800_0000, 0x380f_ffff, RESERVED),
    (0xe000_0000, 0xefff_ffff, RESERVED),
    (0xfe00_0000, 0xfe01_0fff, RESERVED),
    (0xfec0_0000, 0xfec0_0fff, RESERVED),
    (0xfee0_0000, 0xfee0_0fff, RESERVED),
    (0xff00_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x3_c3ff_ffff, RAM),
];

/// A laptop of 2014, of which the log ends below 4 GB.
pub(crate) const LAPTOP_2014: &[Row] = &[
    (0x0, 0x5_7fff, RAM),
    (0x5_8000, 0x5_8fff, RESERVED),
    (0x5_9000, 0x9_dfff, RAM),
    (0x9_e000, 0x9_ffff, RESERVED),
    (0x10_0000, 0xad85_2fff, RAM),
    (0xad85_3000, 0xad85_9fff, NVS),
    (0xad85_a000, 0xae0d_2fff, RAM),
    (0xae0d_3000, 0xae37_3fff, RESERVED),
    (0xae37_4000, 0xbd8c_5fff, RAM),
    (0xbd8c_6000, 0xbdac_efff, RESERVED),
    (0xbdac_f000, 0xbde0_0fff, RAM),
    (0xbde0_1000, 0xbeb0_5fff, NVS),
    (0xbeb0_6000, 0xbeff_efff, RESERVED),
    (0xbeff_f000, 0xbeff_ffff, RAM),
];

/// A desktop of 2019 with 16 GB.
pub(crate) const DESKTOP_NVS: &[Row] = &[
    (0x0, 0x9_ffff, RAM),
    (0xa_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0x9d7_ffff, RAM),
    (0x9d8_0000, 0x9ff_ffff, RESERVED),
    (0xa00_0000, 0xa1f_ffff, RAM),
    (0xa20_0000, 0xa20_bfff, NVS),
    (0xa20_c000, 0xaff_ffff, RAM),
    (0xb00_0000, 0xb01_ffff, RESERVED),
    (0xb02_0000, 0xdbd6_1fff, RAM),
    (0xdbd6_2000, 0xdbea_bfff, RESERVED),
    (0xdbea_c000, 0xdc02_cfff, RAM),
    (0xdc02_d000, 0xdc43_efff, NVS),
    (0xdc43_f000, 0xdd04_8fff, RESERVED),
    (0xdd04_9000, 0xdeff_ffff, RAM),
    (0xdf00_0000, 0xdfff_ffff, RESERVED),
    (0xf800_0000, 0xfbff_ffff, RESERVED),
    (0xfd00_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x4_1f37_ffff, RAM),
];

/// A workstation with 64 GB, as its Xen lists it.
pub(crate) const WORKSTATION_NVS: &[Row] = &[
    (0x0, 0x9_ffff, RAM),
    (0xa_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0x3ff_ffff, RAM),
    (0x400_0000, 0x401_1fff, NVS),
    (0x401_2000, 0x9df_1fff, RAM),
    (0x9df_2000, 0x9ff_ffff, RESERVED),
    (0xa00_0000, 0xa884_0fff, RAM),
    (0xa884_1000, 0xa9d9_ffff, RESERVED),
    (0xa9da_0000, 0xa9dd_4fff, ACPI),
    (0xa9dd_5000, 0xa9dd_5fff, RESERVED),
    (0xa9dd_6000, 0xa9f2_0fff, ACPI),
    (0xa9f2_1000, 0xaa09_9fff, NVS),
    (0xaa09_a000, 0xab1f_efff, RESERVED),
    (0xab1f_f000, 0xabff_ffff, RAM),
    (0xac00_0000, 0xafff_ffff, RESERVED),
    (0xb250_0000, 0xb258_0fff, RESERVED),
    (0xb358_0000, 0xb360_0fff, RESERVED),
    (0xe210_0000, 0xe228_0fff, RESERVED),
    (0xfa18_0000, 0xfa20_0fff, RESERVED),
    (0xfa30_0000, 0xfa3f_ffff, RESERVED),
    (0xfea0_0000, 0xfeaf_ffff, RESERVED),
    (0xfec0_0000, 0xfec0_0fff, RESERVED),
    (0xfec1_0000, 0xfec1_0fff, RESERVED),
    (0xfed0_0000, 0xfed0_0fff, RESERVED),
    (0xfed4_0000, 0xfed4_4fff, RESERVED),
    (0xfed8_0000, 0xfed8_ffff, RESERVED),
    (0xfedc_2000, 0xfedc_ffff, RESERVED),
    (0xfedd_4000, 0xfedd_5fff, RESERVED),
    (0xfee0_0000, 0xfeef_ffff, RESERVED),
    (0xff00_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x10_4f1f_ffff, RAM),
    (0x10_4f20_0000, 0x10_4fff_ffff, RESERVED),
    (0x100_0000_0000, 0x100_103f_ffff, RESERVED),
    (0x180_3000_0000, 0x180_403f_ffff, RESERVED),
    (0x180_6000_0000, 0x180_703f_ffff, RESERVED),
    (0x200_9000_0000, 0x200_a03f_ffff, RESERVED),
];

/// A server with 192 GB.
pub(crate) const SERVER: &[Row] = &[
    (0x0, 0x9_d7ff, RAM),
    (0x9_d800, 0x9_ffff, RESERVED),
    (0xe_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0x6a01_afff, RAM),
    (0x6a01_b000, 0x6c90_dfff, RESERVED),
    (0x6c90_e000, 0x6ca7_bfff, RAM),
    (0x6ca7_c000, 0x6d4c_afff, NVS),
    (0x6d4c_b000, 0x6f30_bfff, RESERVED),
    (0x6f30_c000, 0x6f7f_ffff, RAM),
    (0x6f80_0000, 0x8fff_ffff, RESERVED),
    (0xfd00_0000, 0xfe7f_ffff, RESERVED),
    (0xfed2_0000, 0xfed4_4fff, RESERVED),
    (0xff00_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x30_3fff_ffff, RAM),
];

/// A server as a guest with a passed-through device sees it.
pub(crate) const SERVER_UNUSABLE: &[Row] = &[
    (0x0, 0x9_ffff, RAM),
    (0xa_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0x78da_2fff, RAM),
    (0x78da_3000, 0x795b_bfff, RESERVED),
    (0x795b_c000, 0x7969_ffff, UNUSABLE),
    (0x796a_0000, 0x79c1_efff, NVS),
    (0x79c1_f000, 0x7bcf_6fff, RESERVED),
    (0x7bcf_7000, 0x7bcf_7fff, UNUSABLE),
    (0x7bcf_8000, 0x7bd7_dfff, RESERVED),
    (0x7bd7_e000, 0x7bff_ffff, UNUSABLE),
    (0x7c00_0000, 0x8fff_ffff, RESERVED),
    (0xc7ff_c000, 0xc7ff_cfff, RESERVED),
    (0xfbff_c000, 0xfbff_cfff, RESERVED),
    (0xfec0_0000, 0xfec0_1fff, RESERVED),
    (0xfec4_0000, 0xfec4_0fff, RESERVED),
    (0xfed1_c000, 0xfed4_4fff, RESERVED),
    (0xfee0_0000, 0xfeef_ffff, RESERVED),
    (0xff00_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x18_8725_cfff, RAM),
];

/// A gaming laptop of 2025 with 32 GB.
pub(crate) const LAPTOP_2025: &[Row] = &[
    (0x0, 0x9_ffff, RAM),
    (0xa_0000, 0xf_ffff, RESERVED),
    (0x10_0000, 0x9af_efff, RAM),
    (0x9af_f000, 0x9ff_ffff, RESERVED),
    (0xa00_0000, 0xa1f_ffff, RAM),
    (0xa20_0000, 0xa21_1fff, NVS),
    (0xa21_2000, 0x8e43_dfff, RAM),
    (0x8e43_e000, 0x9443_dfff, RESERVED),
    (0x9443_e000, 0x9453_dfff, ACPI),
    (0x9453_e000, 0x9653_dfff, NVS),
    (0x9653_e000, 0x9a5f_efff, RESERVED),
    (0x9a5f_f000, 0x9bff_afff, RAM),
    (0x9bff_b000, 0x9cff_ffff, RESERVED),
    (0x9d7f_3000, 0x9fff_ffff, RESERVED),
    (0xf000_0000, 0xf7ff_ffff, RESERVED),
    (0xfd00_0000, 0xffff_ffff, RESERVED),
    (0x1_0000_0000, 0x8_37ff_ffff, RAM),
    (0x8_3800_0000, 0x8_57ff_ffff, RESERVED),
    (0x8_5800_0000, 0x8_5de7_ffff, RAM),
    (0x8_5eec_0000, 0x8_801f_ffff, RESERVED),
    (0xfd_0000_0000, 0xff_ffff_ffff, RESERVED),
];
