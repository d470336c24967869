// SPDX-License-Identifier: GPL-2.0

//! The registers that a vCPU of a PV guest starts with.
//!
//! It starts in the kernel, on its idle task's stack, with events held off and
//! the kernel's own page tables: as if it had been interrupted there.
//!
//! C ancestor: `smp_pv.c:221`.

use crate::abi::{
    context::VcpuGuestContext,
    frame::Mfn, //
};

/// `__KERNEL_CS`.
pub const KERNEL_CS: u16 = 2 * 8;
/// `__KERNEL_DS`.
pub const KERNEL_DS: u64 = 3 * 8;
/// `__USER_DS`.
pub const USER_DS: u64 = 5 * 8 + 3;
/// `GDT_ENTRIES`.
pub const GDT_ENTRIES: u64 = 16;

/// Where a vCPU starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// Its first instruction.
    pub entry: u64,
    /// The stack that it has there: where an interrupt would have put registers.
    pub stack: u64,
    /// The stack on which it enters the kernel from user space, until a task has it set another.
    pub kernel_stack: u64,
    /// The frame of its descriptor table.
    pub gdt: Mfn,
    /// The frame of its page table.
    pub page_table: Mfn,
    /// The base of its per-CPU variables.
    pub gs_base: u64,
    /// Where events arrive.
    pub event_callback: u64,
    /// Where it goes if it cannot return to where it was.
    pub failsafe_callback: u64,
}

impl Start {
    /// Writes it down for Xen, in a context that is zero but for its traps.
    pub fn fill(&self, context: &mut VcpuGuestContext) {
        /// I/O privilege level 1: Xen tells the kernel's ring from user space's by it.
        const IOPL_RING1: u64 = 1 << 12;

        context.flags = VcpuGuestContext::IN_KERNEL;
        context.user_regs.rip = self.entry;
        context.user_regs.rsp = self.stack;
        context.user_regs.rflags = IOPL_RING1;
        context.user_regs.cs = KERNEL_CS;
        context.user_regs.ss = KERNEL_DS;
        context.user_regs.ds = USER_DS;
        context.user_regs.es = USER_DS;
        context.gdt_frames[0] = self.gdt.get();
        context.gdt_ents = GDT_ENTRIES;
        context.kernel_ss = KERNEL_DS;
        context.kernel_sp = self.kernel_stack;
        context.ctrlreg[3] = self.page_table.base().get();
        context.event_callback_eip = self.event_callback;
        context.failsafe_callback_eip = self.failsafe_callback;
        context.gs_base_kernel = self.gs_base;
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_smp_pv_context))]
mod tests {
    use super::*;

    const START: Start = Start {
        entry: 0xffff_ffff_8100_0000,
        stack: 0xffff_c900_0000_3f58,
        kernel_stack: 0xffff_c900_0000_4000,
        gdt: Mfn::from_raw(0x1234),
        page_table: Mfn::from_raw(0x5678),
        gs_base: 0xffff_8880_0100_0000,
        event_callback: 0xffff_ffff_8100_1000,
        failsafe_callback: 0xffff_ffff_8100_2000,
    };

    // Too big for a stack of the kernel's.
    #[cfg(test)]
    #[test]
    fn every_field_is_where_xen_looks_for_it() {
        use zerocopy::{
            FromZeros,
            IntoBytes, //
        };

        let mut context = VcpuGuestContext::new_zeroed();

        START.fill(&mut context);
        let words = context.as_bytes().chunks_exact(8).map(|word| {
            word.iter()
                .rev()
                .fold(0_u64, |value, &byte| value << 8 | u64::from(byte))
        });
        let written: std::vec::Vec<_> =
            words.enumerate().filter(|&(_, value)| value != 0).collect();

        // Offsets in words: FPU 64, flags, 24 registers, 256 traps of two words, LDT, GDT.
        assert_eq!(
            written,
            [
                (64, 1 << 2),
                (65 + 16, START.entry),
                (65 + 17, 0x10),
                (65 + 18, 0x1000),
                (65 + 19, START.stack),
                (65 + 20, 0x18),
                (65 + 21, 0x2b),
                (65 + 22, 0x2b),
                (604, 0x1234),
                (620, 16),
                (621, 0x18),
                (622, START.kernel_stack),
                (623 + 3, 0x0567_8000),
                (639, START.event_callback),
                (640, START.failsafe_callback),
                (644, START.gs_base),
            ]
        );
    }

    #[test]
    fn selectors_are_the_kernels() {
        assert_eq!(KERNEL_CS, 0x10);
        assert_eq!(KERNEL_DS, 0x18);
        assert_eq!(USER_DS, 0x2b);
        assert_eq!(START.page_table.base().get(), 0x0567_8000);
    }
}
