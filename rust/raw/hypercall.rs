// SPDX-License-Identifier: GPL-2.0

//! Hypercalls: the one instruction that enters Xen, and a typed function for each use.
//!
//! A hypercall is a call of the kernel's own static call `xen_hypercall`, which boot code patches
//! to `syscall`, `vmcall` or `vmmcall`. The call is made here in asm rather than through C: objtool
//! finds it by its target's name and lists it for patching as it does those in C.
//!
//! Valid in any context once the static call is set: in PV after the first lines of
//! `xen_start_kernel()`, in PVH and HVM from the first instruction.
//!
//! C ancestor: `arch/x86/include/asm/xen/hypercall.h`.

#![expect(unsafe_code)]

#[cfg(CONFIG_XEN_PV)]
pub(crate) mod apic;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod callback;
#[cfg(CONFIG_XEN_PV_SMP)]
pub(crate) mod context;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod descriptor;
#[cfg(CONFIG_SMP)]
pub(crate) mod event;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod grant;
pub(crate) mod memory;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod mmu;
#[cfg(any(CONFIG_SMP, CONFIG_XEN_PV))]
pub(crate) mod multicall;
// Each function serves one of the kernel's options.
#[allow(dead_code)]
pub(crate) mod physdev;
#[allow(dead_code)]
pub(crate) mod platform;
#[cfg(CONFIG_XEN_PV)]
pub(crate) mod pmu;
pub(crate) mod sched;
pub(crate) mod time;
pub(crate) mod vcpu;
pub(crate) mod version;

use core::arch::asm;

use zerocopy::{
    Immutable,
    IntoBytes, //
};

use crate::{
    abi::{
        errno::XenErrno,
        hvm::{
            GetMemType,
            PagetableDying,
            GET_MEM_TYPE,
            PAGETABLE_DYING, //
        },
        hypercall::Number,
        platform::FirmwareInfo, //
    },
    raw::word::to_u64, //
};

/// Enters Xen with a hypercall that is known here.
///
/// # Safety
///
/// As for [`enter`].
#[inline(always)]
unsafe fn hypercall(number: Number, arguments: [u64; 5]) -> i64 {
    // SAFETY: The caller's promise.
    unsafe { enter(number.get(), arguments) }
}

/// Enters Xen.
///
/// # Safety
///
/// `arguments` must be what Xen expects for hypercall `op`. Memory that they point to has to be
/// valid for what Xen does with it, until this returns.
#[inline(always)]
unsafe fn enter(op: u64, arguments: [u64; 5]) -> i64 {
    let answer: i64;
    let [first, second, third, fourth, fifth] = arguments;

    // SAFETY: The static call's targets keep the registers that are not listed and use the stack
    // as a function does; the caller vouches for what Xen does with the arguments.
    unsafe {
        asm!(
            // A reference to the key, so that objtool may name it in this object.
            ".globl __SCK__xen_hypercall",
            "call __SCT__xen_hypercall",
            inlateout("rax") op => answer,
            inlateout("rdi") first => _,
            inlateout("rsi") second => _,
            inlateout("rdx") third => _,
            inlateout("r10") fourth => _,
            inlateout("r8") fifth => _,
            lateout("rcx") _,
            lateout("r9") _,
            lateout("r11") _,
        );
    }
    answer
}

/// Enters Xen with a command and the structure that belongs to it.
///
/// `T: IntoBytes` proves that it has no padding through which the stack could leak.
///
/// # Safety
///
/// `T` must be the structure of command `command` of hypercall `number`, and any address in it
/// valid for what Xen does with it.
unsafe fn command<T: IntoBytes + Immutable>(
    number: Number,
    command: u32,
    argument: &mut T,
) -> Result<(), XenErrno> {
    let handle = core::ptr::from_mut(argument).expose_provenance();

    // SAFETY: The exclusive borrow lasts until Xen is done; the rest is the caller's promise.
    XenErrno::result(unsafe { hypercall(number, [u64::from(command), to_u64(handle), 0, 0, 0]) })?;
    Ok(())
}

/// `HVMOP_pagetable_dying`: tells Xen that an address space is about to go.
///
/// # Errors
///
/// `ENOSYS` where Xen keeps no shadow page tables, and Xen's other refusals.
pub(crate) fn pagetable_dying(mut hint: PagetableDying) -> Result<(), XenErrno> {
    // SAFETY: `PagetableDying` is this command's structure and holds no pointer.
    unsafe { command(Number::HvmOp, PAGETABLE_DYING, &mut hint) }
}

/// `HVMOP_get_mem_type`: asks what backs a frame, and returns the question with the answer in it.
///
/// # Errors
///
/// Xen's refusals.
pub(crate) fn get_mem_type(mut query: GetMemType) -> Result<GetMemType, XenErrno> {
    // SAFETY: `GetMemType` is this command's structure and holds no pointer.
    unsafe { command(Number::HvmOp, GET_MEM_TYPE, &mut query)? };
    Ok(query)
}

/// `XENPF_firmware_info`: asks about the machine's firmware.
///
/// # Errors
///
/// `EPERM` for any domain but the initial one, `ENODEV`, `ENOENT` or `EOPNOTSUPP` where the
/// firmware has no such information.
///
/// # Safety
///
/// A buffer that `question` names must be valid for writes of the length that it names.
#[cfg_attr(not(any(CONFIG_XEN_EFI, CONFIG_XEN_PV)), expect(dead_code))]
pub(crate) unsafe fn firmware_info(mut question: FirmwareInfo) -> Result<FirmwareInfo, XenErrno> {
    let handle = core::ptr::from_mut(&mut question).expose_provenance();

    // SAFETY: `FirmwareInfo` is a whole `xen_platform_op`, borrowed until Xen is done, and the
    // caller vouches for the buffer.
    XenErrno::result(unsafe { hypercall(Number::PlatformOp, [to_u64(handle), 0, 0, 0, 0]) })?;
    Ok(question)
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn xen_refuses_an_unknown_command() {
        if domain::is_xen() {
            // SAFETY: Xen knows no such command, so it reads nothing.
            let answer = unsafe { hypercall(Number::XenVersion, [0xffff, 0, 0, 0, 0]) };

            assert_eq!(XenErrno::result(answer), Err(XenErrno::ENOSYS));
        }
    }
}
