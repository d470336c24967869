// SPDX-License-Identifier: GPL-2.0

//! Multicalls: each CPU's buffer, and how it is flushed.
//!
//! C ancestor: `multicalls.c`.

#![expect(unsafe_code)]

pub(crate) mod batch;
mod debug;

use core::{
    fmt,
    mem::{
        align_of,
        size_of, //
    },
};

use kernel::{
    cpu::CpuId,
    ffi::c_void, //
};

use crate::{
    abi::multicall::Entry,
    multicall::{
        report::Log,
        trail::Trail,
        Buffer,
        Event,
        Extension,
        Full,
        Host, //
    },
    raw::{
        bindings,
        bug::bug_on_err,
        hypercall::multicall,
        irqflags::IrqsOff,
        percpu::PerCpu,
        preempt::StaysHere,
        print::{
            self,
            CONT,
            ERR, //
        },
        trace,
        word::to_usize, //
    },
};

const _: () = {
    assert!(size_of::<Buffer<Callback>>() == size_of::<bindings::xen_mc_buffer>());
    assert!(align_of::<Buffer<Callback>>() == align_of::<bindings::xen_mc_buffer>());
};

// SAFETY: `DEFINE_PER_CPU(struct xen_mc_buffer, xen_mc_buffer)` is in c-shims/percpu.c. It has
// the size and the alignment of a buffer, and its zeros are an empty one.
const BUFFER: PerCpu<Buffer<Callback>> =
    unsafe { PerCpu::new((&raw const bindings::xen_mc_buffer).cast()) };

/// What somebody wants to have called when Xen has seen the multicalls.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Callback {
    /// The function.
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    /// Its argument.
    data: *mut c_void,
}

impl Callback {
    /// Has `function` called with `data`.
    ///
    /// # Safety
    ///
    /// That must be safe when Xen has seen what was queued before, interrupts off.
    #[inline(always)]
    pub(crate) unsafe fn new(
        function: unsafe extern "C" fn(*mut c_void),
        data: *mut c_void,
    ) -> Self {
        Self {
            function: Some(function),
            data,
        }
    }
}

/// The CPU that runs this, which stays the same.
#[derive(Clone, Copy)]
struct ThisCpu<'a> {
    /// The proof of that.
    here: &'a StaysHere,
    /// Its buffer.
    buffer: &'a Buffer<Callback>,
}

impl<'a> ThisCpu<'a> {
    /// Names it.
    #[inline(always)]
    fn new(here: &'a StaysHere) -> Self {
        Self {
            here,
            // SAFETY: It is this CPU's own, has no other address elsewhere in Rust, and consists of
            // cells: Xen may write to them.
            buffer: unsafe { &*BUFFER.this_cpu_ptr() },
        }
    }
}

impl Host for ThisCpu<'_> {
    type Deferred = Callback;

    #[inline(always)]
    fn with_irqs_off(&self, work: impl FnOnce()) {
        let _irqs = IrqsOff::save(self.here);

        work();
    }

    #[inline(always)]
    fn call(&self, call: &Entry) -> i64 {
        // SAFETY: Who queued it has filled it in, with arguments that stay until it is flushed.
        unsafe { multicall::single(call) }
    }

    #[inline(always)]
    fn call_all(&self, calls: &[Entry]) {
        // SAFETY: As above.
        let outcome = unsafe { multicall::list(calls) };

        bug_on_err(outcome, "Xen cannot read a list of calls");
    }

    #[inline(always)]
    fn complete(&self, work: Callback) {
        if let Some(function) = work.function {
            // SAFETY: Who deferred it wants it called now, once, with this argument.
            unsafe { function(work.data) };
        }
    }

    #[inline(always)]
    fn trail(&self) -> Option<&Trail> {
        // SAFETY: Cells, which only this CPU uses, and which are there as long as they are in use.
        debug::is_enabled().then(|| unsafe { &*debug::current_trail() })
    }

    #[inline(always)]
    fn trace(&self, event: Event<Callback>) {
        match event {
            Event::Allocate(bytes) => trace::xen_mc_entry_alloc(bytes),
            Event::Extend { op, bytes, outcome } => {
                trace::xen_mc_extend_args(to_usize(op), bytes, extension(outcome));
            }
            Event::Defer(work) => trace::xen_mc_callback(work.function, work.data),
            Event::Full(full) => trace::xen_mc_flush_reason(reason(full)),
            Event::Flush {
                entries,
                bytes,
                deferred,
            } => trace::xen_mc_flush(to_u32(entries), to_u32(bytes), to_u32(deferred)),
        }
    }
}

impl Log for ThisCpu<'_> {
    fn warn(&self) {
        let _ = kernel::warn_on!(true);
    }

    fn error(&self, text: fmt::Arguments<'_>) {
        print::print(ERR, text);
    }

    fn cont(&self, text: fmt::Arguments<'_>) {
        print::print(CONT, text);
    }

    fn caller(&self, address: usize) {
        print::symbol(address);
    }

    fn cpu(&self) -> u32 {
        CpuId::current().as_u32()
    }
}

/// Narrows a number that is smaller than a buffer.
#[inline(always)]
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Returns the number that the event has for what came of an extension.
#[inline]
fn extension(outcome: Extension) -> bindings::xen_mc_extend_args {
    match outcome {
        Extension::Done => bindings::xen_mc_extend_args_XEN_MC_XE_OK,
        Extension::OtherCall => bindings::xen_mc_extend_args_XEN_MC_XE_BAD_OP,
        Extension::NoSpace => bindings::xen_mc_extend_args_XEN_MC_XE_NO_SPACE,
    }
}

/// Returns the number that the event has for what was full.
#[inline]
fn reason(full: Full) -> bindings::xen_mc_flush_reason {
    match full {
        Full::Entries => bindings::xen_mc_flush_reason_XEN_MC_FL_BATCH,
        Full::Arguments => bindings::xen_mc_flush_reason_XEN_MC_FL_ARGS,
        Full::Deferred => bindings::xen_mc_flush_reason_XEN_MC_FL_CALLBACK,
    }
}

/// Makes the calls that are queued, and calls who waits for that.
pub(crate) fn flush(here: &StaysHere) {
    let cpu = ThisCpu::new(here);

    cpu.buffer.flush(&cpu);
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_ffi_multicall)]
mod tests {
    use super::*;
    use crate::{
        abi::hypercall::Number,
        raw::{
            atomic::Word,
            domain,
            preempt::PreemptOff,
            word::to_u64, //
        },
    };

    /// What the callback was called with.
    static CALLED: Word = Word::new(0);

    unsafe extern "C" fn callback(data: *mut c_void) {
        CALLED.write(to_u64(data.addr()));
    }

    /// Queues a call that asks for Xen's version, and returns it.
    fn queue_version<'a>(cpu: &ThisCpu<'a>) -> Option<&'a Entry> {
        let space = cpu.buffer.entry(0, 0, cpu).ok()?;

        space.entry.op.set(Number::XenVersion.get());
        space.entry.args.iter().for_each(|argument| argument.set(0));
        space.entry.result.set(0);
        Some(space.entry)
    }

    #[test]
    fn calls_reach_xen_and_callbacks_are_called_afterwards() {
        if !domain::is_pv() {
            return;
        }
        let preempt = PreemptOff::new();
        let here = preempt.stays_here();
        let _irqs = IrqsOff::save(here);
        let cpu = ThisCpu::new(here);

        flush(here);
        CALLED.write(0);
        for count in 1..=3 {
            let calls = [0; 3].map(|_: u8| queue_version(&cpu));
            let data = core::ptr::without_provenance_mut(count);

            // SAFETY: It only looks at the address.
            let work = unsafe { Callback::new(callback, data) };

            cpu.buffer.defer(work, &cpu);
            assert_eq!(CALLED.read(), to_u64(count - 1));
            flush(here);
            assert_eq!(CALLED.read(), to_u64(count));
            // Flushed entries stay where they are, and nobody uses them here.
            let answers = calls.map(|call| call.map(|call| call.result.get() >> 16));

            assert_eq!(answers, [Some(4); 3]);
        }
    }

    #[test]
    fn the_last_call_has_room_right_behind() {
        if !domain::is_pv() {
            return;
        }
        let preempt = PreemptOff::new();
        let here = preempt.stays_here();
        let _irqs = IrqsOff::save(here);
        let cpu = ThisCpu::new(here);
        let version = Number::XenVersion.get();
        let extend = |op, bytes| cpu.buffer.extend(op, bytes, &cpu);

        flush(here);
        assert!(extend(version, 8).is_none());
        let call = queue_version(&cpu).map(core::ptr::from_ref);
        let first = extend(version, 24);
        let second = extend(version, 8);
        let end = first.map(|first| first.arguments.as_ptr_range().end);

        assert_eq!(first.map(|first| core::ptr::from_ref(first.entry)), call);
        assert_eq!(second.map(|second| second.arguments.as_ptr()), end);
        assert!(extend(version + 1, 8).is_none());
        flush(here);
        assert!(extend(version, 8).is_none());
    }
}
