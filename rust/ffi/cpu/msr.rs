// SPDX-License-Identifier: GPL-2.0

//! Reads and writes of model-specific registers.
//!
//! C ancestor: `enlighten_pv.c:1070`.

#![expect(unsafe_code)]

use core::ffi::CStr;

use kernel::{
    cpu::CpuId,
    error::code::EINVAL,
    ffi::{
        c_char,
        c_int, //
    },
};

use super::{
    pmu,
    switch::{
        was_given_fs,
        was_given_gs, //
    },
};
use crate::{
    abi::descriptor::SegmentBase,
    cpu::msr::{
        self,
        Write, //
    },
    ffi::contract,
    raw::{
        atomic::Word,
        bindings,
        hypercall::descriptor::set_segment_base,
        print::{
            printk,
            WARNING, //
        },
        register,
        section::{
            init,
            read_mostly, //
        },
    },
};

contract!(xen_parse_msr_safe(_));

const _: () = {
    assert!(msr::APIC_BASE == bindings::MSR_IA32_APICBASE);
    assert!(msr::SYSENTER_CS == bindings::MSR_IA32_SYSENTER_CS);
    assert!(msr::SYSENTER_CS + 1 == bindings::MSR_IA32_SYSENTER_ESP);
    assert!(msr::SYSENTER_EIP == bindings::MSR_IA32_SYSENTER_EIP);
    assert!(msr::STAR == bindings::MSR_STAR);
    assert!(msr::STAR + 1 == bindings::MSR_LSTAR);
    assert!(msr::STAR + 2 == bindings::MSR_CSTAR);
    assert!(msr::SYSCALL_MASK == bindings::MSR_SYSCALL_MASK);
    assert!(msr::FS_BASE == bindings::MSR_FS_BASE);
    assert!(msr::GS_BASE == bindings::MSR_GS_BASE);
    assert!(msr::KERNEL_GS_BASE == bindings::MSR_KERNEL_GS_BASE);
};

read_mostly! {
    /// Whether an MSR that Xen refuses is passed over in silence: `xen_msr_safe`.
    static SAFE: Word = Word::new(if cfg!(CONFIG_XEN_PV_MSR_SAFE) { 1 } else { 0 });
}

init! {
    /// Parses `xen_msr_safe`.
    ///
    /// # Safety
    ///
    /// `arg` must be null or a string.
    #[no_mangle]
    unsafe extern "C" fn xen_parse_msr_safe(arg: *mut c_char) -> c_int {
        if arg.is_null() {
            return EINVAL.to_errno();
        }
        // SAFETY: The caller's promise.
        let arg = unsafe { CStr::from_ptr(arg.cast()) };

        match kernel::str::kstrtobool(arg) {
            Ok(safe) => {
                SAFE.write(u64::from(safe));
                0
            }
            Err(error) => error.to_errno(),
        }
    }
}

/// Returns what the kernel is to see of what an MSR holds.
#[inline(always)]
fn seen(msr: u32, value: u64) -> u64 {
    msr::seen(msr, value, || CpuId::current().as_u32() == 0)
}

/// Reads an MSR, and returns it with 0 or an error. Any context.
#[inline(always)]
fn try_read(msr: u32) -> (u64, c_int) {
    if let Some(value) = pmu::read(msr) {
        return (value, 0);
    }
    let (value, error) = register::try_read_msr(msr);

    (seen(msr, value), error)
}

/// Writes a segment's base.
#[inline(always)]
fn write_base(segment: SegmentBase, base: u64) {
    // SAFETY: The kernel's gs is written by code that knows where its per-CPU variables are.
    if unsafe { set_segment_base(segment, base) }.is_err() {
        refused(segment, base);
    }
}

/// Warns of a base that Xen does not take.
#[cold]
fn refused(segment: SegmentBase, base: u64) {
    printk!(
        WARNING,
        "Xen set_segment_base({}, {:x}) failed\n",
        segment.get(),
        base
    );
    let _ = kernel::warn_on!(true);
}

/// Writes an MSR; `instruction` does so where it is one.
#[inline(always)]
fn write(msr: u32, value: u64, instruction: impl FnOnce() -> c_int) -> c_int {
    match Write::to(msr) {
        Write::FsBase if was_given_fs(value) => {}
        Write::FsBase => write_base(SegmentBase::Fs, value),
        Write::UserGsBase if was_given_gs(value) => {}
        Write::UserGsBase => write_base(SegmentBase::GsUser, value),
        Write::KernelGsBase => write_base(SegmentBase::GsKernel, value),
        Write::Ignored => {}
        Write::Instruction if pmu::write(msr, value).is_some() => {}
        Write::Instruction => return instruction(),
    }
    0
}

/// Reads an MSR. Any context.
pub(super) extern "C" fn xen_read_msr(msr: u32) -> u64 {
    if SAFE.read() != 0 {
        return try_read(msr).0;
    }
    pmu::read(msr).unwrap_or_else(|| seen(msr, register::read_msr(msr)))
}

/// Writes an MSR. Any context.
pub(super) extern "C" fn xen_write_msr(msr: u32, value: u64) {
    write(msr, value, || {
        if SAFE.read() != 0 {
            // SAFETY: The caller in the kernel knows what it does.
            unsafe { register::try_write_msr(msr, value) }
        } else {
            // SAFETY: As above.
            unsafe { register::write_msr(msr, value) };
            0
        }
    });
}

/// Reads an MSR, and returns 0, or an error if it cannot be read. Any context.
///
/// # Safety
///
/// `value` must be valid for writes.
pub(super) unsafe extern "C" fn xen_read_msr_safe(msr: u32, value: *mut u64) -> c_int {
    let (read, error) = try_read(msr);

    // SAFETY: The caller's promise.
    unsafe { value.write(read) };
    error
}

/// Writes an MSR, and returns 0, or an error if it cannot be written. Any context.
pub(super) extern "C" fn xen_write_msr_safe(msr: u32, value: u64) -> c_int {
    // SAFETY: The caller in the kernel knows what it does.
    write(msr, value, || unsafe {
        register::try_write_msr(msr, value)
    })
}
