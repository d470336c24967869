// SPDX-License-Identifier: GPL-2.0

//! The page that Xen and the guest share, and the per-vCPU part of it.
//!
//! Both sides write it at any time. Nothing here is ever referenced in place:
//! `raw` copies single fields out of it and into it.
//!
//! C ancestors: `include/xen/interface/xen.h`, `asm/xen/interface.h`,
//! `asm/pvclock-abi.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::id::VcpuId;

/// Words of the two-level event channel bitmaps.
pub const EVTCHN_WORDS: usize = 64;

/// The architecture's part of [`VcpuInfo`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct ArchVcpuInfo {
    /// Faulting address, where PV finds it instead of in CR2.
    pub cr2: u64,
    /// Fills [`VcpuInfo`] up to 64 bytes.
    _pad: u64,
}

/// The parameters that turn the TSC into system time.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct VcpuTimeInfo {
    /// Odd while Xen writes, raised by two with each update.
    pub version: u32,
    /// Aligns the next field.
    _pad0: u32,
    /// TSC at the last update.
    pub tsc_timestamp: u64,
    /// Nanoseconds since boot at the last update.
    pub system_time: u64,
    /// Nanoseconds per shifted TSC tick, as a 32.32 fraction.
    pub tsc_to_system_mul: u32,
    /// Shift to apply to TSC ticks first; a right shift if negative.
    pub tsc_shift: i8,
    /// `PVCLOCK_*` flags.
    pub flags: u8,
    /// Fills 32 bytes.
    _pad: [u8; 2],
}

impl VcpuTimeInfo {
    /// `PVCLOCK_TSC_STABLE_BIT`: all CPUs' TSCs are in step.
    pub const TSC_STABLE: u8 = 1 << 0;
    /// `PVCLOCK_GUEST_STOPPED`: the guest was stopped, and has not taken note yet.
    pub const GUEST_STOPPED: u8 = 1 << 1;
}

/// What Xen tells one vCPU.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct VcpuInfo {
    /// Set by Xen when an event waits, cleared by the guest before it looks.
    pub evtchn_upcall_pending: u8,
    /// Set by the guest to hold off upcalls: PV's interrupt flag.
    pub evtchn_upcall_mask: u8,
    /// Aligns the next field.
    _pad: [u8; 6],
    /// Which words of the pending bitmap to look at.
    pub evtchn_pending_sel: u64,
    /// The architecture's part.
    pub arch: ArchVcpuInfo,
    /// The vCPU's clock.
    pub time: VcpuTimeInfo,
}

/// The wall clock at system time zero.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct WallClock {
    /// Odd while Xen writes, raised by two with each update.
    pub version: u32,
    /// Seconds since 1970, low half; [`SharedInfo::wc_sec_hi`] is the other.
    pub sec: u32,
    /// And nanoseconds.
    pub nsec: u32,
}

/// The architecture's part of [`SharedInfo`]: where tools find the p2m.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct ArchSharedInfo {
    /// Number of valid entries in the p2m.
    pub max_pfn: u64,
    /// Top frame of the three-level p2m tree; 0 is not yet, `!0` is never.
    pub pfn_to_mfn_frame_list_list: u64,
    /// Reason of the last NMI.
    pub nmi_reason: u64,
    /// Address space in which `p2m_vaddr` is valid; 0 for no linear p2m.
    pub p2m_cr3: u64,
    /// Where the linear p2m is mapped.
    pub p2m_vaddr: u64,
    /// Raised by the guest before and after it remaps the p2m; odd between.
    pub p2m_generation: u64,
}

/// The shared page.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct SharedInfo {
    /// The first vCPUs' records, until they register a place of their own.
    pub vcpu_info: [VcpuInfo; VcpuId::LEGACY_MAX],
    /// Two-level ABI: a bit for each port with an event waiting.
    pub evtchn_pending: [u64; EVTCHN_WORDS],
    /// Two-level ABI: a bit for each port that must not cause an upcall.
    pub evtchn_mask: [u64; EVTCHN_WORDS],
    /// The wall clock.
    pub wc: WallClock,
    /// Its seconds, high half.
    pub wc_sec_hi: u32,
    /// The architecture's part.
    pub arch: ArchSharedInfo,
}

const _: () = {
    assert!(size_of::<ArchVcpuInfo>() == 16);
    assert!(offset_of!(ArchVcpuInfo, cr2) == 0);

    assert!(size_of::<VcpuTimeInfo>() == 32);
    assert!(offset_of!(VcpuTimeInfo, version) == 0);
    assert!(offset_of!(VcpuTimeInfo, tsc_timestamp) == 8);
    assert!(offset_of!(VcpuTimeInfo, system_time) == 16);
    assert!(offset_of!(VcpuTimeInfo, tsc_to_system_mul) == 24);
    assert!(offset_of!(VcpuTimeInfo, tsc_shift) == 28);
    assert!(offset_of!(VcpuTimeInfo, flags) == 29);

    assert!(size_of::<VcpuInfo>() == 64);
    assert!(offset_of!(VcpuInfo, evtchn_upcall_pending) == 0);
    assert!(offset_of!(VcpuInfo, evtchn_upcall_mask) == 1);
    assert!(offset_of!(VcpuInfo, evtchn_pending_sel) == 8);
    assert!(offset_of!(VcpuInfo, arch) == 16);
    assert!(offset_of!(VcpuInfo, time) == 32);

    assert!(size_of::<WallClock>() == 12);
    assert!(offset_of!(WallClock, version) == 0);
    assert!(offset_of!(WallClock, sec) == 4);
    assert!(offset_of!(WallClock, nsec) == 8);

    assert!(size_of::<ArchSharedInfo>() == 48);
    assert!(offset_of!(ArchSharedInfo, max_pfn) == 0);
    assert!(offset_of!(ArchSharedInfo, pfn_to_mfn_frame_list_list) == 8);
    assert!(offset_of!(ArchSharedInfo, nmi_reason) == 16);
    assert!(offset_of!(ArchSharedInfo, p2m_cr3) == 24);
    assert!(offset_of!(ArchSharedInfo, p2m_vaddr) == 32);
    assert!(offset_of!(ArchSharedInfo, p2m_generation) == 40);

    assert!(size_of::<SharedInfo>() == 3136);
    assert!(offset_of!(SharedInfo, vcpu_info) == 0);
    assert!(offset_of!(SharedInfo, evtchn_pending) == 2048);
    assert!(offset_of!(SharedInfo, evtchn_mask) == 2560);
    assert!(offset_of!(SharedInfo, wc) == 3072);
    assert!(offset_of!(SharedInfo, wc_sec_hi) == 3084);
    assert!(offset_of!(SharedInfo, arch) == 3088);
};
