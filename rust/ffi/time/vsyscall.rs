// SPDX-License-Identifier: GPL-2.0

//! The page with the clock that the vDSO reads.

#![expect(unsafe_code)]

use kernel::cpu::CpuId;

use crate::{
    abi::{
        errno::XenErrno,
        id::VcpuId,
        shared_info::VcpuTimeInfo,
        vcpu::RegisterTimeMemoryArea, //
    },
    ffi::time::source::CLOCKSOURCE,
    raw::{
        atomic::Word,
        bindings,
        hypercall::time::register_time_memory_area,
        page::ZeroedPage,
        print::{
            printk,
            NOTICE, //
        },
        section::read_mostly,
        shared::Shared,
        vcpu,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
    time::{
        source::{
            Clock,
            Record, //
        },
        vsyscall::{
            self,
            Page,
            Refused, //
        },
    },
};

read_mostly! {
    /// Address of the page that Xen keeps for the vDSO, 0 if there is none.
    static PAGE: Word = Word::new(0);
}

/// A copy of the first CPU's record, in a page of its own.
struct Copied(Shared<VcpuTimeInfo>);

impl Copied {
    /// Names the copy at the start of a page.
    ///
    /// # Safety
    ///
    /// The page must not be freed while Xen may write it.
    unsafe fn new(page: *const VcpuTimeInfo) -> Self {
        // SAFETY: The caller's promise.
        Self(unsafe { Shared::<VcpuTimeInfo>::from_copy(page) })
    }
}

impl Record for Copied {
    fn version(&self) -> u32 {
        Record::version(&self.0)
    }

    fn clock(&self) -> Clock {
        self.0.clock()
    }

    fn tsc(&self) -> u64 {
        self.0.tsc()
    }

    fn acknowledge_stop(&self) {
        self.0.acknowledge_stop();
    }
}

impl Page for Copied {
    fn register(&self) -> Result<(), XenErrno> {
        let addr = to_u64(self.0.as_ptr().expose_provenance());

        // SAFETY: The page is there until `unregister()` succeeds, by the promise to `new()`.
        unsafe { register_time_memory_area(first_vcpu(), RegisterTimeMemoryArea { addr }) }
    }

    fn unregister(&self) -> Result<(), XenErrno> {
        // SAFETY: Xen writes nowhere.
        unsafe { register_time_memory_area(first_vcpu(), RegisterTimeMemoryArea { addr: 0 }) }
    }

    fn clear(&self) {
        self.0.clear();
    }
}

/// Returns the vCPU that is the first CPU, whose record the vDSO reads.
fn first_vcpu() -> VcpuId {
    CpuId::from_u32(0).map_or(VcpuId::from_raw(0), vcpu::of)
}

/// Gives the vDSO a clock at boot, if Xen and the host's TSCs allow it.
pub(super) fn start() {
    let Some(page) = ZeroedPage::new() else {
        return;
    };
    // SAFETY: It is freed below only if Xen does not hold it.
    let copy = unsafe { Copied::new(page.as_ptr()) };

    match vsyscall::start(&copy) {
        Ok(()) => publish(page),
        Err(Refused::ByXen(errno)) => printk!(
            NOTICE,
            "xen: VDSO_CLOCKMODE_PVCLOCK not supported (err {})\n",
            errno.to_errno()
        ),
        Err(refused @ (Refused::Unstable | Refused::UnstableAndKept)) => {
            if refused == Refused::UnstableAndKept {
                page.leak::<VcpuTimeInfo>();
            }
            printk!(
                NOTICE,
                "xen: VDSO_CLOCKMODE_PVCLOCK not supported (tsc unstable)\n"
            );
        }
    }
}

/// Shows the page to the vDSO, and the vDSO to those who use the clocksource.
fn publish(page: ZeroedPage) {
    let page = page.leak::<bindings::pvclock_vsyscall_time_info>();
    let clocksource = CLOCKSOURCE.as_ptr();

    PAGE.write(to_u64(page.expose_provenance()));
    // SAFETY: It stores the address of a page that is not freed any more.
    unsafe { bindings::pvclock_set_pvti_cpu0_va(page) };
    // SAFETY: Boot code: no process runs yet that could use the vDSO.
    unsafe { (*clocksource).vdso_clock_mode = bindings::vdso_clock_mode_VDSO_CLOCKMODE_PVCLOCK };
}

/// Returns the vDSO's page, if it has one.
fn page() -> Option<Copied> {
    let address = to_usize(PAGE.read());

    // SAFETY: The page that `publish()` put there is never freed.
    (address != 0).then(|| unsafe { Copied::new(core::ptr::with_exposed_provenance(address)) })
}

/// Takes the page from Xen before the guest is suspended.
pub(super) fn suspend() {
    if let Some(Err(errno)) = page().map(|page| vsyscall::suspend(&page)) {
        printk!(
            NOTICE,
            "Cannot save secondary vcpu_time_info (err {})\n",
            errno.to_errno()
        );
    }
}

/// Gives Xen the page again.
pub(super) fn resume() {
    if let Some(Err(errno)) = page().map(|page| vsyscall::resume(&page)) {
        printk!(
            NOTICE,
            "Cannot restore secondary vcpu_time_info (err {})\n",
            errno.to_errno()
        );
    }
}
