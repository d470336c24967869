// SPDX-License-Identifier: GPL-2.0

//! The names that `/proc/interrupts` shows for interrupts of one CPU.
//!
//! The interrupt core keeps a pointer to the name and reads it whenever
//! somebody looks. So a name lies in a per-CPU variable, not in memory that
//! would have to be freed, or could be missing, while a CPU comes or goes.

/// Returns the name of a CPU's interrupt, filled up with zeros, of which there
/// is one at least.
pub fn name<const SIZE: usize>(prefix: &[u8], cpu: u32) -> [u8; SIZE] {
    let mut name = [0; SIZE];
    let mut power = 1_u32;

    while cpu / power >= 10 {
        power = power.wrapping_mul(10);
    }
    let digits = core::iter::successors(Some(power), |&power| (power >= 10).then(|| power / 10))
        // CAST: A digit.
        .map(|power| b'0'.wrapping_add((cpu / power % 10) as u8));
    let text = prefix.iter().copied().chain(digits);

    for (place, byte) in name.iter_mut().take(SIZE.saturating_sub(1)).zip(text) {
        *place = byte;
    }
    name
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_irq))]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_people_grep_for() {
        assert_eq!(&name(b"timer", 0), b"timer0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(&name(b"timer", 9), b"timer9\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(&name(b"timer", 10), b"timer10\0\0\0\0\0\0\0\0\0");
        assert_eq!(&name(b"timer", 8191), b"timer8191\0\0\0\0\0\0\0");
        assert_eq!(&name(b"timer", u32::MAX), b"timer4294967295\0");
        assert_eq!(&name(b"resched", 3), b"resched3\0\0");
    }

    #[test]
    fn a_name_always_ends() {
        assert_eq!(&name(b"callfunc", 12), b"callfunc\0");
        assert_eq!(&name(b"debug", 0), b"\0");
    }
}
