// SPDX-License-Identifier: GPL-2.0

//! What Xen says when it refuses.
//!
//! A hypercall answers in one register: below zero a negated errno, from zero
//! up a result. The names have Linux's numbers on x86 because Xen took them
//! from there, but the two lists are free to part: a `XenErrno` becomes a
//! kernel error in `ffi` only.

use core::num::NonZeroI32;

/// An errno from Xen.
///
/// # Invariants
///
/// The number is between 1 and [`XenErrno::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(transparent)]
pub struct XenErrno(NonZeroI32);

/// Defines the constants, and a table of them for the tests.
macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        impl XenErrno {
            $($(#[$doc])*
            // INVARIANT: Literals between 1 and `MAX`, else `new` fails here.
            pub const $name: Self = match Self::new($value) {
                Some(errno) => errno,
                None => panic!("errno out of range"),
            };)*
        }
    };
}

errnos! {
    /// Not permitted for this domain.
    EPERM = 1,
    /// No such object.
    ENOENT = 2,
    /// No such domain.
    ESRCH = 3,
    /// Interrupted before anything happened.
    EINTR = 4,
    /// Device or access failed.
    EIO = 5,
    /// No such device or address.
    ENXIO = 6,
    /// Too many arguments.
    E2BIG = 7,
    /// Not an executable image.
    ENOEXEC = 8,
    /// Bad descriptor.
    EBADF = 9,
    /// Nothing to wait for.
    ECHILD = 10,
    /// Try again.
    EAGAIN = 11,
    /// Xen or the domain is out of memory.
    ENOMEM = 12,
    /// Access denied.
    EACCES = 13,
    /// Bad guest address.
    EFAULT = 14,
    /// In use.
    EBUSY = 16,
    /// Exists already.
    EEXIST = 17,
    /// Across devices.
    EXDEV = 18,
    /// No such device.
    ENODEV = 19,
    /// Not a directory.
    ENOTDIR = 20,
    /// Is a directory.
    EISDIR = 21,
    /// Invalid argument.
    EINVAL = 22,
    /// A table of Xen's is full.
    ENFILE = 23,
    /// A table of the domain's is full.
    EMFILE = 24,
    /// No space left.
    ENOSPC = 28,
    /// Read-only.
    EROFS = 30,
    /// Too many links.
    EMLINK = 31,
    /// Argument outside the domain of the function.
    EDOM = 33,
    /// Result too large.
    ERANGE = 34,
    /// Would deadlock.
    EDEADLK = 35,
    /// Name too long.
    ENAMETOOLONG = 36,
    /// No locks left.
    ENOLCK = 37,
    /// This Xen has no such hypercall or command.
    ENOSYS = 38,
    /// Not empty.
    ENOTEMPTY = 39,
    /// No data.
    ENODATA = 61,
    /// Too late.
    ETIME = 62,
    /// Bad message.
    EBADMSG = 74,
    /// Too large for its type.
    EOVERFLOW = 75,
    /// Illegal byte sequence.
    EILSEQ = 84,
    /// Preempted: issue the hypercall again.
    ERESTART = 85,
    /// Not a socket.
    ENOTSOCK = 88,
    /// Message too long.
    EMSGSIZE = 90,
    /// Not supported on this object or in this guest mode.
    EOPNOTSUPP = 95,
    /// Address in use.
    EADDRINUSE = 98,
    /// Address not available.
    EADDRNOTAVAIL = 99,
    /// No buffer space left.
    ENOBUFS = 105,
    /// Connected already.
    EISCONN = 106,
    /// Not connected.
    ENOTCONN = 107,
    /// Timed out.
    ETIMEDOUT = 110,
    /// Refused by the other end.
    ECONNREFUSED = 111,
}

impl XenErrno {
    /// The highest number that C tells apart from a pointer or a count.
    pub const MAX: i32 = 4095;

    /// Returns the errno with number `raw`, if it is one.
    #[inline]
    pub const fn new(raw: i32) -> Option<Self> {
        match NonZeroI32::new(raw) {
            // INVARIANT: Just compared.
            Some(errno) if 0 < raw && raw <= Self::MAX => Some(Self(errno)),
            _ => None,
        }
    }

    /// Returns the number, above zero.
    #[inline]
    pub const fn get(self) -> i32 {
        self.0.get()
    }

    /// Returns the number as C functions return it, below zero.
    #[inline]
    pub const fn to_errno(self) -> i32 {
        self.0.get().wrapping_neg()
    }

    /// Splits the answer of a hypercall into result and errno.
    ///
    /// # Errors
    ///
    /// What Xen said if the answer is negative, and [`XenErrno::EIO`] if it is
    /// a negative number that cannot be an errno.
    #[inline]
    pub fn result(answer: i64) -> Result<u64, Self> {
        match u64::try_from(answer) {
            Ok(result) => Ok(result),
            Err(_) => Err(answer
                .checked_neg()
                .and_then(|raw| i32::try_from(raw).ok())
                .and_then(Self::new)
                .unwrap_or(Self::EIO)),
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_abi_errno))]
mod tests {
    use super::*;

    #[test]
    fn new_accepts_exactly_what_c_can_tell_apart() {
        assert_eq!(XenErrno::new(0), None);
        assert_eq!(XenErrno::new(1), Some(XenErrno::EPERM));
        assert_eq!(XenErrno::new(4095).map(XenErrno::get), Some(4095));
        assert_eq!(XenErrno::new(4096), None);
        assert_eq!(XenErrno::new(-1), None);
        assert_eq!(XenErrno::new(i32::MIN), None);
    }

    #[test]
    fn answers_from_zero_up_are_results() {
        assert_eq!(XenErrno::result(0), Ok(0));
        assert_eq!(XenErrno::result(1), Ok(1));
        assert_eq!(XenErrno::result(i64::MAX), Ok(0x7fff_ffff_ffff_ffff));
    }

    #[test]
    fn answers_below_zero_are_errnos() {
        assert_eq!(XenErrno::result(-1), Err(XenErrno::EPERM));
        assert_eq!(XenErrno::result(-38), Err(XenErrno::ENOSYS));
        assert_eq!(
            XenErrno::result(-4095).map_err(XenErrno::to_errno),
            Err(-4095)
        );
    }

    #[test]
    fn nonsense_answers_are_still_errors() {
        assert_eq!(XenErrno::result(-4096), Err(XenErrno::EIO));
        assert_eq!(XenErrno::result(-(1 << 32) - 1), Err(XenErrno::EIO));
        assert_eq!(XenErrno::result(i64::MIN), Err(XenErrno::EIO));
    }
}
