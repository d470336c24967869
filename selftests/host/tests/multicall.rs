// SPDX-License-Identifier: GPL-2.0

//! Batches of calls against a simple model: what goes in comes out once, whole and in order.

use std::{
    cell::{
        Cell,
        RefCell, //
    },
    fmt, //
};

use proptest::prelude::*;
use xen_host_tests::{
    abi::multicall::Entry,
    multicall::{
        report::Log,
        trail::Trail,
        Buffer,
        Event,
        Full,
        Host, //
    },
};

/// What a client asks for.
#[derive(Clone, Debug)]
enum Request {
    /// A call of hypercall `op` with arguments, or more arguments for the last call.
    Update { op: u64, arguments: Vec<u8> },
    /// A call with memory of its own, whatever the last call is.
    Call { op: u64, arguments: Vec<u8> },
    /// Deferred work, which queues and defers more.
    Defer { work: u32, more: Vec<u32> },
    /// A flush.
    Flush,
}

/// What Xen and deferred work see.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    /// A call's op and the whole of its arguments.
    Call(u64, Vec<u8>),
    /// Work that is done.
    Work(u32),
}

/// The memory of one call's arguments, which may come in pieces.
type Pieces<'a> = Vec<&'a [Cell<u8>]>;

/// A CPU with Xen below.
struct Cpu<'a> {
    buffer: &'a Buffer<u32>,
    /// The memory of each queued call.
    memory: RefCell<Vec<Pieces<'a>>>,
    seen: RefCell<Vec<Seen>>,
    /// How large each list was.
    lists: RefCell<Vec<usize>>,
    /// What work does beyond being seen.
    more: RefCell<Vec<(u32, Vec<u32>)>>,
    full: RefCell<Vec<Full>>,
    irqs_off: Cell<u32>,
}

impl<'a> Cpu<'a> {
    fn new(buffer: &'a Buffer<u32>) -> Self {
        Self {
            buffer,
            memory: RefCell::default(),
            seen: RefCell::default(),
            lists: RefCell::default(),
            more: RefCell::default(),
            full: RefCell::default(),
            irqs_off: Cell::new(0),
        }
    }

    fn fill(memory: &[Cell<u8>], arguments: &[u8]) {
        assert_eq!(memory.len(), arguments.len());
        for (cell, byte) in memory.iter().zip(arguments) {
            cell.set(*byte);
        }
    }

    fn call(&self, op: u64, arguments: &[u8]) {
        let space = self.buffer.entry(arguments.len(), 0, self).unwrap();

        assert_eq!(space.arguments.as_ptr().addr() % 8, 0);
        space.entry.op.set(op);
        Self::fill(space.arguments, arguments);
        self.memory.borrow_mut().push(vec![space.arguments]);
    }

    fn update(&self, op: u64, arguments: &[u8]) {
        match self.buffer.extend(op, arguments.len(), self) {
            Some(space) => {
                Self::fill(space.arguments, arguments);
                let mut memory = self.memory.borrow_mut();
                let pieces = memory.last_mut().unwrap();

                assert_eq!(space.entry.op.get(), op);
                assert_eq!(
                    pieces.last().unwrap().as_ptr_range().end,
                    space.arguments.as_ptr()
                );
                pieces.push(space.arguments);
            }
            None => self.call(op, arguments),
        }
    }

    fn serve(&self, request: &Request) {
        match request {
            Request::Update { op, arguments } => self.update(*op, arguments),
            Request::Call { op, arguments } => self.call(*op, arguments),
            Request::Defer { work, more } => {
                self.more.borrow_mut().push((*work, more.clone()));
                self.buffer.defer(*work, self);
            }
            Request::Flush => self.buffer.flush(self),
        }
    }

    fn see(&self, calls: &[&Entry]) {
        assert!(self.irqs_off.get() > 0);
        let memory = std::mem::take(&mut *self.memory.borrow_mut());

        assert_eq!(memory.len(), calls.len());
        self.lists.borrow_mut().push(calls.len());
        for (call, pieces) in calls.iter().zip(memory) {
            let arguments = pieces.concat().iter().map(Cell::get).collect();

            self.seen
                .borrow_mut()
                .push(Seen::Call(call.op.get(), arguments));
        }
    }
}

impl Host for Cpu<'_> {
    type Deferred = u32;

    fn with_irqs_off(&self, work: impl FnOnce()) {
        self.irqs_off.set(self.irqs_off.get() + 1);
        work();
        self.irqs_off.set(self.irqs_off.get() - 1);
    }

    fn call(&self, call: &Entry) -> i64 {
        self.see(&[call]);
        0
    }

    fn call_all(&self, calls: &[Entry]) {
        assert!(calls.len() > 1);
        self.see(&calls.iter().collect::<Vec<_>>());
    }

    fn complete(&self, work: u32) {
        assert!(self.irqs_off.get() > 0);
        self.seen.borrow_mut().push(Seen::Work(work));
        let more = {
            let mut all = self.more.borrow_mut();

            all.iter()
                .position(|(owner, _)| *owner == work)
                .map(|index| all.remove(index).1)
        };

        for work in more.unwrap_or_default() {
            self.call(100 + u64::from(work), &[1, 2, 3]);
            self.buffer.defer(work, self);
        }
    }

    fn trail(&self) -> Option<&Trail> {
        None
    }

    fn trace(&self, event: Event<u32>) {
        if let Event::Full(full) = event {
            self.full.borrow_mut().push(full);
        }
    }
}

impl Log for Cpu<'_> {
    fn warn(&self) {
        panic!("a call failed");
    }
    fn error(&self, _text: fmt::Arguments<'_>) {}
    fn cont(&self, _text: fmt::Arguments<'_>) {}
    fn caller(&self, _address: usize) {}
    fn cpu(&self) -> u32 {
        0
    }
}

fn arguments() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 16),
        2 => prop::collection::vec(any::<u8>(), 0..64),
        1 => prop::collection::vec(any::<u8>(), 400..=512),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        6 => (0..3u64, arguments()).prop_map(|(op, arguments)| Request::Update { op, arguments }),
        3 => (0..3u64, arguments()).prop_map(|(op, arguments)| Request::Call { op, arguments }),
        3 => Just(()).prop_map(|()| Request::Defer { work: 0, more: Vec::new() }),
        1 => Just(Request::Flush),
    ]
}

/// Numbers the work, and lets some of it bring more.
fn number(requests: &mut [Request], bringing: &[bool]) {
    let mut next = 0;

    for (request, bring) in requests.iter_mut().zip(bringing.iter().cycle()) {
        if let Request::Defer { work, more } = request {
            *work = next;
            *more = if *bring {
                vec![next + 1, next + 2]
            } else {
                vec![]
            };
            next += 3;
        }
    }
}

proptest! {
    /// Without work that brings more, all is as if each request had been served at once, but that
    /// arguments of like calls are put together, and that work waits.
    #[test]
    fn everything_is_seen_once_whole_and_in_order(
        mut requests in prop::collection::vec(request(), 0..300),
    ) {
        number(&mut requests, &[false]);
        let buffer = Buffer::default();
        let cpu = Cpu::new(&buffer);

        for request in &requests {
            cpu.serve(request);
        }
        buffer.flush(&cpu);

        let mut bytes: Vec<(u64, u8)> = Vec::new();
        let mut work = Vec::new();
        for request in &requests {
            match request {
                Request::Update { op, arguments } | Request::Call { op, arguments } => {
                    bytes.extend(arguments.iter().map(|&byte| (*op, byte)));
                }
                Request::Defer { work: number, .. } => work.push(Seen::Work(*number)),
                Request::Flush => {}
            }
        }
        let seen = cpu.seen.borrow();
        let seen_bytes: Vec<_> = seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Call(op, arguments) => Some(arguments.iter().map(|&byte| (*op, byte))),
                Seen::Work(_) => None,
            })
            .flatten()
            .collect();
        let seen_work: Vec<_> = seen
            .iter()
            .filter(|seen| matches!(seen, Seen::Work(_)))
            .cloned()
            .collect();

        prop_assert_eq!(seen_bytes, bytes);
        prop_assert_eq!(seen_work, work);
        prop_assert_eq!(cpu.irqs_off.get(), 0);
    }

    /// Work never overtakes a call that was queued before it, even if work brings calls and work.
    #[test]
    fn work_waits_for_the_calls_before_it(
        mut requests in prop::collection::vec(request(), 0..300),
        bringing in prop::collection::vec(any::<bool>(), 1..8),
    ) {
        number(&mut requests, &bringing);
        let buffer = Buffer::default();
        let cpu = Cpu::new(&buffer);
        let mut queued = 0;

        for request in &requests {
            cpu.serve(request);
            if let Request::Defer { work, .. } = request {
                // A flush for want of room does older work only.
                let done = cpu.seen.borrow().contains(&Seen::Work(*work));

                prop_assert!(!done);
                queued += 1;
            }
        }
        // Work that work has brought takes a second flush.
        buffer.flush(&cpu);
        buffer.flush(&cpu);

        let seen = cpu.seen.borrow();
        let mut done: Vec<_> = seen
            .iter()
            .enumerate()
            .filter_map(|(place, seen)| match seen {
                Seen::Work(work) => Some((*work, place)),
                Seen::Call(..) => None,
            })
            .collect();
        done.sort_unstable();
        prop_assert!(done.windows(2).all(|pair| pair[0].0 < pair[1].0), "twice: {done:?}");
        prop_assert_eq!(
            u32::try_from(done.iter().filter(|(work, _)| work % 3 == 0).count()).unwrap(),
            queued
        );
        // What work has brought waits for the call that came with it, whose number no other has.
        for &(work, place) in done.iter().filter(|(work, _)| work % 3 != 0) {
            let call = Seen::Call(100 + u64::from(work), vec![1, 2, 3]);
            let seen_before = seen.iter().take(place).any(|seen| *seen == call);

            prop_assert!(seen_before, "{work} has not waited: {seen:?}");
        }
    }

    /// A list is as long as it can be: only a full buffer or a flush ends it.
    #[test]
    fn updates_of_one_kind_are_one_call_until_the_memory_is_full(updates in 1..200usize) {
        let buffer = Buffer::default();
        let cpu = Cpu::new(&buffer);

        for _ in 0..updates {
            cpu.update(1, &[7; 16]);
        }
        buffer.flush(&cpu);
        let calls = updates.div_ceil(32);
        let whole = cpu.seen.borrow().iter().filter(|seen| match seen {
            Seen::Call(_, arguments) => arguments.len() == 512,
            Seen::Work(_) => false,
        }).count();

        prop_assert_eq!(cpu.seen.borrow().len(), calls);
        prop_assert_eq!(whole, updates / 32);
        prop_assert!(cpu.full.borrow().iter().all(|full| *full == Full::Arguments));
    }
}
