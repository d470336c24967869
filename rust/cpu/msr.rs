// SPDX-License-Identifier: GPL-2.0

//! Model-specific registers.
//!
//! Xen executes `rdmsr` and `wrmsr` for a PV guest, most of them by refusing.
//! Those that hold a segment's base have a hypercall. Those by which a kernel
//! says where system calls enter it mean nothing here, for Xen is told that by
//! another one; writing them would only fill Xen's log.
//!
//! Callers: any context; segment bases on context switches.
//!
//! C ancestor: `enlighten_pv.c:1070`.

/// `MSR_IA32_APICBASE`.
pub const APIC_BASE: u32 = 0x1b;
/// `MSR_IA32_SYSENTER_CS`, the first of three.
pub const SYSENTER_CS: u32 = 0x174;
/// `MSR_IA32_SYSENTER_EIP`, the last of them.
pub const SYSENTER_EIP: u32 = 0x176;
/// `MSR_STAR`, the first of four about `syscall`.
pub const STAR: u32 = 0xc000_0081;
/// `MSR_SYSCALL_MASK`, the last of them.
pub const SYSCALL_MASK: u32 = 0xc000_0084;
/// `MSR_FS_BASE`.
pub const FS_BASE: u32 = 0xc000_0100;
/// `MSR_GS_BASE`.
pub const GS_BASE: u32 = 0xc000_0101;
/// `MSR_KERNEL_GS_BASE`, which holds the base of the mode that the CPU is not in.
pub const KERNEL_GS_BASE: u32 = 0xc000_0102;

/// What becomes of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Write {
    /// Xen is asked to, for the base of `fs`.
    FsBase,
    /// For the base that `gs` has in user space.
    UserGsBase,
    /// For the base that it has in the kernel.
    KernelGsBase,
    /// Nothing.
    Ignored,
    /// The instruction is executed, by Xen.
    Instruction,
}

impl Write {
    /// Returns what becomes of a write to an MSR.
    #[inline(always)]
    pub const fn to(msr: u32) -> Self {
        match msr {
            FS_BASE => Self::FsBase,
            KERNEL_GS_BASE => Self::UserGsBase,
            GS_BASE => Self::KernelGsBase,
            STAR..=SYSCALL_MASK | SYSENTER_CS..=SYSENTER_EIP => Self::Ignored,
            _ => Self::Instruction,
        }
    }
}

/// Makes of what an MSR holds what the kernel is to see: an APIC that is not in x2APIC mode, and
/// that of the boot CPU on that CPU only.
#[inline(always)]
pub fn seen(msr: u32, value: u64, is_boot_cpu: impl FnOnce() -> bool) -> u64 {
    /// `X2APIC_ENABLE`.
    const X2APIC: u64 = 1 << 10;
    /// `MSR_IA32_APICBASE_BSP`.
    const BOOT: u64 = 1 << 8;

    if msr != APIC_BASE {
        return value;
    }
    let value = value & !(X2APIC | BOOT);

    if is_boot_cpu() {
        value | BOOT
    } else {
        value
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_msr))]
mod tests {
    use super::*;

    #[test]
    fn segment_bases_are_hypercalls() {
        assert_eq!(Write::to(0xc000_0100), Write::FsBase);
        assert_eq!(Write::to(0xc000_0101), Write::KernelGsBase);
        assert_eq!(Write::to(0xc000_0102), Write::UserGsBase);
        assert_eq!(Write::to(0xc000_0103), Write::Instruction);
        assert_eq!(Write::to(0xc000_00ff), Write::Instruction);
    }

    #[test]
    fn entries_of_system_calls_are_told_otherwise() {
        for msr in [
            0x174,
            0x175,
            0x176,
            0xc000_0081,
            0xc000_0082,
            0xc000_0083,
            0xc000_0084,
        ] {
            assert_eq!(Write::to(msr), Write::Ignored);
        }
        for msr in [0, 0x10, 0x173, 0x177, 0xc000_0080, 0xc000_0085, u32::MAX] {
            assert_eq!(Write::to(msr), Write::Instruction);
        }
    }

    #[test]
    fn one_apic_is_the_boot_cpus() {
        assert_eq!(seen(APIC_BASE, 0xfee0_0c00, || true), 0xfee0_0900);
        assert_eq!(seen(APIC_BASE, 0xfee0_0900, || false), 0xfee0_0800);
        assert_eq!(seen(APIC_BASE, 0, || false), 0);
    }

    #[test]
    fn other_registers_are_seen_as_they_are() {
        assert_eq!(seen(0x10, 0xfee0_0d00, || true), 0xfee0_0d00);
    }
}
