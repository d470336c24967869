// SPDX-License-Identifier: GPL-2.0

//! Calls that were queued: the list of them, and one alone.

use super::enter;
use crate::{
    abi::{
        errno::XenErrno,
        hypercall::Number,
        multicall::Entry, //
    },
    raw::word::to_u64, //
};

/// Makes one call and returns Xen's answer. The list is not used: it would cost more.
///
/// # Safety
///
/// `call` must be a hypercall that has five arguments at most, and memory that they point to valid
/// for what Xen does with it until this returns.
#[cfg(CONFIG_XEN_PV)]
#[inline(always)]
pub(crate) unsafe fn single(call: &Entry) -> i64 {
    let [first, second, third, fourth, fifth, _] = &call.args;
    // Not by `map()`: that becomes a loop over memory where size matters more than speed.
    let arguments = [
        first.get(),
        second.get(),
        third.get(),
        fourth.get(),
        fifth.get(),
    ];

    // SAFETY: The caller's promise.
    unsafe { enter(call.op.get(), arguments) }
}

/// `__HYPERVISOR_multicall`: has Xen make calls one after the other, and write its answers to them.
///
/// # Errors
///
/// `EINVAL` and `EFAULT` for a list that Xen cannot read.
///
/// # Safety
///
/// As for [`single`], for each of them.
#[inline(always)]
pub(crate) unsafe fn list(calls: &[Entry]) -> Result<(), XenErrno> {
    let first = to_u64(calls.as_ptr().expose_provenance());
    let count = to_u64(calls.len());

    // SAFETY: Xen writes to the list, which consists of cells; the rest is the caller's promise.
    XenErrno::result(unsafe { enter(Number::Multicall.get(), [first, count, 0, 0, 0]) })?;
    Ok(())
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_multicall)]
mod tests {
    use super::*;
    use crate::raw::domain;

    /// A call of `xen_version` that asks for the version.
    fn version() -> Entry {
        let call = Entry::new();

        call.op.set(Number::XenVersion.get());
        call.result.set(-1);
        call
    }

    /// One that Xen has no answer for.
    fn refused() -> Entry {
        let call = version();
        let [command, ..] = &call.args;

        command.set(0xffff);
        call
    }

    #[test]
    fn xen_answers_each_call_of_a_list() {
        if domain::is_xen() {
            let calls = [version(), refused(), version()];
            // SAFETY: None of them points to memory.
            let answer = unsafe { list(&calls) };
            let [first, second, third] = &calls;

            assert_eq!(answer, Ok(()));
            assert_eq!(first.result.get() >> 16, 4);
            assert_eq!(second.result.get(), -38);
            assert_eq!(third.result.get(), first.result.get());
        }
    }

    #[cfg(CONFIG_XEN_PV)]
    #[test]
    fn a_call_alone_has_the_same_answers() {
        if domain::is_xen() {
            // SAFETY: It points to no memory.
            let answer = unsafe { single(&version()) };
            // SAFETY: Nor does this.
            let refusal = unsafe { single(&refused()) };

            assert_eq!(answer >> 16, 4);
            assert_eq!(refusal, -38);
        }
    }
}
