// SPDX-License-Identifier: GPL-2.0

//! Control registers, the task register, I/O ports, and the reason of an NMI.
//!
//! C ancestor: `enlighten_pv.c:1012`.

#![expect(unsafe_code)]

use kernel::ffi::{
    c_uchar,
    c_ulong, //
};

use crate::{
    abi::hypercall::Number,
    cpu::{
        control,
        nmi, //
    },
    ffi::multicall::batch::{
        batch,
        Issue, //
    },
    raw::{
        bindings,
        percpu::PerCpu,
        register, shared,
        word::{
            to_u64,
            to_usize, //
        },
    },
};

// SAFETY: `DEFINE_PER_CPU(u64, xen_cr0_value)` is in c-shims/percpu.c.
const CR0: PerCpu<u64> = unsafe { PerCpu::new(&raw const bindings::xen_cr0_value) };

/// Reads cr0: what was written, or at first what there is. Any context.
pub(super) extern "C" fn xen_read_cr0() -> c_ulong {
    let written = CR0.read();

    if written != 0 {
        return to_usize(written);
    }
    let value = register::read_cr0();

    // SAFETY: The variable is this module's.
    unsafe { CR0.write(value) };
    to_usize(value)
}

/// Writes cr0, of which one bit reaches Xen. Preemption is off.
pub(super) extern "C" fn xen_write_cr0(cr0: c_ulong) {
    // SAFETY: The variable is this module's.
    unsafe { CR0.write(to_u64(cr0)) };
    let trap = u64::from(control::traps_fpu(to_u64(cr0)));

    batch(Issue::UnlessCpuIsLazy, |calls| {
        // SAFETY: The argument is a truth value.
        unsafe { calls.hypercall(Number::FpuTaskswitch, [trap, 0]) };
    });
}

/// Writes cr4, as far as it is a guest's. Any context.
pub(super) extern "C" fn xen_write_cr4(cr4: c_ulong) {
    // SAFETY: The kernel wants these bits, and can do without the others.
    unsafe { register::write_cr4(control::allowed_cr4(to_u64(cr4))) };
}

/// Returns the task register: there is no task state segment. Any context.
pub(super) extern "C" fn xen_store_tr() -> c_ulong {
    0
}

/// Returns why there was an NMI, as port 0x61 would say. Any context.
pub(in crate::ffi) extern "C" fn xen_get_nmi_reason() -> c_uchar {
    nmi::reason(shared::shared_info().nmi_reason())
}

#[cfg(CONFIG_X86_IOPL_IOPERM)]
pub(super) mod ports {
    //! I/O ports that user space may use.

    use super::{
        bindings,
        control::ports,
        to_u64, //
    };
    use crate::{
        abi::physdev::SetIobitmap,
        raw::{
            hypercall::physdev::set_iobitmap,
            percpu::PerCpu, //
        },
    };

    // SAFETY: `DEFINE_PER_CPU_PAGE_ALIGNED(struct tss_struct, cpu_tss_rw)` is in
    // arch/x86/kernel/process.c.
    const TSS: PerCpu<bindings::tss_struct> =
        unsafe { PerCpu::new(&raw const bindings::cpu_tss_rw) };

    /// Lets user space use no port. Interrupts are off.
    pub(in crate::ffi::cpu) extern "C" fn xen_invalidate_io_bitmap() {
        let tss = TSS.this_cpu_ptr();

        // SAFETY: It is this CPU's, and interrupts are off.
        unsafe {
            (&raw mut (*tss).x86_tss.io_bitmap_base)
                .write_unaligned(bindings::RUST_CONST_HELPER_NO_IO_BITMAP);
        }
        // Xen has no reason to refuse, and nobody is there to be told.
        // SAFETY: Without ports, no bitmap is read.
        let _ = unsafe { set_iobitmap(SetIobitmap::new(0, 0)) };
    }

    /// Lets user space use the ports of the current task. Interrupts are off.
    pub(in crate::ffi::cpu) extern "C" fn xen_update_io_bitmap() {
        // SAFETY: It writes this CPU's segment.
        unsafe { bindings::native_tss_update_io_bitmap() };
        let tss = TSS.this_cpu_ptr();
        // SAFETY: It is this CPU's, and interrupts are off.
        let offset = unsafe { (&raw const (*tss).x86_tss.io_bitmap_base).read_unaligned() };
        let bitmap = to_u64(tss.addr()).wrapping_add(u64::from(offset));
        let count = ports(offset, bindings::RUST_CONST_HELPER_NO_IO_BITMAP);

        // As above.
        // SAFETY: The segment has the bitmap at this offset, or none, for as long as there are CPUs.
        let _ = unsafe { set_iobitmap(SetIobitmap::new(bitmap, count)) };
    }
}
