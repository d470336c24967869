// SPDX-License-Identifier: GPL-2.0

//! Hypercall numbers.
//!
//! C ancestor: `__HYPERVISOR_*` in `include/xen/interface/xen.h`.

/// A hypercall that this architecture issues.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Number {
    /// Registers the guest's exception handlers.
    SetTrapTable = 0,
    /// Updates page-table entries and the machine-to-physical table.
    MmuUpdate = 1,
    /// Installs the frames of a descriptor table.
    SetGdt = 2,
    /// Sets the stack that Xen switches to on entry from user space.
    StackSwitch = 3,
    /// Sets or clears CR0.TS.
    FpuTaskswitch = 5,
    /// Operations on the machine itself, for the initial domain.
    PlatformOp = 7,
    /// Writes a debug register.
    SetDebugreg = 8,
    /// Reads a debug register.
    GetDebugreg = 9,
    /// Writes one entry of a descriptor table.
    UpdateDescriptor = 10,
    /// Queries and changes the domain's memory.
    MemoryOp = 12,
    /// Issues a list of hypercalls.
    Multicall = 13,
    /// Updates the page-table entry that maps an address.
    UpdateVaMapping = 14,
    /// Arms the one-shot timer.
    SetTimerOp = 15,
    /// Queries version and features.
    XenVersion = 17,
    /// Writes to or reads from Xen's console.
    ConsoleIo = 18,
    /// Operations on grant tables.
    GrantTableOp = 20,
    /// Switches one of Xen's assists on or off.
    VmAssist = 21,
    /// Returns from an exception.
    Iret = 23,
    /// Operations on a vCPU.
    VcpuOp = 24,
    /// Writes a segment base.
    SetSegmentBase = 25,
    /// Pins tables, flushes TLBs, switches address spaces.
    MmuextOp = 26,
    /// Yields, blocks, polls, shuts down.
    SchedOp = 29,
    /// Registers entry points for Xen.
    CallbackOp = 30,
    /// Operations on event channels.
    EventChannelOp = 32,
    /// Operations on physical devices.
    PhysdevOp = 33,
    /// Operations of and on HVM guests.
    HvmOp = 34,
    /// Operations on the virtual performance counters.
    XenpmuOp = 40,
}

impl Number {
    /// Returns the number as it goes into the register.
    #[inline]
    pub const fn get(self) -> u64 {
        // CAST: `repr(u32)`, and `From` is not const.
        self as u64
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_hypercall))]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_interface() {
        assert_eq!(Number::SetTrapTable.get(), 0);
        assert_eq!(Number::PlatformOp.get(), 7);
        assert_eq!(Number::Multicall.get(), 13);
        assert_eq!(Number::Iret.get(), 23);
        assert_eq!(Number::HvmOp.get(), 34);
        assert_eq!(Number::XenpmuOp.get(), 40);
    }
}
