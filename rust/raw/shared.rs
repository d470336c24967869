// SPDX-License-Identifier: GPL-2.0

//! Views of the memory that Xen writes while we look.
//!
//! No reference to such memory exists anywhere: the compiler would take what is behind a reference
//! for constant, and read it again, or not at all, as it pleases. A view holds a pointer and copies
//! one field out per call, in one volatile load. Two calls may see two states; where fields belong
//! together, the reader loops on the version that Xen changes.
//!
//! C ancestor: `HYPERVISOR_shared_info`, `xen_vcpu`, `xen_start_info`.

#![expect(unsafe_code)]

#[cfg(CONFIG_XEN_PV)]
use core::sync::atomic::{
    compiler_fence,
    Ordering, //
};

use zerocopy::FromZeros;

use crate::{
    abi::{
        id::VcpuId,
        shared_info::{
            SharedInfo,
            VcpuInfo,
            VcpuTimeInfo, //
        },
        start_info::{
            StartInfo,
            StartInfoConsole,
            MAX_GUEST_CMDLINE, //
        },
    },
    raw::{
        bindings,
        percpu::PerCpu,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// A structure that Xen may write at any time.
///
/// # Invariants
///
/// The pointer is valid for reads of a `T` for as long as the kernel runs.
#[derive(Clone, Copy)]
pub(crate) struct Shared<T>(*const T);

/// Defines methods that copy one field out.
macro_rules! fields {
    ($type:ty { $($(#[$doc:meta])* $name:ident: $($field:ident).+ => $value:ty,)* }) => {
        impl Shared<$type> {
            $(
                $(#[$doc])*
                #[inline]
                pub(crate) fn $name(self) -> $value {
                    // SAFETY: By the type invariant; the field is in bounds and any bits are a
                    // value of its type.
                    unsafe { (&raw const (*self.0).$($field).+).read_volatile() }
                }
            )*
        }
    };
}

fields!(SharedInfo {
    /// The wall clock's version, odd while Xen writes.
    wall_clock_version: wc.version => u32,
    /// Seconds of the wall clock at boot of the domain, low half.
    wall_clock_sec: wc.sec => u32,
    /// And nanoseconds.
    wall_clock_nsec: wc.nsec => u32,
    /// Seconds of the wall clock, high half.
    wall_clock_sec_hi: wc_sec_hi => u32,
    /// Why there was an NMI.
    nmi_reason: arch.nmi_reason => u64,
});

#[cfg(CONFIG_XEN_PV)]
impl Shared<SharedInfo> {
    /// Tells tools how many pages the domain has, at most.
    pub(crate) fn set_max_pfn(self, pages: u64) {
        // SAFETY: By the type invariant; tools only read this, and Xen does not look.
        unsafe { (&raw mut (*self.0.cast_mut()).arch.max_pfn).write_volatile(pages) };
    }

    /// Tells tools where the tree of frames is that leads to the p2m list; `!0` is nowhere.
    pub(crate) fn set_frame_list_list(self, top: u64) {
        // SAFETY: As for `set_max_pfn`.
        unsafe {
            (&raw mut (*self.0.cast_mut()).arch.pfn_to_mfn_frame_list_list).write_volatile(top)
        };
    }

    /// Tells tools at which address the p2m list is, and by which top-level table.
    pub(crate) fn set_list(self, address: u64, cr3: u64) {
        // SAFETY: As for `set_max_pfn`.
        unsafe {
            (&raw mut (*self.0.cast_mut()).arch.p2m_generation).write_volatile(0);
            (&raw mut (*self.0.cast_mut()).arch.p2m_vaddr).write_volatile(address);
            (&raw mut (*self.0.cast_mut()).arch.p2m_cr3).write_volatile(cr3);
        }
    }

    /// Raises the generation of the p2m list, which is odd while its mapping changes.
    ///
    /// Orders what is stored before it before what is stored after, for tools that read on another
    /// CPU of the machine: x86 keeps the order of stores, so the compiler has to, as in
    /// `virt_wmb()`. Their other half is in Xen's libxenguest.
    pub(crate) fn raise_p2m_generation(self) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: As for `set_max_pfn`; the caller holds the lock that all raises take.
        unsafe {
            let generation = &raw mut (*self.0.cast_mut()).arch.p2m_generation;

            generation.write_volatile(generation.read_volatile().wrapping_add(1));
        }
        compiler_fence(Ordering::SeqCst);
    }
}

fields!(VcpuInfo {
    /// Whether an event waits.
    upcall_pending: evtchn_upcall_pending => u8,
    /// Whether upcalls are held off.
    upcall_mask: evtchn_upcall_mask => u8,
});

fields!(VcpuTimeInfo {
    /// The version, odd while Xen writes.
    version: version => u32,
    /// TSC at the last update.
    tsc_timestamp: tsc_timestamp => u64,
    /// Nanoseconds since boot at the last update.
    system_time: system_time => u64,
    /// Nanoseconds per shifted TSC tick.
    tsc_to_system_mul: tsc_to_system_mul => u32,
    /// Shift to apply to TSC ticks first.
    tsc_shift: tsc_shift => i8,
    /// What else there is to know.
    flags: flags => u8,
});

impl Shared<SharedInfo> {
    /// Views the record of one of the first vCPUs.
    pub(crate) fn vcpu_info(self, index: usize) -> Option<Shared<VcpuInfo>> {
        // SAFETY: By the type invariant; the field is in bounds.
        let records = unsafe { &raw const (*self.0).vcpu_info };

        // INVARIANT: Below the length of the array, a part of what is valid is valid.
        (index < VcpuId::LEGACY_MAX).then(|| Shared(records.cast::<VcpuInfo>().wrapping_add(index)))
    }
}

impl Shared<VcpuInfo> {
    /// Holds upcalls off, or lets them come. What is in memory is seen in this order: by the
    /// compiler, because both are volatile or asm, and this vCPU alone looks.
    #[cfg(all(CONFIG_XEN_PV, not(CONFIG_TRACE_IRQFLAGS)))]
    #[inline(always)]
    pub(crate) fn set_upcall_mask(self, mask: u8) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: By the type invariant; the byte is this vCPU's to write.
        unsafe { (&raw mut (*self.0.cast_mut()).evtchn_upcall_mask).write_volatile(mask) };
        compiler_fence(Ordering::SeqCst);
    }

    /// Returns where it is.
    #[inline]
    pub(crate) fn as_ptr(self) -> *const VcpuInfo {
        self.0
    }

    /// Views this vCPU's clock.
    #[inline]
    pub(crate) fn time(self) -> Shared<VcpuTimeInfo> {
        // SAFETY: By the type invariant; the field is in bounds.
        // INVARIANT: A part of what is valid is valid.
        Shared(unsafe { &raw const (*self.0).time })
    }
}

impl Shared<VcpuTimeInfo> {
    /// Views the copy of a clock that Xen was asked to keep.
    ///
    /// # Safety
    ///
    /// `copy` must be valid for reads and writes for as long as the kernel runs.
    pub(crate) const unsafe fn from_copy(copy: *const VcpuTimeInfo) -> Self {
        // INVARIANT: The caller's promise.
        Self(copy)
    }

    /// Returns where it is.
    #[inline]
    pub(crate) fn as_ptr(self) -> *const VcpuTimeInfo {
        self.0
    }

    /// Empties a copy. Xen must not write it at the time.
    pub(crate) fn clear(self) {
        // SAFETY: By the promise to `from_copy()`; volatile because user space looks.
        unsafe { self.0.cast_mut().write_volatile(VcpuTimeInfo::new_zeroed()) };
    }

    /// Clears flags.
    ///
    /// Xen may write other flags meanwhile, so this is one locked instruction even on one CPU.
    #[cold]
    pub(crate) fn clear_flags(self, flags: u8) {
        // SAFETY: By the type invariant; vCPUs' records are ours to write as well.
        unsafe {
            core::arch::asm!(
                "lock and byte ptr [{flags}], {kept}",
                flags = in(reg) &raw const (*self.0).flags,
                kept = in(reg_byte) !flags,
                options(nostack),
            );
        }
    }
}

fields!(StartInfo {
    /// What `SIF_*` say of the domain.
    flags: flags => u32,
    /// Pages that the domain was built with.
    nr_pages: nr_pages => u64,
    /// Virtual address of the top-level page table that the domain was built with.
    pt_base: pt_base => u64,
    /// Virtual address or page of the initrd, as the flags say.
    mod_start: mod_start => u64,
    /// Bytes of the initrd.
    mod_len: mod_len => u64,
    /// Where the console is.
    #[cfg_attr(not(CONFIG_XEN_DOM0), allow(dead_code))]
    console: console => StartInfoConsole,
    /// Virtual address of the p2m list that the domain was built with.
    mfn_list: mfn_list => u64,
    /// How many frames they have.
    nr_pt_frames: nr_pt_frames => u64,
    /// Machine address of the shared page.
    shared_info: shared_info => u64,
    /// Machine frame of the xenstore ring, or its page while the domain sleeps.
    store_mfn: store_mfn => u64,
    /// First page of the p2m list, where it is not in the kernel's part of the address space.
    first_p2m_pfn: first_p2m_pfn => u64,
    /// How many pages it has there.
    nr_p2m_frames: nr_p2m_frames => u64,
});

#[cfg(CONFIG_XEN_PV)]
impl Shared<StartInfo> {
    /// Names the xenstore ring anew.
    pub(crate) fn set_store_mfn(self, mfn: u64) {
        // SAFETY: By the type invariant; the page is ours to write, and Xen does so only while the
        // domain sleeps.
        unsafe { (&raw mut (*self.0.cast_mut()).store_mfn).write_volatile(mfn) };
    }

    /// Says where the page tables are that it was built with.
    pub(crate) fn set_pt_base(self, address: u64) {
        // SAFETY: As in `set_store_mfn()`.
        unsafe { (&raw mut (*self.0.cast_mut()).pt_base).write_volatile(address) };
    }

    /// Says where the p2m list is.
    pub(crate) fn set_mfn_list(self, address: u64) {
        // SAFETY: As in `set_store_mfn()`.
        unsafe { (&raw mut (*self.0.cast_mut()).mfn_list).write_volatile(address) };
    }

    /// Says which pages the p2m list has, with the tables that map it.
    pub(crate) fn set_list_pages(self, first: u64, count: u64) {
        // SAFETY: As in `set_store_mfn()`.
        unsafe {
            (&raw mut (*self.0.cast_mut()).first_p2m_pfn).write_volatile(first);
            (&raw mut (*self.0.cast_mut()).nr_p2m_frames).write_volatile(count);
        }
    }

    /// Takes the record of dom0's screen away: a dom0 has no console ring.
    pub(crate) fn clear_console(self) {
        // SAFETY: By the type invariant; the page is ours to write.
        let console = unsafe { (&raw const (*self.0).console).cast_mut().cast::<u64>() };

        // SAFETY: The union has two words, the frame and the event channel in a domU.
        unsafe { console.write_volatile(0) };
        // SAFETY: As above.
        unsafe { console.wrapping_add(1).cast::<u32>().write_volatile(0) };
    }

    /// Returns the virtual address of the command line.
    pub(crate) fn cmd_line_address(self) -> u64 {
        // SAFETY: By the type invariant; the field is in bounds.
        to_u64(unsafe { &raw const (*self.0).cmd_line }.addr())
    }

    /// Returns where the machine frame of a domU's console ring is: at the beginning of the union.
    fn console_mfn_ptr(self) -> *mut u64 {
        // SAFETY: By the type invariant; the field is in bounds.
        unsafe { (&raw const (*self.0).console).cast_mut().cast() }
    }

    /// Returns the machine frame of a domU's console ring, or its page while the domain sleeps.
    pub(crate) fn console_mfn(self) -> u64 {
        // SAFETY: As in `console_mfn_ptr()`.
        unsafe { self.console_mfn_ptr().read_volatile() }
    }

    /// Names a domU's console ring anew.
    pub(crate) fn set_console_mfn(self, mfn: u64) {
        // SAFETY: As in `set_store_mfn()`.
        unsafe { self.console_mfn_ptr().write_volatile(mfn) };
    }
}

impl Shared<StartInfo> {
    /// Copies the command line, which ends at its first zero.
    ///
    /// Xen writes it before the domain runs and never again, so this may be an ordinary copy.
    pub(crate) fn cmd_line(self) -> [u8; MAX_GUEST_CMDLINE] {
        // SAFETY: By the type invariant; the field is in bounds.
        unsafe { (&raw const (*self.0).cmd_line).read() }
    }

    /// Returns the virtual address of the record.
    pub(crate) fn address(self) -> u64 {
        to_u64(self.0.addr())
    }
}

/// Returns the page that Xen shares with this domain, or a dummy before it is mapped.
pub(crate) fn shared_info() -> Shared<SharedInfo> {
    // SAFETY: Written in boot and on resume only, where no other CPU runs.
    let page = unsafe { bindings::HYPERVISOR_shared_info };

    // INVARIANT: It points to a page that stays mapped, be it Xen's or the dummy.
    Shared(page.cast_const().cast())
}

/// Returns whether the page is Xen's, and not the dummy.
pub(crate) fn is_mapped() -> bool {
    // SAFETY: As in `shared_info()`.
    let page = unsafe { bindings::HYPERVISOR_shared_info };

    !core::ptr::eq(page, &raw const bindings::xen_dummy_shared_info)
}

/// Returns the record of the vCPU that runs this, if it has one by now.
///
/// Preemption should be off: the record stays that of the vCPU on which this was called.
#[inline]
pub(crate) fn vcpu_info() -> Option<Shared<VcpuInfo>> {
    // SAFETY: `DEFINE_PER_CPU(struct vcpu_info *, xen_vcpu)` is in c-shims/percpu.c.
    let xen_vcpu = unsafe { PerCpu::new((&raw const bindings::xen_vcpu).cast::<u64>()) };
    let record = core::ptr::with_exposed_provenance::<VcpuInfo>(to_usize(xen_vcpu.read()));

    // INVARIANT: Not null, it points into the shared page or at a per-CPU variable.
    (!record.is_null()).then_some(Shared(record))
}

/// Returns what Xen told a PV guest at its start, if this is one.
pub(crate) fn start_info() -> Option<Shared<StartInfo>> {
    // SAFETY: Written in early boot only.
    let page = unsafe { bindings::xen_start_info };

    // INVARIANT: Not null, it points to a page that Xen mapped and that is never freed.
    (!page.is_null()).then_some(Shared(page.cast_const().cast()))
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_shared)]
mod tests {
    use super::*;
    use crate::raw::domain;

    #[test]
    fn this_vcpu_has_a_record_with_a_clock() {
        if !domain::is_xen() {
            return;
        }
        let Some(vcpu) = vcpu_info() else {
            return assert!(false);
        };

        assert!(vcpu.upcall_mask() <= 1);
        assert!(vcpu.upcall_pending() <= 1);
        assert!(vcpu.time().version() > 0);
        assert!(vcpu.time().system_time() > 0);
    }

    #[test]
    fn xen_has_set_the_wall_clock() {
        if domain::is_xen() {
            let shared = shared_info();

            assert!(shared.wall_clock_version() > 0);
            assert!(shared.wall_clock_sec() > 0 || shared.wall_clock_sec_hi() > 0);
            assert!(shared.wall_clock_nsec() < 1_000_000_000);
        }
    }

    #[test]
    fn only_a_pv_guest_has_a_start_info() {
        assert_eq!(start_info().is_some(), domain::is_pv());
        if let Some(start) = start_info() {
            assert!(start.nr_pages() > 0);
            assert!(start.mfn_list() > 0);
            let initial = start.flags() & StartInfo::INITDOMAIN != 0;

            assert_eq!(initial, domain::is_initial());
        }
    }
}
