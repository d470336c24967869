// SPDX-License-Identifier: GPL-2.0

//! The page through which a vCPU sees its performance counters, and whether it does at the time.
//!
//! Xen writes the page when a counter overflows; from then until it is flushed it is ours. Only
//! single words are copied out of it and in.
//!
//! The page of a CPU is there from when it is shared until that ends, which is before the CPU comes
//! on line and after it went, or in suspend.
//!
//! C ancestor: `struct xenpmu` in `pmu.c`.

#![expect(unsafe_code)]

use core::ptr::null_mut;

use kernel::cpu::CpuId;

use crate::{
    abi::{
        id::DomId,
        pmu::{
            Bank,
            PmuData,
            PmuFlags,
            Register,
            Sample, //
        }, //
    },
    raw::{
        bindings,
        page::ZeroedPage,
        percpu::PerCpu,
        word::to_usize, //
    },
};

// SAFETY: `DEFINE_PER_CPU(struct xenpmu, xenpmu_shared)` is in c-shims/percpu.c.
const STATE: PerCpu<bindings::xenpmu> = unsafe { PerCpu::new(&raw const bindings::xenpmu_shared) };
// SAFETY: This field of it is a pointer.
const PAGE: PerCpu<u64> =
    unsafe { PerCpu::new((&raw const bindings::xenpmu_shared.xenpmu_data).cast()) };
// SAFETY: This field of it is a byte.
const IN_PAGE: PerCpu<u8> = unsafe { PerCpu::new(&raw const bindings::xenpmu_shared.in_page) };

/// Returns whether the registers of this CPU's counters are those in the page.
///
/// They are while this CPU handles the counters' interrupt, and so for whoever asks meanwhile.
/// Any context.
#[inline(always)]
pub(crate) fn is_in_page() -> bool {
    IN_PAGE.read() != 0
}

/// Says whether they are. Interrupts are off.
pub(crate) fn set_in_page(in_page: bool) {
    // SAFETY: Nobody else writes the variable.
    unsafe { IN_PAGE.write(u8::from(in_page)) };
}

/// Puts up a page for a CPU.
pub(crate) fn install(cpu: CpuId, page: ZeroedPage) {
    // SAFETY: Each CPU has a copy, and those who look at it do so in one load.
    unsafe { (&raw mut (*STATE.ptr(cpu)).xenpmu_data).write_volatile(page.leak()) };
}

/// Takes the page of a CPU down.
pub(crate) fn remove(cpu: CpuId) -> Option<ZeroedPage> {
    // SAFETY: Each CPU has a copy. Who calls this and `install()` is serialized by hotplug and by
    // suspend.
    let place = unsafe { &raw mut (*STATE.ptr(cpu)).xenpmu_data };
    // SAFETY: As above.
    let page = unsafe { place.read_volatile() };

    // SAFETY: As above.
    unsafe { place.write_volatile(null_mut()) };
    // SAFETY: `install()` leaked it, and it is not to be found any more.
    unsafe { ZeroedPage::from_leaked(page) }
}

/// A vCPU's page.
///
/// # Invariants
///
/// The pointer is that of a whole page, which Xen may write.
pub(crate) struct PmuPage(*mut PmuData);

/// Copies a field out.
macro_rules! load {
    ($page:expr, $($field:ident).+) => {
        // SAFETY: By the type invariant; the field is in bounds, and any bits are a value.
        unsafe { (&raw const (*$page.0).$($field).+).read_volatile() }
    };
}

impl PmuPage {
    /// Returns the page of the CPU that runs this, if it has one. Preemption is off.
    pub(crate) fn of_this_cpu() -> Option<Self> {
        let page = core::ptr::with_exposed_provenance_mut::<PmuData>(to_usize(PAGE.read()));

        // INVARIANT: `install()` takes pages only.
        (!page.is_null()).then_some(Self(page))
    }

    /// Copies the sample out.
    pub(crate) fn sample(&self) -> Sample {
        Sample {
            domain: DomId::from_raw(load!(self, domain_id)),
            flags: PmuFlags::from_raw(load!(self, pmu_flags)),
            ip: load!(self, regs.ip),
            sp: load!(self, regs.sp),
            cs: load!(self, regs.cs),
            cpl: load!(self, regs.cpl),
        }
    }

    /// Writes the APIC's register.
    pub(crate) fn set_lvtpc(&mut self, value: u32) {
        // SAFETY: By the type invariant; the field is in bounds and ours to write.
        unsafe { (&raw mut (*self.0).lapic_lvtpc).write_volatile(value) };
    }

    /// Returns where a register is.
    fn place(&self, register: Register) -> Option<*mut u64> {
        let offset = register.offset(|bank| match bank {
            Bank::First => load!(self, first_bank),
            Bank::Second => load!(self, second_bank),
        })?;

        Some(self.0.cast::<u8>().wrapping_add(offset).cast())
    }

    /// Reads a register, if it is within the page.
    pub(crate) fn load(&self, register: Register) -> Option<u64> {
        // SAFETY: `Register::offset()` keeps within the page, and aligned.
        self.place(register)
            .map(|place| unsafe { place.read_volatile() })
    }

    /// Writes a register, if it is within the page.
    pub(crate) fn store(&mut self, register: Register, value: u64) -> Option<()> {
        // SAFETY: `Register::offset()` keeps within the page, and aligned.
        self.place(register)
            .map(|place| unsafe { place.write_volatile(value) })
    }
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_pmu)]
mod tests {
    use super::*;

    /// A page that nobody shares, with banks where Xen has them.
    fn page() -> Option<(ZeroedPage, PmuPage)> {
        let memory = ZeroedPage::new()?;
        let page = PmuPage(memory.as_ptr());

        // SAFETY: The page was just allocated.
        unsafe {
            (*page.0).first_bank = 128;
            (*page.0).second_bank = 256;
        }
        Some((memory, page))
    }

    #[test]
    fn registers_keep_what_is_written() {
        let Some((_memory, mut page)) = page() else {
            return assert!(false);
        };

        for register in [
            Register::GlobalStatus,
            Register::InBank(Bank::First, 2),
            Register::InBank(Bank::Second, 5),
        ] {
            assert_eq!(page.load(register), Some(0));
            assert_eq!(page.store(register, 0x1234_5678_9abc), Some(()));
            assert_eq!(page.load(register), Some(0x1234_5678_9abc));
        }
        assert_eq!(page.load(Register::InBank(Bank::First, 1)), Some(0));
        assert_eq!(page.store(Register::InBank(Bank::First, 1000), 1), None);
    }

    #[test]
    fn nobody_is_in_the_handler_here() {
        assert!(!is_in_page());
    }
}
