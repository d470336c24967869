// SPDX-License-Identifier: GPL-2.0

//! Hypercalls that wake other vCPUs, and the one that lets them run.

use core::mem::MaybeUninit;

use super::{
    hypercall,
    multicall::list, //
};
use crate::{
    abi::{
        errno::XenErrno,
        event::{
            Send,
            SEND, //
        },
        hypercall::Number,
        multicall::Entry, //
    },
    raw::word::to_u64, //
};

/// Raises up to `MAX` events, and as many as are in `sends`, by one hypercall. Returns a bit for
/// each that Xen refused.
///
/// # Errors
///
/// `ENOSYS` from a Xen that has no lists of hypercalls for this kind of guest.
#[inline]
pub(crate) fn send_list<const MAX: usize>(sends: &[Send]) -> Result<u32, XenErrno> {
    let mut entries = [const { MaybeUninit::<Entry>::uninit() }; MAX];
    let mut count = 0;

    for (entry, send) in entries.iter_mut().zip(sends) {
        let handle = core::ptr::from_ref(send).expose_provenance();

        entry.write(Entry::call(Number::EventChannelOp, [SEND, to_u64(handle)]));
        count += 1;
    }
    // SAFETY: The first `count` entries are written.
    let calls = unsafe { core::slice::from_raw_parts(entries.as_ptr().cast::<Entry>(), count) };

    // SAFETY: Each sends to a port that `sends` lends.
    unsafe { list(calls) }?;

    let mut refused = 0;

    for (bit, call) in calls.iter().enumerate() {
        if call.has_failed() {
            refused |= 1_u32.wrapping_shl(bit as u32); // CAST: Below `MAX`.
        }
    }
    Ok(refused)
}

/// `SCHEDOP_yield`: lets other vCPUs run on this CPU.
pub(crate) fn yield_cpu() {
    /// The command, which has no structure.
    const YIELD: u64 = 0;

    // SAFETY: It takes no pointer. It always succeeds.
    let _ = unsafe { hypercall(Number::SchedOp, [YIELD, 0, 0, 0, 0]) };
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_event)]
mod tests {
    use super::*;
    use crate::{
        abi::id::EvtchnPort,
        raw::domain, //
    };

    #[test]
    fn xen_takes_lists_and_answers_for_each_entry() {
        if domain::is_xen() {
            let nowhere = Send::to(EvtchnPort::from_raw((1 << 17) - 1));

            assert_eq!(send_list::<4>(&[]), Ok(0));
            assert_eq!(send_list::<4>(&[Send::NONE, nowhere, nowhere]), Ok(0b111));
            assert_eq!(send_list::<2>(&[Send::NONE, nowhere, nowhere]), Ok(0b11));
        }
    }

    #[test]
    fn a_yield_comes_back() {
        if domain::is_xen() {
            yield_cpu();
        }
    }
}
