// SPDX-License-Identifier: GPL-2.0

//! Multicalls: hypercalls that wait, and go to Xen in one list.
//!
//! An entry into Xen costs more than most of what a PV guest asks for, which
//! is page-table updates. So each CPU has a buffer of calls that are not made
//! yet, of the memory that their arguments point to, and of work that has to
//! wait until Xen has seen them, such as the release of a page table's lock.
//! It is flushed when somebody needs Xen to know, or when it is full.
//!
//! A call's answer reaches nobody: what is queued must not fail. One that does
//! is reported, and the kernel goes on.
//!
//! A [`Buffer`] belongs to one CPU and is used with preemption off. Interrupts
//! may be on between two batches, but not within one: whoever queues calls in
//! an interrupt flushes them before it ends, and so everything queued before.
//! Work that is done in a flush may itself queue calls and work, and may flush;
//! it must come to an end.
//!
//! Callers: page tables, descriptor tables, context switch, through `ffi`.
//!
//! C ancestor: `multicalls.c`.

use core::cell::Cell;

use crate::abi::multicall::Entry;

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
mod fake;
mod flush;
mod queue;
pub mod report;
pub mod trail;

use report::Log;
use trail::Trail;

/// Calls that a buffer holds.
pub const ENTRIES: usize = 32;
/// Bytes that their arguments may point to.
pub const ARGUMENT_BYTES: usize = ENTRIES * 16;
/// Pieces of work that may wait for them.
pub const DEFERRED: usize = ENTRIES;

/// A CPU's calls that Xen has not seen yet. All zeros is an empty one.
#[repr(C)]
pub struct Buffer<D> {
    /// How many entries are used.
    entries_used: Cell<usize>,
    /// How many bytes of arguments are used.
    bytes_used: Cell<usize>,
    /// Where the next deferred work goes.
    deferred_used: Cell<usize>,
    /// Below here, Xen has seen what the work waited for.
    deferred_due: Cell<usize>,
    /// Below here, it is done or being done.
    deferred_done: Cell<usize>,
    /// The calls.
    entries: [Entry; ENTRIES],
    /// What their arguments point to.
    arguments: [Cell<u8>; ARGUMENT_BYTES],
    /// What to do afterwards.
    deferred: [Cell<D>; DEFERRED],
}

/// Room for a call.
#[derive(Clone, Copy)]
pub struct Space<'a> {
    /// The call, which the caller fills in.
    pub entry: &'a Entry,
    /// Memory for its arguments, aligned to 8 bytes if the call is new.
    pub arguments: &'a [Cell<u8>],
}

/// There is no room even in an empty buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// What was full: `enum xen_mc_flush_reason`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// The entries.
    Entries,
    /// The memory for arguments.
    Arguments,
    /// The places for deferred work.
    Deferred,
}

/// Whether a call could grow: `enum xen_mc_extend_args`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// It could.
    Done,
    /// The last call is another one, or there is none.
    OtherCall,
    /// There is no memory left for its arguments.
    NoSpace,
}

/// What may be traced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<D> {
    /// A new call with so many bytes of arguments.
    Allocate(usize),
    /// An attempt to let a call grow.
    Extend {
        /// The call's number.
        op: u64,
        /// By so many bytes of arguments.
        bytes: usize,
        /// What came of it.
        outcome: Extension,
    },
    /// Work to be done later.
    Defer(D),
    /// A flush that nobody asked for.
    Full(Full),
    /// A flush of so many of each.
    Flush {
        /// Calls.
        entries: usize,
        /// Bytes of arguments.
        bytes: usize,
        /// Pieces of deferred work.
        deferred: usize,
    },
}

/// The CPU that a buffer belongs to, and Xen below it.
pub trait Host: Log {
    /// Work that has to wait for Xen.
    type Deferred: Copy;

    /// Does `work` with interrupts off, and leaves them as they were.
    fn with_irqs_off(&self, work: impl FnOnce());
    /// Makes a call and returns Xen's answer.
    fn call(&self, call: &Entry) -> i64;
    /// Makes calls, whose answers Xen writes into them.
    fn call_all(&self, calls: &[Entry]);
    /// Does deferred work.
    fn complete(&self, work: Self::Deferred);
    /// Returns the notes for a report, if they are wanted.
    fn trail(&self) -> Option<&Trail>;
    /// Traces what happens.
    fn trace(&self, event: Event<Self::Deferred>);
}

impl<D: Default> Default for Buffer<D> {
    fn default() -> Self {
        Self {
            entries_used: Cell::new(0),
            bytes_used: Cell::new(0),
            deferred_used: Cell::new(0),
            deferred_due: Cell::new(0),
            deferred_done: Cell::new(0),
            entries: [const { Entry::new() }; ENTRIES],
            arguments: [const { Cell::new(0) }; ARGUMENT_BYTES],
            deferred: core::array::from_fn(|_| Cell::default()),
        }
    }
}
