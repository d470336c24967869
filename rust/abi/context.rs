// SPDX-License-Identifier: GPL-2.0

//! The registers that a PV guest's vCPU starts with.
//!
//! More than 5 kB, so not something for the stack.
//!
//! C ancestors: `struct vcpu_guest_context`, `asm/xen/interface.h`; `struct cpu_user_regs`,
//! `asm/xen/interface_64.h`.

use core::mem::{
    offset_of,
    size_of, //
};

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

use super::descriptor::TrapInfo;

/// `VCPUOP_initialise`: gives a vCPU its registers.
pub const INITIALISE: u64 = 0;

/// General registers.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct CpuUserRegs {
    /// r15 to r8, with rbp and rbx after the fourth; rax, rcx, rdx, rsi, rdi.
    pub general: [u64; 15],
    /// Xen's own.
    pub error_code: u32,
    /// Xen's own.
    pub entry_vector: u32,
    /// Instruction pointer.
    pub rip: u64,
    /// Code segment.
    pub cs: u16,
    /// Fills up.
    _pad0: u16,
    /// Whether events were held off.
    pub saved_upcall_mask: u8,
    /// Fills up.
    _pad1: [u8; 3],
    /// Flags, with IF for what Xen makes of [`CpuUserRegs::saved_upcall_mask`].
    pub rflags: u64,
    /// Stack pointer.
    pub rsp: u64,
    /// Stack segment, as each that follows in the lowest two bytes.
    pub ss: u64,
    /// Data segment.
    pub es: u64,
    /// Data segment.
    pub ds: u64,
    /// Data segment.
    pub fs: u64,
    /// Data segment.
    pub gs: u64,
}

/// All registers.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct VcpuGuestContext {
    /// Registers of the FPU, if the flags say so.
    pub fpu_ctxt: [u8; 512],
    /// `VGCF_*`.
    pub flags: u64,
    /// General registers.
    pub user_regs: CpuUserRegs,
    /// Handlers of exceptions, up to one without address.
    pub trap_ctxt: [TrapInfo; 256],
    /// Linear address of the local descriptor table.
    pub ldt_base: u64,
    /// And its entries.
    pub ldt_ents: u64,
    /// Frames of the global descriptor table.
    pub gdt_frames: [u64; 16],
    /// And its entries.
    pub gdt_ents: u64,
    /// Stack segment on entry into the kernel from user space.
    pub kernel_ss: u64,
    /// And stack pointer.
    pub kernel_sp: u64,
    /// Control registers. 1 is the page table of user space.
    pub ctrlreg: [u64; 8],
    /// Debug registers.
    pub debugreg: [u64; 8],
    /// Where events arrive.
    pub event_callback_eip: u64,
    /// Where a vCPU goes that cannot return to where it was.
    pub failsafe_callback_eip: u64,
    /// Where system calls arrive.
    pub syscall_callback_eip: u64,
    /// Assists that are on.
    pub vm_assist: u64,
    /// Segment base.
    pub fs_base: u64,
    /// Segment base in the kernel.
    pub gs_base_kernel: u64,
    /// Segment base in user space.
    pub gs_base_user: u64,
}

impl VcpuGuestContext {
    /// `VGCF_IN_KERNEL`: the vCPU is in the kernel.
    pub const IN_KERNEL: u64 = 1 << 2;
}

const _: () = {
    assert!(size_of::<CpuUserRegs>() == 200);
    assert!(offset_of!(CpuUserRegs, rip) == 128);
    assert!(offset_of!(CpuUserRegs, cs) == 136);
    assert!(offset_of!(CpuUserRegs, saved_upcall_mask) == 140);
    assert!(offset_of!(CpuUserRegs, rflags) == 144);
    assert!(offset_of!(CpuUserRegs, gs) == 192);

    assert!(size_of::<VcpuGuestContext>() == 5168);
    assert!(offset_of!(VcpuGuestContext, user_regs) == 520);
    assert!(offset_of!(VcpuGuestContext, trap_ctxt) == 720);
    assert!(offset_of!(VcpuGuestContext, gdt_frames) == 4832);
    assert!(offset_of!(VcpuGuestContext, kernel_ss) == 4968);
    assert!(offset_of!(VcpuGuestContext, ctrlreg) == 4984);
    assert!(offset_of!(VcpuGuestContext, event_callback_eip) == 5112);
    assert!(offset_of!(VcpuGuestContext, gs_base_kernel) == 5152);
};
