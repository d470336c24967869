// SPDX-License-Identifier: GPL-2.0

//! Hypercalls that wake other vCPUs, and the one that lets them run.

use core::mem::MaybeUninit;

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        event::{
            MulticallEntry,
            Send,
            SEND, //
        },
        hypercall::Number, //
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
    let mut entries = [const { MaybeUninit::<MulticallEntry>::uninit() }; MAX];
    let mut count = 0;

    for (entry, send) in entries.iter_mut().zip(sends) {
        let handle = core::ptr::from_ref(send).expose_provenance();

        entry.write(MulticallEntry::new(
            Number::EventChannelOp,
            [SEND, to_u64(handle)],
        ));
        count += 1;
    }
    let first = entries.as_mut_ptr().cast::<MulticallEntry>();
    let arguments = [to_u64(first.expose_provenance()), count, 0, 0, 0];

    // SAFETY: The first `count` entries are written; each sends to a port that `sends` lends. Xen
    // writes their results and reads the rest.
    XenErrno::result(unsafe { hypercall(Number::Multicall, arguments) })?;

    let mut refused = 0;

    for (bit, entry) in entries
        .iter()
        .zip(sends)
        .map(|(entry, _)| entry)
        .enumerate()
    {
        // SAFETY: It is one of those that were written, and Xen has returned.
        if unsafe { (&raw const (*entry.as_ptr()).result).read() } != 0 {
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
