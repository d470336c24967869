// SPDX-License-Identifier: GPL-2.0

//! A CPU for the tests, which writes down what is done on it.

use core::{
    cell::{
        Cell,
        RefCell, //
    },
    fmt::{
        self,
        Write, //
    }, //
};

use super::{
    report::Log,
    trail::Trail,
    Buffer,
    Event,
    Extension,
    Full,
    Host,
    DEFERRED, //
};
use crate::abi::multicall::Entry;

/// Bytes, up to a number.
struct Text<const SIZE: usize> {
    bytes: [u8; SIZE],
    length: usize,
}

impl<const SIZE: usize> Text<SIZE> {
    const fn new() -> Self {
        Self {
            bytes: [0; SIZE],
            length: 0,
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
    }

    fn is(&self, text: &[u8]) -> bool {
        self.bytes.get(..self.length) == Some(text)
    }
}

impl<const SIZE: usize> Write for Text<SIZE> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.push(byte);
        }
        Ok(())
    }
}

/// Work to be done after a flush.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Work {
    /// Does nothing.
    #[default]
    Nothing,
    /// Writes a letter.
    Mark(u8),
    /// Queues a call, and writes `q`.
    Queue(u8),
    /// Defers [`Work::Mark`], and writes `d`.
    Defer(u8),
    /// Flushes, and writes a letter.
    Flush(u8),
    /// Writes `F`, has the rest done, and then defers as much as there is room for.
    Fill,
}

/// The CPU.
pub(super) struct Fake<'a> {
    buffer: &'a Buffer<Work>,
    trail: Option<&'a Trail>,
    refused: Option<u8>,
    irqs_off: Cell<u32>,
    done: RefCell<Text<64>>,
    events: RefCell<Text<64>>,
    log: RefCell<Text<256>>,
}

impl<'a> Fake<'a> {
    /// Makes a CPU with this buffer.
    pub(super) fn new(buffer: &'a Buffer<Work>) -> Self {
        Self {
            buffer,
            trail: None,
            refused: None,
            irqs_off: Cell::new(0),
            done: RefCell::new(Text::new()),
            events: RefCell::new(Text::new()),
            log: RefCell::new(Text::new()),
        }
    }

    /// Makes one on which Xen refuses hypercall `op`.
    pub(super) fn refusing(buffer: &'a Buffer<Work>, op: u8) -> Self {
        Self {
            refused: Some(op),
            ..Self::new(buffer)
        }
    }

    /// Has notes taken.
    pub(super) fn with_trail(self, trail: &'a Trail) -> Self {
        Self {
            trail: Some(trail),
            ..self
        }
    }

    /// Queues a call of hypercall `op`, whose letter stands for it.
    pub(super) fn queue(&self, op: u8, bytes: usize) -> Option<&'a Entry> {
        let space = self.buffer.entry(bytes, usize::from(op), self).ok()?;

        space.entry.op.set(u64::from(op));
        Some(space.entry)
    }

    /// Queues a call, and returns the memory for its arguments.
    pub(super) fn arguments(&self, op: u8, bytes: usize) -> Option<&'a [Cell<u8>]> {
        let space = self.buffer.entry(bytes, usize::from(op), self).ok()?;

        space.entry.op.set(u64::from(op));
        Some(space.arguments)
    }

    /// Returns whether this was done: `(A)` a single call, `[AB]` a list, `w` a warning, or the
    /// letters of [`Work`]; `!` for what should have been done with interrupts off.
    pub(super) fn did(&self, steps: &[u8]) -> bool {
        self.done.borrow().is(steps)
    }

    /// Returns whether these were the events: small letters, and capitals for what was full.
    pub(super) fn traced(&self, events: &[u8]) -> bool {
        self.events.borrow().is(events)
    }

    /// Returns whether the log reads like this.
    pub(super) fn logged(&self, text: &[u8]) -> bool {
        self.log.borrow().is(text)
    }

    fn note(&self, step: u8) {
        if self.irqs_off.get() == 0 {
            self.done.borrow_mut().push(b'!');
        }
        self.done.borrow_mut().push(step);
    }

    /// Writes down a call, and answers it.
    fn answer(&self, call: &Entry) -> i64 {
        let [letter, ..] = call.op.get().to_le_bytes();

        self.note(letter);
        // As Xen does with the arguments of a call that it goes on with later.
        for argument in &call.args {
            argument.set(0);
        }
        if self.refused == Some(letter) {
            -22
        } else {
            0
        }
    }
}

impl Host for Fake<'_> {
    type Deferred = Work;

    fn with_irqs_off(&self, work: impl FnOnce()) {
        self.irqs_off.set(self.irqs_off.get() + 1);
        work();
        self.irqs_off.set(self.irqs_off.get() - 1);
    }

    fn call(&self, call: &Entry) -> i64 {
        self.note(b'(');
        let answer = self.answer(call);

        self.note(b')');
        answer
    }

    fn call_all(&self, calls: &[Entry]) {
        self.note(b'[');
        for call in calls {
            call.result.set(self.answer(call));
        }
        self.note(b']');
    }

    fn complete(&self, work: Work) {
        match work {
            Work::Nothing => {}
            Work::Mark(letter) => self.note(letter),
            Work::Queue(op) => {
                if self.queue(op, 8).is_some() {
                    self.note(b'q');
                }
            }
            Work::Defer(letter) => {
                self.buffer.defer(Work::Mark(letter), self);
                self.note(b'd');
            }
            Work::Flush(letter) => {
                self.buffer.flush(self);
                self.note(letter);
            }
            Work::Fill => {
                self.note(b'F');
                self.buffer.flush(self);
                for _ in 0..DEFERRED {
                    self.buffer.defer(Work::Nothing, self);
                }
            }
        }
    }

    fn trail(&self) -> Option<&Trail> {
        self.trail
    }

    fn trace(&self, event: Event<Work>) {
        self.events.borrow_mut().push(match event {
            Event::Allocate(_) => b'a',
            Event::Extend { outcome, .. } => match outcome {
                Extension::Done => b'e',
                Extension::OtherCall => b'o',
                Extension::NoSpace => b'n',
            },
            Event::Defer(_) => b'd',
            Event::Full(full) => match full {
                Full::Entries => b'E',
                Full::Arguments => b'A',
                Full::Deferred => b'D',
            },
            Event::Flush { .. } => b'f',
        });
    }
}

impl Log for Fake<'_> {
    fn warn(&self) {
        self.note(b'w');
    }

    fn error(&self, text: fmt::Arguments<'_>) {
        self.cont(text);
    }

    fn cont(&self, text: fmt::Arguments<'_>) {
        let _ = self.log.borrow_mut().write_fmt(text);
    }

    fn caller(&self, address: usize) {
        self.cont(format_args!("<{address}> "));
    }

    fn cpu(&self) -> u32 {
        3
    }
}
