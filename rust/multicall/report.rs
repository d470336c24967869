// SPDX-License-Identifier: GPL-2.0

//! The report on a batch of which Xen refused some calls.
//!
//! Without notes it has the calls that failed. With the notes of `xen_mc_debug` it has all calls,
//! because what Xen refuses in one is often the consequence of another.
//!
//! C ancestor: `print_debug_data()` and the end of `xen_mc_flush()` in `multicalls.c`.

use core::{
    cell::Cell,
    fmt,
    mem::size_of, //
};

use super::trail::{
    Note,
    Trail, //
};
use crate::abi::{
    hypercall::Number,
    multicall::Entry, //
};

/// Where the report goes.
pub trait Log {
    /// Warns, with a backtrace.
    fn warn(&self);
    /// Begins a line.
    fn error(&self, text: fmt::Arguments<'_>);
    /// Goes on in the line.
    fn cont(&self, text: fmt::Arguments<'_>);
    /// Goes on with the name of a function, and a space.
    fn caller(&self, address: usize);
    /// Returns which CPU this is.
    fn cpu(&self) -> u32;
}

/// How many arguments the hypercalls have that are queued.
const PARAMETERS: [(Number, usize); 7] = [
    (Number::MmuUpdate, 4),
    (Number::StackSwitch, 2),
    (Number::FpuTaskswitch, 1),
    (Number::UpdateDescriptor, 2),
    (Number::UpdateVaMapping, 3),
    (Number::SetSegmentBase, 2),
    (Number::MmuextOp, 4),
];

/// Returns how many arguments hypercall `op` has, or 0 if that is not known.
fn parameters(op: u64) -> usize {
    /// The part of an op that is the hypercall's number.
    const NUMBER: u64 = 0xff;

    PARAMETERS
        .iter()
        .find(|(number, _)| number.get() == op & NUMBER)
        .map_or(0, |&(_, count)| count)
}

/// Reports on `calls`, whose arguments may point into `arguments`.
#[cold]
pub fn report(calls: &[Entry], arguments: &[Cell<u8>], trail: Option<&Trail>, log: &impl Log) {
    let failed = calls.iter().filter(|call| call.has_failed()).count();
    let numbered = || (1_usize..).zip(calls);

    log.warn();
    log.error(format_args!(
        "{failed} of {} multicall(s) failed: cpu {}\n",
        calls.len(),
        log.cpu()
    ));
    match trail {
        Some(trail) => {
            for ((number, call), note) in numbered().zip(trail.notes()) {
                report_with_note(number, call, note, arguments, log);
            }
        }
        None => {
            for (number, call) in numbered().filter(|(_, call)| call.has_failed()) {
                log.error(format_args!(
                    "  call {number:2}: op={} arg=[{}] result={}\n",
                    call.op.get(),
                    Arguments(call),
                    call.result.get()
                ));
            }
        }
    }
}

/// A call's arguments in words: as many as the hypercall has, or one if that is not known.
struct Arguments<'a>(&'a Entry);

impl fmt::Display for Arguments<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(call) = self;
        let [first, others @ ..] = &call.args;
        let more = parameters(call.op.get()).saturating_sub(1);

        write!(formatter, "{:x}", first.get())?;
        for argument in others.iter().take(more) {
            write!(formatter, " {:x}", argument.get())?;
        }
        Ok(())
    }
}

/// Reports on one call what was noted of it.
fn report_with_note(
    number: usize,
    call: &Entry,
    note: &Note,
    arguments: &[Cell<u8>],
    log: &impl Log,
) {
    let parameters = parameters(note.op.get());

    log.error(format_args!(
        "  call {number:2}: op={} result={} caller=",
        note.op.get(),
        call.result.get()
    ));
    log.caller(note.caller.get());
    if parameters > 0 {
        log.cont(format_args!("pars="));
        for parameter in note.args.iter().take(parameters) {
            log.cont(format_args!("{:x} ", parameter.get()));
        }
    }
    if note.bytes.get() > 0 {
        log.cont(format_args!("args="));
        for word in words(arguments, note) {
            log.cont(format_args!("{word:x} "));
        }
    }
    log.cont(format_args!("\n"));
}

/// Returns the words of memory that a call's arguments point to.
fn words<'a>(arguments: &'a [Cell<u8>], note: &Note) -> impl Iterator<Item = u64> + 'a {
    arguments
        .get(note.start.get()..)
        .and_then(|from_start| from_start.get(..note.bytes.get()))
        .unwrap_or_default()
        .chunks_exact(size_of::<u64>())
        .map(|word| {
            let mut bytes = [0; size_of::<u64>()];

            for (byte, cell) in bytes.iter_mut().zip(word) {
                *byte = cell.get();
            }
            u64::from_ne_bytes(bytes)
        })
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_multicall_report))]
mod tests {
    use super::{
        super::{
            fake::Fake,
            Buffer, //
        },
        *,
    };

    #[test]
    fn nothing_is_said_of_success() {
        let buffer = Buffer::default();
        let trail = Trail::new();
        let fake = Fake::new(&buffer).with_trail(&trail);

        assert!(fake.queue(1, 0).is_some());
        assert!(fake.queue(2, 0).is_some());
        buffer.flush(&fake);
        assert!(fake.logged(b""));
    }

    #[test]
    fn without_notes_only_failures_are_told() {
        let buffer = Buffer::default();
        let fake = Fake::refusing(&buffer, 14);

        for op in [14, 26, 14] {
            assert!(fake.queue(op, 0).is_some());
        }
        buffer.flush(&fake);
        assert!(fake.logged(
            b"2 of 3 multicall(s) failed: cpu 3\n\
            \x20 call  1: op=14 arg=[0 0 0] result=-22\n\
            \x20 call  3: op=14 arg=[0 0 0] result=-22\n"
        ));
    }

    /// Returns whether the report on a call that Xen refused reads like this.
    fn reads(op: u64, text: &[u8]) -> bool {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);
        let call = Entry::new();

        call.op.set(op);
        call.result.set(-22);
        for (argument, value) in call.args.iter().zip(0x10..) {
            argument.set(value);
        }
        report(&[call], &[], None, &fake);
        fake.logged(text)
    }

    #[test]
    fn arguments_are_told_as_far_as_they_are_known() {
        assert!(reads(
            25,
            b"1 of 1 multicall(s) failed: cpu 3\n\
            \x20 call  1: op=25 arg=[10 11] result=-22\n"
        ));
        assert!(reads(
            99,
            b"1 of 1 multicall(s) failed: cpu 3\n\
            \x20 call  1: op=99 arg=[10] result=-22\n"
        ));
    }

    #[test]
    fn with_notes_all_calls_are_told_with_their_arguments() {
        let buffer = Buffer::default();
        let trail = Trail::new();
        let fake = Fake::refusing(&buffer, 99).with_trail(&trail);

        if let Some(call) = fake.queue(3, 0) {
            for (argument, value) in call.args.iter().zip(0x10..) {
                argument.set(value);
            }
        }
        let first = fake.arguments(1, 8);
        let more = buffer.extend(1, 8, &fake).map(|more| more.arguments);

        for (memory, value) in [(first, 0xab), (more, 0xcd)] {
            if let Some(byte) = memory.and_then(<[_]>::first) {
                byte.set(value);
            }
        }
        assert!(fake.queue(99, 0).is_some());
        buffer.flush(&fake);
        assert!(fake.logged(
            b"1 of 3 multicall(s) failed: cpu 3\n\
            \x20 call  1: op=3 result=0 caller=<3> pars=10 11 \n\
            \x20 call  2: op=1 result=0 caller=<1> pars=0 0 0 0 args=ab cd \n\
            \x20 call  3: op=99 result=-22 caller=<99> \n"
        ));
    }

    #[test]
    fn a_flag_in_the_op_does_not_hide_the_hypercall() {
        assert_eq!(parameters(26), 4);
        assert_eq!(parameters(0x100 + 26), 4);
        assert_eq!(parameters(25), 2);
        assert_eq!(parameters(13), 0);
    }
}
