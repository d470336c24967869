// SPDX-License-Identifier: GPL-2.0

//! MSRs of the performance counters, and where the shared page has them.
//!
//! The page has a few registers in places of their own, and two banks whose
//! places Xen tells. Of an Intel CPU they hold the fixed counters, and pairs of
//! a general counter and its control; of an AMD one the counters and the
//! controls.
//!
//! C ancestor: `pmu.c:66`.

use crate::abi::pmu::{
    Bank,
    Register, //
};

/// Who made the CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vendor {
    /// AMD, with the family.
    Amd(u8),
    /// Hygon.
    Hygon,
    /// Intel, Centaur or Zhaoxin, with EAX and EDX of CPUID leaf 10.
    Intel(u32, u32),
    /// Somebody whose counters are not known.
    Other,
}

/// The counters of this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counters {
    /// As AMD has them.
    Amd(Amd),
    /// As Intel has them.
    Intel(Intel),
    /// None that we know.
    Unknown,
}

/// Counters of an AMD CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amd {
    /// MSR of the first counter.
    counter: u32,
    /// MSR of its control.
    control: u32,
    /// From one counter's MSR to the next.
    step: u32,
    /// How many there are.
    count: u32,
    /// The first four have the MSRs of the K7, too.
    mirrored: bool,
}

/// Counters of an Intel CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Intel {
    /// How many general ones there are.
    general: u32,
    /// How many fixed ones.
    fixed: u32,
}

/// `MSR_K7_EVNTSEL0`.
const K7_CONTROL: u32 = 0xc001_0000;
/// `MSR_K7_PERFCTR0`.
const K7_COUNTER: u32 = 0xc001_0004;
/// Counters of the K7.
const K7_COUNT: u32 = 4;
/// `MSR_F15H_PERF_CTL`.
const F15H_CONTROL: u32 = 0xc001_0200;
/// `MSR_F15H_PERF_CTR`.
const F15H_COUNTER: u32 = 0xc001_0201;

/// `MSR_IA32_PERFCTR0`.
const GENERAL_COUNTER: u32 = 0xc1;
/// `MSR_P6_EVNTSEL0`.
const GENERAL_CONTROL: u32 = 0x186;
/// `MSR_CORE_PERF_FIXED_CTR0`.
const FIXED_COUNTER: u32 = 0x309;
/// What `MSR_IA32_PMC0` has that [`GENERAL_COUNTER`] has not: the same counter, in full width.
const FULL_WIDTH: u32 = 0x400;
/// `MSR_CORE_PERF_FIXED_CTR_CTRL`.
const FIXED_CONTROL: u32 = 0x38d;
/// `MSR_CORE_PERF_GLOBAL_STATUS`.
const GLOBAL_STATUS: u32 = 0x38e;
/// `MSR_CORE_PERF_GLOBAL_CTRL`.
const GLOBAL_CONTROL: u32 = 0x38f;
/// `MSR_CORE_PERF_GLOBAL_OVF_CTRL`.
const GLOBAL_OVERFLOW_CONTROL: u32 = 0x390;

impl Amd {
    /// Four counters: families 10h to 16h but 15h, and those that came later.
    const K7: Self = Self {
        counter: K7_COUNTER,
        control: K7_CONTROL,
        step: 1,
        count: K7_COUNT,
        mirrored: false,
    };
    /// Six counters, with counter and control side by side: family 15h.
    const F15H: Self = Self {
        counter: F15H_COUNTER,
        control: F15H_CONTROL,
        step: 2,
        count: 6,
        mirrored: true,
    };

    /// Returns where the page has an MSR.
    fn locate(self, msr: u32) -> Option<Register> {
        let (bank, index) = if let Some(index) = self.k7_mirror(msr) {
            index
        } else if let Some(index) = self.index(msr, self.counter) {
            (Bank::First, index)
        } else {
            (Bank::Second, self.index(msr, self.control)?)
        };

        Some(Register::InBank(bank, index))
    }

    /// Returns which counter an MSR belongs to, of those in steps from `first`.
    fn index(self, msr: u32, first: u32) -> Option<u32> {
        let offset = msr.checked_sub(first)?;
        let index = offset / self.step;

        (offset % self.step == 0 && index < self.count).then_some(index)
    }

    /// Returns bank and index of an MSR that only repeats another.
    fn k7_mirror(self, msr: u32) -> Option<(Bank, u32)> {
        Self::K7
            .index(msr, K7_COUNTER)
            .map(|index| (Bank::First, index))
            .or_else(|| {
                Self::K7
                    .index(msr, K7_CONTROL)
                    .map(|index| (Bank::Second, index))
            })
            .filter(|_| self.mirrored)
    }
}

impl Intel {
    /// Reads the counts from CPUID leaf 10.
    const fn new(eax: u32, edx: u32) -> Self {
        Self {
            general: eax >> 8 & 0xff,
            fixed: edx & 0x1f,
        }
    }

    /// Returns where the page has an MSR.
    fn locate(self, msr: u32) -> Option<Register> {
        /// Returns `msr`'s place among `count` from `first`.
        fn index(msr: u32, first: u32, count: u32) -> Option<u32> {
            msr.checked_sub(first).filter(|&index| index < count)
        }

        match msr {
            FIXED_CONTROL => return Some(Register::FixedControl),
            GLOBAL_STATUS => return Some(Register::GlobalStatus),
            GLOBAL_CONTROL => return Some(Register::GlobalControl),
            GLOBAL_OVERFLOW_CONTROL => return Some(Register::GlobalOverflowControl),
            _ => {}
        }
        if let Some(index) = index(msr, FIXED_COUNTER, self.fixed) {
            Some(Register::InBank(Bank::First, index))
        } else if let Some(index) = index(msr, GENERAL_CONTROL, self.general) {
            Some(Register::InBank(Bank::Second, 2 * index + 1))
        } else {
            index(msr & !FULL_WIDTH, GENERAL_COUNTER, self.general)
                .map(|index| Register::InBank(Bank::Second, 2 * index))
        }
    }
}

/// A counter as `rdpmc` numbers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pmc(pub u32);

impl Pmc {
    /// Set for a fixed counter of Intel's.
    const FIXED: u32 = 1 << 30;
    /// The number of a fixed counter.
    const FIXED_MASK: u32 = 0xffff;

    /// Returns the number if it is a fixed counter.
    const fn fixed(self) -> Option<u32> {
        if self.0 & Self::FIXED != 0 {
            Some(self.0 & Self::FIXED_MASK)
        } else {
            None
        }
    }
}

impl Counters {
    /// Returns the counters of a CPU.
    pub const fn new(vendor: Vendor) -> Self {
        match vendor {
            Vendor::Amd(0x15) => Self::Amd(Amd::F15H),
            Vendor::Amd(_) | Vendor::Hygon => Self::Amd(Amd::K7),
            Vendor::Intel(eax, edx) => Self::Intel(Intel::new(eax, edx)),
            Vendor::Other => Self::Unknown,
        }
    }

    /// Returns where the page has an MSR, unless it is none of the counters'.
    pub fn locate(self, msr: u32) -> Option<Register> {
        match self {
            Self::Amd(amd) => amd.locate(msr),
            Self::Intel(intel) => intel.locate(msr),
            Self::Unknown => None,
        }
    }

    /// Returns where the page has a counter, if there is such a one.
    pub fn locate_pmc(self, counter: Pmc) -> Option<Register> {
        self.locate(self.msr_of_pmc(counter)?)
    }

    /// Returns the MSR of a counter, if there is such a one.
    pub fn msr_of_pmc(self, counter: Pmc) -> Option<u32> {
        let (index, count, first, step) = match (self, counter.fixed()) {
            (Self::Amd(amd), _) => (counter.0, amd.count, amd.counter, amd.step),
            (Self::Intel(intel), Some(index)) => (index, intel.fixed, FIXED_COUNTER, 1),
            (Self::Intel(intel), None) => (counter.0, intel.general, GENERAL_COUNTER, 1),
            (Self::Unknown, _) => return None,
        };

        (index < count).then(|| first + index * step)
    }
}

/// The registers in the page.
pub trait Page {
    /// Reads one, if it is within the page.
    fn load(&self, register: Register) -> Option<u64>;
    /// Writes one, if it is within the page.
    fn store(&mut self, register: Register, value: u64) -> Option<()>;
}

/// Reads an MSR that is in the page.
pub fn read(counters: Counters, page: &impl Page, msr: u32) -> Option<u64> {
    page.load(counters.locate(msr)?)
}

/// Writes an MSR that is in the page; `None` if it is not.
///
/// Xen loads what is in the page when it gets that back, and so does not see
/// writes that have an effect: that of acknowledging overflows is ours to have.
pub fn write(counters: Counters, page: &mut impl Page, msr: u32, value: u64) -> Option<()> {
    let register = counters.locate(msr)?;

    page.store(register, value)?;
    if register == Register::GlobalOverflowControl {
        let status = page.load(Register::GlobalStatus)?;

        page.store(Register::GlobalStatus, status & !value)?;
    }
    Some(())
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_pmu_msr))]
mod tests {
    use super::*;

    /// Eight general and three fixed counters.
    const INTEL: Counters = Counters::new(Vendor::Intel(0x0730_0803, 0x0000_0603));
    const K7: Counters = Counters::new(Vendor::Amd(0x10));
    const F15H: Counters = Counters::new(Vendor::Amd(0x15));
    const NONE: Counters = Counters::new(Vendor::Other);

    const fn first(index: u32) -> Option<Register> {
        Some(Register::InBank(Bank::First, index))
    }

    const fn second(index: u32) -> Option<Register> {
        Some(Register::InBank(Bank::Second, index))
    }

    #[test]
    fn intels_counters_are_where_cpuid_says() {
        assert_eq!(INTEL.locate(0x309), first(0));
        assert_eq!(INTEL.locate(0x30b), first(2));
        assert_eq!(INTEL.locate(0x30c), None);
        assert_eq!(INTEL.locate(0xc1), second(0));
        assert_eq!(INTEL.locate(0xc8), second(14));
        assert_eq!(INTEL.locate(0xc9), None);
        assert_eq!(INTEL.locate(0xc0), None);
        assert_eq!(INTEL.locate(0x186), second(1));
        assert_eq!(INTEL.locate(0x18d), second(15));
        assert_eq!(INTEL.locate(0x18e), None);
    }

    #[test]
    fn a_counter_in_full_width_is_the_same_counter() {
        for index in 0..8 {
            assert_eq!(INTEL.locate(0x4c1 + index), INTEL.locate(0xc1 + index));
        }
        assert_eq!(INTEL.locate(0x4c9), None);
    }

    #[test]
    fn intels_other_registers_have_places_of_their_own() {
        assert_eq!(INTEL.locate(0x38d), Some(Register::FixedControl));
        assert_eq!(INTEL.locate(0x38e), Some(Register::GlobalStatus));
        assert_eq!(INTEL.locate(0x38f), Some(Register::GlobalControl));
        assert_eq!(INTEL.locate(0x390), Some(Register::GlobalOverflowControl));
        // PEBS and the debug store are Xen's to refuse.
        assert_eq!(INTEL.locate(0x3f1), None);
        assert_eq!(INTEL.locate(0x600), None);
    }

    #[test]
    fn amds_four_counters() {
        for index in 0..4 {
            assert_eq!(K7.locate(0xc001_0000 + index), second(index));
            assert_eq!(K7.locate(0xc001_0004 + index), first(index));
        }
        assert_eq!(K7.locate(0xc001_0008), None);
        assert_eq!(K7.locate(0xc001_0200), None);
        assert_eq!(K7.locate(0xc1), None);
        assert_eq!(Counters::new(Vendor::Hygon), K7);
        assert_eq!(Counters::new(Vendor::Amd(0x17)), K7);
    }

    #[test]
    fn amds_six_counters_are_side_by_side_with_their_controls() {
        for index in 0..6 {
            assert_eq!(F15H.locate(0xc001_0200 + 2 * index), second(index));
            assert_eq!(F15H.locate(0xc001_0201 + 2 * index), first(index));
        }
        assert_eq!(F15H.locate(0xc001_020c), None);
        assert_eq!(F15H.locate(0xc001_020d), None);
        assert_eq!(F15H.locate(0xc001_01ff), None);
    }

    #[test]
    fn a_mirror_shows_the_counter_that_it_mirrors() {
        for index in 0..4 {
            assert_eq!(F15H.locate(0xc001_0000 + index), second(index));
            assert_eq!(F15H.locate(0xc001_0004 + index), first(index));
        }
        assert_eq!(F15H.locate(0xc001_0008), None);
    }

    #[test]
    fn nobody_knows_the_counters_of_others() {
        for msr in [0xc1, 0x186, 0x38f, 0xc001_0000, 0xc001_0200] {
            assert_eq!(NONE.locate(msr), None);
        }
        assert_eq!(NONE.locate_pmc(Pmc(0)), None);
        assert_eq!(NONE.msr_of_pmc(Pmc(0)), None);
    }

    #[test]
    fn a_counter_has_an_msr() {
        for index in 0..4 {
            assert_eq!(K7.msr_of_pmc(Pmc(index)), Some(0xc001_0004 + index));
            assert_eq!(F15H.msr_of_pmc(Pmc(index)), Some(0xc001_0201 + 2 * index));
            assert_eq!(INTEL.msr_of_pmc(Pmc(index)), Some(0xc1 + index));
        }
        assert_eq!(INTEL.msr_of_pmc(Pmc(1 << 30 | 2)), Some(0x30b));
        assert_eq!(INTEL.locate_pmc(Pmc(1 << 30 | 2)), first(2));
        assert_eq!(INTEL.locate_pmc(Pmc(7)), second(14));
        assert_eq!(F15H.locate_pmc(Pmc(5)), first(5));
    }

    #[test]
    fn a_counter_that_is_not_has_none() {
        for (counters, counter) in [
            (INTEL, 8),
            (INTEL, 1 << 30 | 3),
            (INTEL, 1 << 29),
            (K7, 4),
            (F15H, 6),
            (F15H, u32::MAX),
        ] {
            assert_eq!(counters.msr_of_pmc(Pmc(counter)), None);
            assert_eq!(counters.locate_pmc(Pmc(counter)), None);
        }
    }

    /// A page with room for some of each.
    #[derive(Default)]
    struct Fake {
        global: [u64; 4],
        banks: [[u64; 4]; 2],
    }

    impl Fake {
        fn place(&mut self, register: Register) -> Option<&mut u64> {
            match register {
                Register::GlobalControl => self.global.get_mut(0),
                Register::GlobalOverflowControl => self.global.get_mut(1),
                Register::GlobalStatus => self.global.get_mut(2),
                Register::FixedControl => self.global.get_mut(3),
                Register::InBank(bank, index) => {
                    let [first, second] = &mut self.banks;
                    let bank = match bank {
                        Bank::First => first,
                        Bank::Second => second,
                    };

                    bank.get_mut(usize::try_from(index).ok()?)
                }
            }
        }
    }

    impl Page for Fake {
        fn load(&self, register: Register) -> Option<u64> {
            let mut copy = Self {
                global: self.global,
                banks: self.banks,
            };

            copy.place(register).copied()
        }

        fn store(&mut self, register: Register, value: u64) -> Option<()> {
            self.place(register).map(|place| *place = value)
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut page = Fake::default();

        for (counters, msr) in [(INTEL, 0x186), (INTEL, 0x38f), (K7, 0xc001_0004)] {
            assert_eq!(write(counters, &mut page, msr, 0x1234), Some(()));
            assert_eq!(read(counters, &page, msr), Some(0x1234));
        }
        assert_eq!(page.banks, [[0x1234, 0, 0, 0], [0, 0x1234, 0, 0]]);
    }

    #[test]
    fn acknowledged_overflows_are_gone_from_the_status() {
        let mut page = Fake::default();

        assert_eq!(write(INTEL, &mut page, 0x38e, 0b1011), Some(()));
        assert_eq!(write(INTEL, &mut page, 0x390, 0b0110), Some(()));
        assert_eq!(read(INTEL, &page, 0x38e), Some(0b1001));
        assert_eq!(read(INTEL, &page, 0x390), Some(0b0110));
    }

    #[test]
    fn what_is_not_in_the_page_is_xens() {
        let mut page = Fake::default();

        // No counter, and one that is beyond the page.
        for msr in [0x10, 0xc1 + 7] {
            assert_eq!(read(INTEL, &page, msr), None);
            assert_eq!(write(INTEL, &mut page, msr, 1), None);
        }
    }
}
