// SPDX-License-Identifier: GPL-2.0

//! Per-CPU variables.
//!
//! A variable's symbol is the address of a template. A CPU's own copy lies `this_cpu_off` bytes
//! further, which is also where its %gs points: an access through %gs is one instruction, so it
//! stays on one CPU even if the task is moved right before or after it. A pointer is different: it
//! keeps leading to the CPU on which it was made.
//!
//! Without SMP there is one copy, the template.
//!
//! Valid in any context. Before `setup_per_cpu_areas()` the boot CPU has the template.
//!
//! C ancestor: `arch/x86/include/asm/percpu.h`.

#![expect(unsafe_code)]

use core::arch::asm;

use kernel::cpu::CpuId;

use crate::raw::word::to_usize;

/// A per-CPU variable of type `T`.
///
/// # Invariants
///
/// The address is that of a variable that `DEFINE_PER_CPU()` defined with a type of `T`'s layout.
pub(crate) struct PerCpu<T>(*const T);

// All methods take it by value. A constant that is borrowed loses the place of a field within its
// variable: rustc, 1.85 to 1.97 at least, reads the whole variable's address from it.
impl<T> Clone for PerCpu<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PerCpu<T> {}

/// What one instruction can read or write: implemented for integers of each width.
pub(crate) trait Word: Copy {
    /// Reads a word through %gs.
    ///
    /// # Safety
    ///
    /// `address` must be the template of a per-CPU variable of this type.
    unsafe fn read(address: *const Self) -> Self;

    /// Writes a word through %gs.
    ///
    /// # Safety
    ///
    /// `address` must be the template of a per-CPU variable of this type.
    unsafe fn write(address: *const Self, value: Self);
}

/// The segment prefix of a per-CPU access.
#[cfg(CONFIG_SMP)]
macro_rules! segment {
    () => {
        "gs:"
    };
}
#[cfg(not(CONFIG_SMP))]
macro_rules! segment {
    () => {
        ""
    };
}
pub(super) use segment;

/// Implements [`Word`] by the two forms of `mov` for one width.
macro_rules! word {
    ($type:ty, $class:ident, $size:literal, $register:literal) => {
        impl Word for $type {
            #[inline(always)]
            unsafe fn read(address: *const Self) -> Self {
                let value: Self;

                // SAFETY: Each CPU has a copy at this offset, by the caller's promise.
                unsafe {
                    asm!(
                        concat!("mov {value", $register, "}, ", $size, " ptr ", segment!(), "[{address}]"),
                        value = out($class) value,
                        address = in(reg) address,
                        options(nostack, preserves_flags, readonly),
                    );
                }
                value
            }

            #[inline(always)]
            unsafe fn write(address: *const Self, value: Self) {
                // SAFETY: Each CPU has a copy at this offset, by the caller's promise.
                unsafe {
                    asm!(
                        concat!("mov ", $size, " ptr ", segment!(), "[{address}], {value", $register, "}"),
                        value = in($class) value,
                        address = in(reg) address,
                        options(nostack, preserves_flags),
                    );
                }
            }
        }
    };
}

word!(u8, reg_byte, "byte", "");
word!(u32, reg, "dword", ":e");
word!(u64, reg, "qword", "");

impl<T> PerCpu<T> {
    /// Names the variable with the template `address`.
    ///
    /// # Safety
    ///
    /// `DEFINE_PER_CPU()` must have defined it with a type of `T`'s layout.
    pub(crate) const unsafe fn new(address: *const T) -> Self {
        // INVARIANT: The caller's promise.
        Self(address)
    }

    /// Returns where the copy of the CPU is that runs this, or has just run it.
    pub(crate) fn this_cpu_ptr(self) -> *mut T {
        self.at_offset(this_cpu_off())
    }

    /// Returns where the copy of `cpu` is.
    pub(crate) fn ptr(self, cpu: CpuId) -> *mut T {
        self.at_offset(offset_of_cpu(cpu))
    }

    /// Returns the copy that lies `offset` bytes from the template.
    fn at_offset(self, offset: u64) -> *mut T {
        self.0.cast_mut().wrapping_byte_add(to_usize(offset))
    }
}

impl<T: Word> PerCpu<T> {
    /// Reads this CPU's copy.
    #[inline]
    pub(crate) fn read(self) -> T {
        // SAFETY: By the type invariant.
        unsafe { T::read(self.0) }
    }

    /// Writes this CPU's copy.
    ///
    /// # Safety
    ///
    /// The variable must be one that the caller may change.
    #[inline]
    pub(crate) unsafe fn write(self, value: T) {
        // SAFETY: By the type invariant.
        unsafe { T::write(self.0, value) }
    }
}

#[cfg(CONFIG_PARAVIRT_SPINLOCKS)]
impl PerCpu<u32> {
    /// Adds one to this CPU's copy, in one instruction: an interrupt comes before or after it.
    ///
    /// # Safety
    ///
    /// The variable must be one that the caller may change.
    #[inline(always)]
    pub(crate) unsafe fn increment(self) {
        // SAFETY: Each CPU has a copy at this offset, by the type invariant.
        unsafe {
            asm!(
                concat!("inc dword ptr ", segment!(), "[{address}]"),
                address = in(reg) self.0,
                options(nostack),
            );
        }
    }

    /// Takes one from this CPU's copy, in one instruction.
    ///
    /// # Safety
    ///
    /// The variable must be one that the caller may change.
    #[inline(always)]
    pub(crate) unsafe fn decrement(self) {
        // SAFETY: Each CPU has a copy at this offset, by the type invariant.
        unsafe {
            asm!(
                concat!("dec dword ptr ", segment!(), "[{address}]"),
                address = in(reg) self.0,
                options(nostack),
            );
        }
    }
}

/// Returns how far this CPU's copies are from the templates, in bytes.
#[cfg(CONFIG_SMP)]
fn this_cpu_off() -> u64 {
    use crate::raw::bindings;

    // SAFETY: It is a per-CPU variable, which holds its own offset.
    unsafe { Word::read((&raw const bindings::this_cpu_off).cast::<u64>()) }
}

/// Returns how far this CPU's copies are from the templates, in bytes.
#[cfg(not(CONFIG_SMP))]
fn this_cpu_off() -> u64 {
    0
}

/// Returns how far the copies of `cpu` are from the templates, in bytes.
#[cfg(CONFIG_SMP)]
pub(crate) fn offset_of_cpu(cpu: CpuId) -> u64 {
    use crate::raw::bindings;

    let offsets = (&raw const bindings::__per_cpu_offset).cast::<u64>();

    // SAFETY: The array has an element for each CPU number, written before a second CPU exists.
    unsafe { offsets.add(cpu.as_u32() as usize).read() } // CAST: It widens.
}

/// Returns how far the copies of `cpu` are from the templates, in bytes.
#[cfg(not(CONFIG_SMP))]
fn offset_of_cpu(_cpu: CpuId) -> u64 {
    0
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_percpu)]
mod tests {
    use super::*;
    use crate::raw::bindings;

    // SAFETY: `DEFINE_PER_CPU(uint32_t, xen_vcpu_id)` is in c-shims/percpu.c.
    const VCPU_ID: PerCpu<u32> = unsafe { PerCpu::new(&raw const bindings::xen_vcpu_id) };

    #[test]
    fn a_read_finds_the_copy_of_some_cpu() {
        let value = VCPU_ID.read();
        let copies = (0..kernel::cpu::nr_cpu_ids())
            .filter_map(CpuId::from_u32)
            // SAFETY: The variable exists for each CPU number below the limit.
            .filter(|&cpu| unsafe { VCPU_ID.ptr(cpu).read_volatile() } == value);

        assert!(copies.count() > 0);
    }

    #[test]
    fn a_write_changes_what_is_read() {
        let before = VCPU_ID.read();

        // SAFETY: The value stays what it is.
        unsafe { VCPU_ID.write(before) };
        assert_eq!(VCPU_ID.read(), before);
    }

    #[test]
    fn a_pointer_leads_to_the_copy_of_some_cpu() {
        let here = VCPU_ID.this_cpu_ptr();
        let owners = (0..kernel::cpu::nr_cpu_ids())
            .filter_map(CpuId::from_u32)
            .filter(|&cpu| VCPU_ID.ptr(cpu) == here);

        assert_eq!(owners.count(), 1);
    }

    #[test]
    fn a_field_keeps_its_place_in_the_variable() {
        // SAFETY: `DEFINE_PER_CPU_ALIGNED(struct vcpu_info, xen_vcpu_info)` is in c-shims/percpu.c.
        const WHOLE: PerCpu<u8> =
            unsafe { PerCpu::new((&raw const bindings::xen_vcpu_info).cast()) };
        // SAFETY: As above.
        const FIELD: PerCpu<u8> =
            unsafe { PerCpu::new(&raw const bindings::xen_vcpu_info.evtchn_upcall_mask) };

        if let Some(cpu) = CpuId::from_u32(0) {
            assert_eq!(FIELD.ptr(cpu).addr() - WHOLE.ptr(cpu).addr(), 1);
        }
        // The record's mask is what tells whether interrupts are on.
        if crate::raw::domain::is_pv() {
            assert!(FIELD.read() <= 1);
        }
    }

    #[test]
    fn copies_are_apart() {
        if let (Some(first), Some(second)) = (CpuId::from_u32(0), CpuId::from_u32(1)) {
            assert!(VCPU_ID.ptr(first) != VCPU_ID.ptr(second));
        }
    }
}
