// SPDX-License-Identifier: GPL-2.0

//! Queueing: room for calls and for what their arguments point to.
//!
//! C ancestor: `__xen_mc_entry()` and `xen_mc_extend_args()` in `multicalls.c`.

use core::{
    cell::Cell,
    mem::size_of, //
};

use super::{
    Buffer,
    Event,
    Extension,
    Full,
    Host,
    NoRoom,
    Space,
    ARGUMENT_BYTES,
    ENTRIES, //
};

/// How the memory of each call's arguments is aligned.
const ALIGNMENT: usize = size_of::<u64>();

impl<D: Copy> Buffer<D> {
    /// Queues a call with `bytes` of memory for its arguments.
    ///
    /// The caller fills it in before it asks for anything else. `caller` is for the report.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if not even an empty buffer has that much memory.
    #[inline]
    pub fn entry<H: Host<Deferred = D>>(
        &self,
        bytes: usize,
        caller: usize,
        host: &H,
    ) -> Result<Space<'_>, NoRoom> {
        host.trace(Event::Allocate(bytes));
        // Once is enough, unless work queues calls.
        let space = loop {
            match self.claim(bytes) {
                Some(space) => break space,
                None if bytes > ARGUMENT_BYTES => return Err(NoRoom),
                None => self.make_room_for_entry(host),
            }
        };

        if let Some(trail) = host.trail() {
            let start = self.bytes_used.get().wrapping_sub(bytes);

            trail.note(self.last_index(), caller, start, bytes);
        }
        Ok(space)
    }

    /// Gives the last call `bytes` more for its arguments, right after those that it has.
    ///
    /// Returns nothing if that call is not of hypercall `op`, or if there is no memory left: then
    /// a call of its own is needed.
    #[inline]
    pub fn extend<H: Host<Deferred = D>>(
        &self,
        op: u64,
        bytes: usize,
        host: &H,
    ) -> Option<Space<'_>> {
        let start = self.bytes_used.get();
        let entry = self.entries.get(self.last_index());
        let arguments = self.arguments_at(start, bytes);
        let (outcome, space) = match (entry.filter(|entry| entry.op.get() == op), arguments) {
            (None, _) => (Extension::OtherCall, None),
            (Some(_), None) => (Extension::NoSpace, None),
            (Some(entry), Some(arguments)) => {
                self.bytes_used.set(start + arguments.len());
                if let Some(trail) = host.trail() {
                    trail.extend(self.last_index(), bytes);
                }
                (Extension::Done, Some(Space { entry, arguments }))
            }
        };

        host.trace(Event::Extend { op, bytes, outcome });
        space
    }

    /// Takes the next entry and memory for its arguments, if there is enough of both.
    #[inline]
    fn claim(&self, bytes: usize) -> Option<Space<'_>> {
        let index = self.entries_used.get();
        let entry = self.entries.get(index)?;
        let start = self.bytes_used.get().wrapping_add(ALIGNMENT - 1) & !(ALIGNMENT - 1);
        let arguments = self.arguments_at(start, bytes)?;

        self.entries_used.set(index + 1);
        self.bytes_used.set(start + arguments.len());
        Some(Space { entry, arguments })
    }

    /// Flushes because there is no room for one more call.
    #[cold]
    fn make_room_for_entry<H: Host<Deferred = D>>(&self, host: &H) {
        let full = if self.entries_used.get() >= ENTRIES {
            Full::Entries
        } else {
            Full::Arguments
        };

        self.make_room(full, host);
    }

    /// Returns which entry is the last one, or a number that is none.
    #[inline]
    fn last_index(&self) -> usize {
        self.entries_used.get().wrapping_sub(1)
    }

    /// Returns `bytes` of memory from `start`, if there are as many.
    #[inline]
    fn arguments_at(&self, start: usize, bytes: usize) -> Option<&[Cell<u8>]> {
        self.arguments.get(start..)?.get(..bytes)
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_multicall_queue))]
mod tests {
    use super::{
        super::fake::{
            Fake,
            Work, //
        },
        *,
    };

    #[test]
    fn arguments_are_apart_and_aligned() {
        let buffer = Buffer::<Work>::default();
        let fake = Fake::new(&buffer);
        let first = fake.arguments(b'A', 12);
        let second = fake.arguments(b'B', 0);
        let third = fake.arguments(b'C', 8);

        assert_eq!(first.map(<[_]>::len), Some(12));
        assert_eq!(second.map(<[_]>::len), Some(0));
        assert_eq!(third.map(<[_]>::len), Some(8));
        let at = |space: Option<&[Cell<u8>]>| space.map(|space| space.as_ptr().addr());

        assert_eq!(at(first).map(|first| first + 16), at(third));
        assert_eq!(at(third).map(|third| third % 8), Some(0));
    }

    #[test]
    fn the_last_call_grows_if_it_is_of_the_same_hypercall() {
        let buffer = Buffer::<Work>::default();
        let fake = Fake::new(&buffer);

        assert!(buffer.extend(0, 8, &fake).is_none());
        let first = fake.arguments(b'A', 12);
        let more = buffer.extend(u64::from(b'A'), 12, &fake);
        let end = first.map(|first| first.as_ptr_range().end.addr());

        assert_eq!(more.map(|more| more.arguments.as_ptr().addr()), end);
        assert_eq!(more.map(|more| more.entry.op.get()), Some(u64::from(b'A')));
        assert!(fake.queue(b'B', 8).is_some());
        assert!(buffer.extend(u64::from(b'A'), 8, &fake).is_none());
        buffer.flush(&fake);
        assert!(fake.did(b"[AB]"));
        assert!(buffer.extend(u64::from(b'B'), 8, &fake).is_none());
        assert!(fake.traced(b"oaeaofo"));
    }

    #[test]
    fn a_call_grows_to_the_last_byte() {
        let buffer = Buffer::<Work>::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', ARGUMENT_BYTES - 8).is_some());
        assert!(buffer.extend(u64::from(b'A'), 9, &fake).is_none());
        assert!(buffer.extend(u64::from(b'A'), 8, &fake).is_some());
        assert!(buffer.extend(u64::from(b'A'), 1, &fake).is_none());
        assert!(buffer.extend(u64::from(b'A'), usize::MAX, &fake).is_none());
        assert!(fake.queue(b'B', 0).is_some());
        assert!(fake.traced(b"anenna"));
        assert!(fake.did(b""));
    }

    #[test]
    fn a_full_buffer_is_flushed_first() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        for _ in 0..ENTRIES {
            assert!(fake.queue(b'A', 16).is_some());
        }
        assert!(fake.did(b""));
        assert!(fake.queue(b'B', 16).is_some());
        assert!(fake.did(b"[AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA]"));
        assert!(fake.traced(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaEf"));
    }

    #[test]
    fn so_is_one_without_memory_for_arguments() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', ARGUMENT_BYTES - 8).is_some());
        assert!(fake.queue(b'B', 9).is_some());
        assert!(fake.did(b"(A)"));
        assert!(fake.queue(b'C', ARGUMENT_BYTES).is_some());
        assert!(fake.did(b"(A)(B)"));
        assert!(fake.traced(b"aaAfaAf"));
    }

    #[test]
    fn what_no_buffer_holds_is_refused() {
        let buffer = Buffer::default();
        let fake = Fake::new(&buffer);

        assert!(fake.queue(b'A', 8).is_some());
        assert!(fake.queue(b'B', ARGUMENT_BYTES + 1).is_none());
        assert!(fake.queue(b'B', usize::MAX).is_none());
        buffer.flush(&fake);
        assert!(fake.did(b"(A)"));
    }
}
