// SPDX-License-Identifier: GPL-2.0

//! Notes on queued calls for the boot parameter `xen_mc_debug`: who queued them, and with what.
//!
//! Xen may write over the arguments of a call that it preempts, and the answer says nothing of the
//! caller. So both are noted beforehand, at a price: that is why it takes a boot parameter.
//!
//! C ancestor: `struct mc_debug_data` in `multicalls.c`.

use core::cell::Cell;

use super::ENTRIES;
use crate::abi::multicall::Entry;

/// A CPU's notes, one for each entry of its buffer. All zeros is an empty one.
#[repr(C)]
pub struct Trail {
    /// The notes.
    notes: [Note; ENTRIES],
}

/// What is known of one call.
#[repr(C)]
pub struct Note {
    /// Its number.
    pub op: Cell<u64>,
    /// Its arguments, as they were before Xen saw them.
    pub args: [Cell<u64>; 6],
    /// The return address into who queued it.
    pub caller: Cell<usize>,
    /// Where the memory for its arguments starts in the buffer.
    pub start: Cell<usize>,
    /// How many bytes it has.
    pub bytes: Cell<usize>,
}

impl Note {
    /// Makes an empty note.
    const fn new() -> Self {
        Self {
            op: Cell::new(0),
            args: [const { Cell::new(0) }; 6],
            caller: Cell::new(0),
            start: Cell::new(0),
            bytes: Cell::new(0),
        }
    }
}

impl Trail {
    /// Makes an empty trail.
    pub const fn new() -> Self {
        Self {
            notes: [const { Note::new() }; ENTRIES],
        }
    }

    /// Notes who queued a call, and what memory its arguments got.
    #[cold]
    #[inline(never)]
    pub fn note(&self, index: usize, caller: usize, start: usize, bytes: usize) {
        if let Some(note) = self.notes.get(index) {
            note.caller.set(caller);
            note.start.set(start);
            note.bytes.set(bytes);
        }
    }

    /// Notes that a call has got more memory.
    #[cold]
    #[inline(never)]
    pub fn extend(&self, index: usize, bytes: usize) {
        if let Some(note) = self.notes.get(index) {
            note.bytes.set(note.bytes.get().saturating_add(bytes));
        }
    }

    /// Notes what is about to be called.
    #[cold]
    #[inline(never)]
    pub fn remember(&self, calls: &[Entry]) {
        for (note, call) in self.notes.iter().zip(calls) {
            note.op.set(call.op.get());
            for (kept, argument) in note.args.iter().zip(&call.args) {
                kept.set(argument.get());
            }
        }
    }

    /// Returns the notes in the order of the calls.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

impl Default for Trail {
    fn default() -> Self {
        Self::new()
    }
}
