// SPDX-License-Identifier: GPL-2.0

//! The boot parameter `xen_512gb_limit`.
//!
//! It decides about memory before the kernel parses its command line, so it is looked for in Xen's
//! copy of that.
//!
//! C ancestor: `setup.c:65`.

/// The parameter's name.
const NAME: &[u8] = b"xen_512gb_limit";

/// Returns what a command line, which ends at its first zero, says of the parameter, if anything.
///
/// The name alone means yes. With a value, the first one counts, and one that is not known is as
/// good as none.
pub fn limit(line: &[u8]) -> Option<bool> {
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let mut named = false;

    for start in 0..line.len() {
        let Some(rest) = line.get(start..).and_then(|rest| rest.strip_prefix(NAME)) else {
            continue;
        };

        match rest.split_first() {
            Some((b'=', value)) => return boolean(value),
            _ => named = true,
        }
    }
    named.then_some(true)
}

/// Returns what a value that begins so means: `kstrtobool()`.
fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        [b'e' | b'E' | b'y' | b'Y' | b't' | b'T' | b'1', ..] => Some(true),
        [b'd' | b'D' | b'n' | b'N' | b'f' | b'F' | b'0', ..] => Some(false),
        [b'o' | b'O', b'n' | b'N', ..] => Some(true),
        [b'o' | b'O', b'f' | b'F', ..] => Some(false),
        _ => None,
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_boot_memory_map_parameter))]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_means_yes() {
        assert_eq!(limit(b"quiet xen_512gb_limit ro\0"), Some(true));
        assert_eq!(limit(b"xen_512gb_limit"), Some(true));
    }

    #[test]
    fn values_are_those_of_kstrtobool() {
        assert_eq!(limit(b"xen_512gb_limit=1"), Some(true));
        assert_eq!(limit(b"xen_512gb_limit=on ro"), Some(true));
        assert_eq!(limit(b"xen_512gb_limit=Yes"), Some(true));
        assert_eq!(limit(b"xen_512gb_limit=enable"), Some(true));
        assert_eq!(limit(b"xen_512gb_limit=0"), Some(false));
        assert_eq!(limit(b"xen_512gb_limit=Disable"), Some(false));
        assert_eq!(limit(b"ro xen_512gb_limit=off"), Some(false));
        assert_eq!(limit(b"xen_512gb_limit=n"), Some(false));
        assert_eq!(limit(b"xen_512gb_limit=maybe"), None);
        assert_eq!(limit(b"xen_512gb_limit="), None);
        assert_eq!(limit(b"xen_512gb_limit=o"), None);
    }

    #[test]
    fn a_value_goes_before_the_name_alone() {
        assert_eq!(limit(b"xen_512gb_limit xen_512gb_limit=0"), Some(false));
        assert_eq!(limit(b"xen_512gb_limit=1 xen_512gb_limit=0"), Some(true));
    }

    #[test]
    fn without_it_nothing_is_said() {
        assert_eq!(limit(b""), None);
        assert_eq!(limit(b"xen_512gb ro\0xen_512gb_limit"), None);
    }
}
