// SPDX-License-Identifier: GPL-2.0

//! Per-vCPU records outside `vcpu_info`.
//!
//! C ancestor: `include/xen/interface/vcpu.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::frame::Maddr;

/// `VCPUOP_up`, which has no structure.
pub const UP: u64 = 1;
/// `VCPUOP_down`, which has no structure.
pub const DOWN: u64 = 2;
/// `VCPUOP_is_up`, which has no structure.
pub const IS_UP: u64 = 3;
/// `VCPUOP_stop_periodic_timer`, which has no structure.
pub const STOP_PERIODIC_TIMER: u64 = 7;
/// `VCPUOP_set_singleshot_timer`.
pub const SET_SINGLESHOT_TIMER: u64 = 8;
/// `VCPUOP_stop_singleshot_timer`, which has no structure.
pub const STOP_SINGLESHOT_TIMER: u64 = 9;
/// `VCPUOP_register_vcpu_info`.
pub const REGISTER_VCPU_INFO: u64 = 10;
/// `VCPUOP_register_vcpu_time_memory_area`.
pub const REGISTER_TIME_MEMORY_AREA: u64 = 13;

/// What the vCPU is doing and has done, kept current by Xen in guest memory.
///
/// Xen updates it while the vCPU runs elsewhere: a consistent copy takes the
/// retry loop in `raw`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct VcpuRunstateInfo {
    /// One of `RUNSTATE_*`.
    pub state: i32,
    /// Aligns the next field.
    _pad: u32,
    /// System time in ns at which the state was entered, with
    /// [`Self::UPDATE`] in it while Xen writes.
    pub state_entry_time: u64,
    /// Nanoseconds spent in each `RUNSTATE_*`.
    pub time: [u64; 4],
}

impl VcpuRunstateInfo {
    /// `XEN_RUNSTATE_UPDATE`: Xen is in the middle of an update.
    pub const UPDATE: u64 = 1 << 63;
    /// `RUNSTATE_running`: on a physical CPU.
    pub const RUNNING: i32 = 0;
    /// `RUNSTATE_runnable`: waiting for a physical CPU.
    pub const RUNNABLE: i32 = 1;
    /// `RUNSTATE_blocked`: idle.
    pub const BLOCKED: i32 = 2;
    /// `RUNSTATE_offline`: neither idle nor allowed to run.
    pub const OFFLINE: i32 = 3;
}

/// When a vCPU's one-shot timer fires.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct SetSingleshotTimer {
    /// System time in ns.
    pub(crate) timeout_abs_ns: u64,
    /// `VCPU_SSHOTTMR_*`.
    pub(crate) flags: u32,
    /// Fills 16 bytes.
    _pad: u32,
}

impl SetSingleshotTimer {
    /// Fires at a system time, and at once if that is past: `VCPU_SSHOTTMR_future`
    /// would make it an error.
    #[inline]
    pub const fn at(timeout_abs_ns: u64) -> Self {
        Self {
            timeout_abs_ns,
            flags: 0,
            _pad: 0,
        }
    }
}

/// Where Xen is to keep a vCPU's `vcpu_info` from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct RegisterVcpuInfo {
    /// The frame, in the machine for a PV guest.
    pub(crate) mfn: u64,
    /// And where in it.
    pub(crate) offset: u32,
    /// Reserved.
    _rsvd: u32,
}

impl RegisterVcpuInfo {
    /// Places the record at an address.
    #[inline]
    pub const fn at(address: Maddr) -> Self {
        Self {
            mfn: address.frame().get(),
            // CAST: Below the size of a page.
            offset: address.page_offset() as u32,
            _rsvd: 0,
        }
    }
}

/// Where Xen is to keep a copy of a vCPU's clock.
#[derive(Clone, Copy, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct RegisterTimeMemoryArea {
    /// Virtual address, 0 for nowhere.
    pub addr: u64,
}

const _: () = {
    assert!(size_of::<SetSingleshotTimer>() == 16);
    assert!(offset_of!(SetSingleshotTimer, timeout_abs_ns) == 0);
    assert!(offset_of!(SetSingleshotTimer, flags) == 8);

    assert!(size_of::<RegisterVcpuInfo>() == 16);
    assert!(offset_of!(RegisterVcpuInfo, mfn) == 0);
    assert!(offset_of!(RegisterVcpuInfo, offset) == 8);

    assert!(size_of::<RegisterTimeMemoryArea>() == 8);

    assert!(size_of::<VcpuRunstateInfo>() == 48);
    assert!(offset_of!(VcpuRunstateInfo, state) == 0);
    assert!(offset_of!(VcpuRunstateInfo, state_entry_time) == 8);
    assert!(offset_of!(VcpuRunstateInfo, time) == 16);
};

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_vcpu))]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_placed_by_frame_and_offset() {
        let place = RegisterVcpuInfo::at(Maddr::from_raw(0x12_3456_7fc0));

        assert_eq!(place.mfn, 0x123_4567);
        assert_eq!(place.offset, 0xfc0);
        assert_eq!(place._rsvd, 0);
    }
}
