// SPDX-License-Identifier: GPL-2.0

//! Flushing: the calls go to Xen, and then what waited for them is done.
//!
//! C ancestor: `xen_mc_flush()` and `xen_mc_callback()` in `multicalls.c`.

use super::{
    report::report,
    Buffer,
    Event,
    Full,
    Host, //
};
use crate::abi::multicall::Entry;

impl<D: Copy> Buffer<D> {
    /// Has `work` done when Xen has seen the calls that are queued by now.
    #[inline]
    pub fn defer<H: Host<Deferred = D>>(&self, work: D, host: &H) {
        // Once is enough, unless work defers more.
        let (index, place) = loop {
            let index = self.deferred_used.get();

            match self.deferred.get(index) {
                Some(place) => break (index, place),
                None => self.make_room(Full::Deferred, host),
            }
        };

        host.trace(Event::Defer(work));
        place.set(work);
        self.deferred_used.set(index + 1);
    }

    /// Makes all calls that are queued, and then does the work that waits for them.
    ///
    /// Not in a copy for each batch: boot code sorts and patches the static branches in it.
    #[inline(never)]
    pub fn flush<H: Host<Deferred = D>>(&self, host: &H) {
        host.trace(Event::Flush {
            entries: self.entries_used.get(),
            bytes: self.bytes_used.get(),
            deferred: self.waiting(),
        });
        // An interrupt leaves an empty buffer empty.
        if self.entries_used.get() != 0 || self.waiting() != 0 {
            self.empty(host);
        }
    }

    /// Does so if there is anything. Apart, because often there is not.
    #[inline(never)]
    fn empty<H: Host<Deferred = D>>(&self, host: &H) {
        host.with_irqs_off(|| {
            self.issue(host);
            self.complete(host);
        });
    }

    /// Flushes because something is full.
    #[cold]
    #[inline(never)]
    pub(super) fn make_room<H: Host<Deferred = D>>(&self, full: Full, host: &H) {
        host.trace(Event::Full(full));
        self.flush(host);
    }

    /// Makes all calls that are queued.
    #[inline]
    fn issue<H: Host<Deferred = D>>(&self, host: &H) {
        let calls = self.calls();

        if let Some(trail) = host.trail() {
            trail.remember(calls);
        }
        let failed = match calls {
            [] => false,
            // The list is for more than one.
            [call] => {
                call.result.set(host.call(call));
                call.has_failed()
            }
            _ => {
                host.call_all(calls);
                calls.iter().any(Entry::has_failed)
            }
        };

        if failed {
            report(calls, &self.arguments, host.trail(), host);
        }
        self.entries_used.set(0);
        self.bytes_used.set(0);
    }

    /// Does the work that is due, each piece once, in the order in which it came.
    ///
    /// The work may queue more, which is not due until the next flush; and if it flushes itself,
    /// that flush does the rest.
    #[inline]
    fn complete<H: Host<Deferred = D>>(&self, host: &H) {
        self.deferred_due.set(self.deferred_used.get());
        while self.deferred_done.get() < self.deferred_due.get() {
            let Some(work) = self.deferred.get(self.deferred_done.get()) else {
                break;
            };

            self.deferred_done.set(self.deferred_done.get() + 1);
            host.complete(work.get());
        }
        if self.waiting() == 0 {
            self.deferred_used.set(0);
            self.deferred_due.set(0);
            self.deferred_done.set(0);
        }
    }

    /// Returns the calls that are queued.
    #[inline]
    fn calls(&self) -> &[Entry] {
        self.entries
            .get(..self.entries_used.get())
            .unwrap_or_default()
    }

    /// Returns how much work waits.
    #[inline]
    fn waiting(&self) -> usize {
        self.deferred_used
            .get()
            .wrapping_sub(self.deferred_done.get())
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_multicall_flush))]
mod tests {
    use super::{
        super::{
            fake::{
                Fake,
                Work, //
            },
            ARGUMENT_BYTES,
            DEFERRED, //
        },
        *,
    };

    #[test]
    fn nothing_queued_is_nothing_done() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        buffer.flush(&fake);
        assert!(fake.did(b""));
        assert!(fake.traced(b"f"));
    }

    #[test]
    fn one_call_is_made_directly() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', 0).is_some());
        assert!(fake.did(b""));
        buffer.flush(&fake);
        assert!(fake.did(b"(A)"));
        buffer.flush(&fake);
        assert!(fake.did(b"(A)"));
        assert!(fake.traced(b"aff"));
    }

    #[test]
    fn more_calls_are_one_list_in_their_order() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        for op in *b"ABA" {
            assert!(fake.queue(op, 8).is_some());
        }
        buffer.flush(&fake);
        assert!(fake.did(b"[ABA]"));
        assert!(fake.queue(b'C', 8).is_some());
        buffer.flush(&fake);
        assert!(fake.did(b"[ABA](C)"));
    }

    #[test]
    fn work_is_done_in_order_after_xen_has_seen_the_calls() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        buffer.defer(Work::Mark(b'1'), &fake);
        assert!(fake.queue(b'A', 0).is_some());
        buffer.defer(Work::Mark(b'2'), &fake);
        assert!(fake.queue(b'B', 0).is_some());
        buffer.defer(Work::Mark(b'3'), &fake);
        buffer.flush(&fake);
        assert!(fake.did(b"[AB]123"));
        buffer.flush(&fake);
        assert!(fake.did(b"[AB]123"));
    }

    #[test]
    fn work_alone_is_done_too() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        buffer.defer(Work::Mark(b'1'), &fake);
        buffer.flush(&fake);
        assert!(fake.did(b"1"));
    }

    #[test]
    fn too_much_work_is_done_first() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', 0).is_some());
        for _ in 0..DEFERRED {
            buffer.defer(Work::Mark(b'.'), &fake);
        }
        assert!(fake.did(b""));
        buffer.defer(Work::Mark(b'!'), &fake);
        assert!(fake.did(b"(A)................................"));
        assert!(fake.traced(b"addddddddddddddddddddddddddddddddDfd"));
        buffer.flush(&fake);
        assert!(fake.did(b"(A)................................!"));
    }

    #[test]
    fn work_that_queues_waits_for_the_next_flush() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', 0).is_some());
        buffer.defer(Work::Queue(b'B'), &fake);
        buffer.defer(Work::Defer(b'2'), &fake);
        buffer.defer(Work::Mark(b'1'), &fake);
        buffer.flush(&fake);
        assert!(fake.did(b"(A)qd1"));
        buffer.flush(&fake);
        assert!(fake.did(b"(A)qd1(B)2"));
        buffer.flush(&fake);
        assert!(fake.did(b"(A)qd1(B)2"));
    }

    #[test]
    fn work_that_flushes_has_the_rest_done_once() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', 0).is_some());
        for work in [
            Work::Mark(b'1'),
            Work::Queue(b'B'),
            Work::Flush(b'3'),
            Work::Mark(b'2'),
            Work::Defer(b'4'),
        ] {
            buffer.defer(work, &fake);
        }
        buffer.flush(&fake);
        assert!(fake.did(b"(A)1q(B)2d3"));
        buffer.flush(&fake);
        assert!(fake.did(b"(A)1q(B)2d34"));
    }

    #[test]
    fn work_that_fills_the_buffer_again_is_no_obstacle() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        buffer.defer(Work::Fill, &fake);
        for _ in 1..DEFERRED {
            buffer.defer(Work::Nothing, &fake);
        }
        buffer.defer(Work::Mark(b'1'), &fake);
        assert!(fake.did(b"F"));
        buffer.flush(&fake);
        assert!(fake.did(b"F1"));

        assert!(fake.queue(b'B', ARGUMENT_BYTES).is_some());
        buffer.defer(Work::Queue(b'C'), &fake);
        assert!(fake.queue(b'D', ARGUMENT_BYTES).is_some());
        assert!(fake.did(b"F1(B)q(C)"));
    }

    #[test]
    fn the_guest_goes_on_after_a_refusal() {
        let buffer = Buffer::default();
        let fake = Fake::refusing(&buffer, b'B');

        for op in *b"ABC" {
            assert!(fake.queue(op, 0).is_some());
        }
        buffer.defer(Work::Mark(b'1'), &fake);
        buffer.flush(&fake);
        assert!(fake.did(b"[ABC]w1"));
        assert!(fake.queue(b'B', 0).is_some());
        assert!(fake.queue(b'A', 0).is_some());
        buffer.flush(&fake);
        assert!(fake.did(b"[ABC]w1[BA]w"));
    }
}
