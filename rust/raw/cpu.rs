// SPDX-License-Identifier: GPL-2.0

//! Sets of CPUs: those that are online, those that there can be, those that a caller names.
//!
//! A set is read word by word while others may change it: each member is seen as it is at the time
//! that its word is read.
//!
//! C ancestor: `for_each_cpu()` and its kin.

#![expect(unsafe_code)]

use kernel::cpu::CpuId;

use crate::raw::bindings;
#[cfg(CONFIG_SMP)]
use crate::raw::percpu::PerCpu;

// SAFETY: `DEFINE_PER_CPU_CACHE_HOT(int, cpu_number)` is in arch/x86/kernel/setup_percpu.c.
#[cfg(CONFIG_SMP)]
const CPU_NUMBER: PerCpu<u32> = unsafe { PerCpu::new((&raw const bindings::cpu_number).cast()) };

/// CPUs in a word of a set.
const WORD: u32 = u64::BITS;

/// A set of CPUs in memory of the kernel's.
///
/// # Invariants
///
/// The pointer leads to a bit for each CPU number below `nr_cpu_ids`, filled up to whole words,
/// for as long as the value is used.
#[derive(Clone, Copy)]
pub(crate) struct CpuSet(*const u64);

impl CpuSet {
    /// The CPUs that are online.
    #[inline(always)]
    pub(crate) fn online() -> Self {
        // INVARIANT: The mask always exists.
        Self((&raw const bindings::__cpu_online_mask).cast())
    }

    /// The CPUs that there can be.
    pub(crate) fn possible() -> Self {
        // INVARIANT: The mask always exists.
        Self((&raw const bindings::__cpu_possible_mask).cast())
    }

    /// The CPUs that are plugged in.
    #[cfg(CONFIG_XEN_PV)]
    pub(crate) fn present() -> Self {
        // INVARIANT: The mask always exists.
        Self((&raw const bindings::__cpu_present_mask).cast())
    }

    /// Returns the set of one CPU: `cpumask_of()`.
    ///
    /// The kernel has a set for each bit that is the only one in the first word. Those before it end
    /// in zeros, so that a set with the bit in a later word begins so much earlier.
    pub(crate) fn only(cpu: CpuId) -> *const bindings::cpumask {
        let (word, bit) = (cpu.as_u32() / WORD, cpu.as_u32() % WORD);

        // CAST: They widen.
        row(&raw const bindings::cpu_bit_bitmap, 1 + bit as usize)
            .wrapping_sub(word as usize)
            .cast()
    }

    /// Takes a set from C.
    ///
    /// # Safety
    ///
    /// `mask` must be valid for as long as the set is used.
    #[cfg(any(CONFIG_SMP, CONFIG_XEN_PV))]
    #[inline(always)]
    pub(crate) unsafe fn from_raw(mask: *const bindings::cpumask) -> Self {
        // INVARIANT: The caller's promise.
        Self(mask.cast())
    }

    /// Returns how many words a set has.
    #[cfg(CONFIG_XEN_PV)]
    #[inline(always)]
    pub(crate) fn words() -> usize {
        kernel::cpu::nr_cpu_ids().div_ceil(WORD) as usize // CAST: It widens.
    }

    /// Goes through its words, with those members only that are online and are to be kept.
    #[cfg(CONFIG_XEN_PV)]
    #[inline(always)]
    pub(crate) fn words_of(self, keep: impl Fn(u32) -> bool) -> impl Iterator<Item = u64> {
        (0..kernel::cpu::nr_cpu_ids().div_ceil(WORD)).map(move |index| {
            Members::new(WORD, |_| self.word(index) & Self::online().word(index))
                .filter(|&bit| keep(index.wrapping_mul(WORD).wrapping_add(bit)))
                .fold(0, |word, bit| word | 1 << bit)
        })
    }

    /// Reads the word with CPUs `index` times 64 and up, which must exist.
    #[inline(always)]
    fn word(self, index: u32) -> u64 {
        // SAFETY: By the type invariant; all callers keep below `nr_cpu_ids`.
        unsafe { self.0.add(index as usize).read_volatile() } // CAST: It widens.
    }

    /// Returns whether `cpu` is a member.
    #[inline(always)]
    pub(crate) fn has(self, cpu: u32) -> bool {
        cpu < kernel::cpu::nr_cpu_ids() && self.word(cpu / WORD) >> (cpu % WORD) & 1 != 0
    }

    /// Goes through the members.
    #[inline(always)]
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        Members::new(kernel::cpu::nr_cpu_ids(), move |index| self.word(index))
    }

    /// Goes through the members of both sets.
    #[cfg(any(CONFIG_SMP, CONFIG_XEN_PV))]
    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> impl Iterator<Item = u32> {
        Members::new(kernel::cpu::nr_cpu_ids(), move |index| {
            self.word(index) & other.word(index)
        })
    }
}

/// Goes through the bits of words, which are read when it gets there.
struct Members<W> {
    read: W,
    /// CPUs in words that were not read.
    left: u32,
    /// The word that will be read next.
    next: u32,
    /// Members in the last word that were not returned.
    bits: u64,
}

impl<W: Fn(u32) -> u64> Members<W> {
    /// Begins with the first word of a set of `count` CPUs.
    #[inline(always)]
    fn new(count: u32, read: W) -> Self {
        Self {
            read,
            left: count,
            next: 0,
            bits: 0,
        }
    }
}

impl<W: Fn(u32) -> u64> Iterator for Members<W> {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        while self.bits == 0 {
            if self.left == 0 {
                return None;
            }
            // What fills up the last word is no CPU.
            let beyond = WORD.saturating_sub(self.left);

            self.bits = (self.read)(self.next) & u64::MAX >> beyond;
            self.left = self.left.saturating_sub(WORD);
            self.next = self.next.wrapping_add(1);
        }
        let bit = self.bits.trailing_zeros();

        self.bits &= self.bits.wrapping_sub(1);
        Some(
            self.next
                .wrapping_sub(1)
                .wrapping_mul(WORD)
                .wrapping_add(bit),
        )
    }
}

/// Returns where a row of a table begins.
const fn row<const N: usize, const M: usize>(
    table: *const [[usize; N]; M],
    index: usize,
) -> *const usize {
    table.cast::<[usize; N]>().wrapping_add(index).cast()
}

/// Returns whether the boot CPU, and so each, has a feature or a bug, by its number.
#[inline(always)]
pub(crate) fn has_feature(feature: u32) -> bool {
    // SAFETY: It is about the address only.
    let words = unsafe { &raw const bindings::boot_cpu_data.__bindgen_anon_3 };
    let word = words
        .cast::<u32>()
        .wrapping_add((feature / u32::BITS) as usize); // CAST: It widens.

    // SAFETY: The numbers are those of C's array, which boot code settles.
    unsafe { word.read() >> (feature % u32::BITS) & 1 != 0 }
}

/// Names CPU number `cpu`, if there can be one: [`CpuId::from_u32`] without a call.
#[cfg(any(CONFIG_SMP, CONFIG_XEN_PV))]
#[inline(always)]
pub(crate) fn id(cpu: u32) -> Option<CpuId> {
    if cpu < kernel::cpu::nr_cpu_ids() {
        // SAFETY: It is in range, as just compared.
        Some(unsafe { CpuId::from_u32_unchecked(cpu) })
    } else {
        None
    }
}

/// Returns the CPU that runs this. Preemption should be off: it stays the one of the call.
#[cfg(CONFIG_SMP)]
#[inline(always)]
pub(crate) fn current() -> u32 {
    CPU_NUMBER.read()
}

/// Goes through the CPUs that there are or may be one day.
pub(crate) fn possible() -> impl Iterator<Item = CpuId> {
    CpuSet::possible().iter().filter_map(CpuId::from_u32)
}

/// Goes through the CPUs that are online.
///
/// The set must not change meanwhile: hold the hotplug lock, or be inside `stop_machine()`.
pub(crate) fn online() -> impl Iterator<Item = u32> {
    CpuSet::online().iter()
}

/// Returns whether a CPU is online. Hold the hotplug lock as for [`online`].
pub(crate) fn is_online(cpu: CpuId) -> bool {
    CpuSet::online().has(cpu.as_u32())
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_cpu)]
mod tests {
    use super::*;

    /// Returns whether going through `words` as a set of `count` CPUs yields `members`.
    fn yields(count: u32, words: &[u64], members: &[u32]) -> bool {
        let read = |index: u32| words.get(index as usize).copied().unwrap_or(u64::MAX);

        Members::new(count, read).eq(members.iter().copied())
    }

    #[test]
    fn members_come_in_order() {
        assert!(yields(64, &[0], &[]));
        assert!(yields(64, &[1 | 1 << 5 | 1 << 63], &[0, 5, 63]));
        assert!(yields(192, &[1 << 63, 0, 1 | 1 << 2], &[63, 128, 130]));
    }

    #[test]
    fn what_is_beyond_the_last_cpu_is_none() {
        assert!(yields(0, &[], &[]));
        assert!(yields(1, &[u64::MAX], &[0]));
        assert!(yields(3, &[u64::MAX << 1], &[1, 2]));
        assert!(yields(65, &[0, u64::MAX], &[64]));
    }

    #[test]
    fn some_cpu_is_online() {
        assert!(online().count() > 0);
        assert!(online().all(|cpu| cpu < kernel::cpu::nr_cpu_ids()));
    }

    #[cfg(CONFIG_SMP)]
    #[test]
    fn who_is_online_is_possible() {
        let both = CpuSet::online().and(CpuSet::possible());

        assert!(both.eq(online()));
        assert!(online().all(|cpu| CpuSet::possible().has(cpu)));
        assert!(!CpuSet::online().has(u32::MAX));
    }
}
