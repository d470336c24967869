// SPDX-License-Identifier: GPL-2.0

//! Hypercalls that ask which Xen this is.

use super::{
    command,
    hypercall, //
};
use crate::abi::{
    errno::XenErrno,
    hypercall::Number,
    version::{
        Extraversion,
        Version,
        EXTRAVERSION,
        VERSION, //
    }, //
};

/// `XENVER_version`: returns Xen's version.
///
/// # Errors
///
/// None that is documented.
pub(crate) fn version() -> Result<Version, XenErrno> {
    let arguments = [u64::from(VERSION), 0, 0, 0, 0];

    // SAFETY: The command takes no pointer.
    XenErrno::result(unsafe { hypercall(Number::XenVersion, arguments) }).map(Version::from_answer)
}

/// `XENVER_extraversion`: returns what follows the version.
///
/// # Errors
///
/// None that is documented; a domain that may not know is told other text.
pub(crate) fn extraversion() -> Result<Extraversion, XenErrno> {
    let mut text = Extraversion::NONE;

    // SAFETY: `Extraversion` is this command's structure and holds no pointer.
    unsafe { command(Number::XenVersion, EXTRAVERSION, &mut text)? };
    Ok(text)
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_version)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn xen_answers_with_its_version() {
        if domain::is_xen() {
            assert_eq!(version().map(|version| version.major), Ok(4));
        }
    }

    #[test]
    fn xen_answers_with_text() {
        if domain::is_xen() {
            let text = extraversion();

            assert!(text.is_ok_and(|text| text.as_bytes().is_ascii()));
        }
    }
}
