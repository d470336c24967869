// SPDX-License-Identifier: GPL-2.0

//! The events of `include/trace/events/xen.h` that Rust code causes.
//!
//! While an event is off, asking whether it is on is one instruction that does nothing; boot code
//! and the tracer patch it. What is traced then is a C call: the kernel's
//! tracing makes a `rust_do_trace_` function of each event, in `c-shims/trace.c`.
//!
//! Valid in any context in which tracing is.

#![cfg_attr(CONFIG_TRACEPOINTS, expect(unsafe_code))]

use kernel::ffi::c_void;

/// Defines a function for each event.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $event:ident($($argument:ident: $type:ty),* $(,)?);
    )*) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[cfg_attr(not(CONFIG_TRACEPOINTS), expect(unused_variables))]
        pub(crate) fn $event($($argument: $type),*) {
            #[cfg(CONFIG_TRACEPOINTS)]
            kernel::macros::paste! {
                // SAFETY: The key is a tracepoint's, in c-shims/trace.c.
                let enabled = unsafe {
                    kernel::jump_label::static_branch_unlikely!(
                        crate::raw::bindings::[<__tracepoint_ $event>],
                        crate::raw::bindings::tracepoint,
                        key
                    )
                };

                if enabled {
                    // SAFETY: It writes its arguments down, and follows none of them.
                    unsafe { crate::raw::bindings::[<rust_do_trace_ $event>]($($argument),*) };
                }
            }
        }
    )*};
}

events! {
    /// A multicall is queued.
    xen_mc_entry_alloc(bytes: usize);
    /// A multicall may have grown: `XEN_MC_XE_*` says whether.
    xen_mc_extend_args(op: usize, bytes: usize, outcome: u32);
    /// A function is to be called when Xen has seen the multicalls.
    xen_mc_callback(function: Option<unsafe extern "C" fn(*mut c_void)>, data: *mut c_void);
    /// Multicalls are flushed because something is full: `XEN_MC_FL_*` says what.
    xen_mc_flush_reason(reason: u32);
    /// Multicalls are flushed.
    xen_mc_flush(entries: u32, argument_bytes: u32, callbacks: u32);
}
