// SPDX-License-Identifier: GPL-2.0

//! Performance counters: MSRs, the interrupt, what perf asks, and who shares and unshares the page.
//!
//! C ancestor: `pmu.c`.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    ffi::{
        c_int,
        c_uint,
        c_ulong,
        c_void, //
    },
    sync::SetOnce,
};

use crate::{
    abi::{
        errno::XenErrno,
        frame::Mfn,
        pmu::Register, //
    },
    cpu::pmu::{
        self,
        guest_state,
        msr::{
            self,
            Counters,
            Page,
            Pmc,
            Vendor, //
        },
        GuestState,
        Stopped, //
    },
    raw::{
        address,
        bindings,
        domain,
        hypercall,
        p2m,
        page::ZeroedPage,
        pmu::{
            install,
            is_in_page,
            remove,
            set_in_page,
            PmuPage, //
        },
        print::{
            printk,
            printk_once,
            ERR,
            INFO,
            WARNING, //
        },
        register,
        table::{
            zeroed,
            Table, //
        },
        vcpu,
        word::{
            from_int,
            to_u64,
            to_usize, //
        }, //
    },
};

/// The machine's counters, from when CPU 0 had some.
static COUNTERS: SetOnce<Counters> = SetOnce::new();

/// Returns whether there are counters to be had.
pub(in crate::ffi) fn are_available() -> bool {
    COUNTERS.as_ref().is_some()
}

/// Returns the machine's counters, lent to us or not.
fn counters() -> Counters {
    COUNTERS.copy().unwrap_or_else(find_counters)
}

/// Asks the CPU what counters it has.
fn find_counters() -> Counters {
    // SAFETY: Read-only once the boot CPU is identified.
    let (vendor, family) = unsafe {
        let cpu = (&raw const bindings::boot_cpu_data.__bindgen_anon_1.__bindgen_anon_1).read();

        (u32::from(cpu.x86_vendor), cpu.x86)
    };

    Counters::new(match vendor {
        bindings::X86_VENDOR_AMD => Vendor::Amd(family),
        bindings::X86_VENDOR_HYGON => Vendor::Hygon,
        bindings::X86_VENDOR_INTEL
        | bindings::X86_VENDOR_CENTAUR
        | bindings::X86_VENDOR_ZHAOXIN => {
            let (mut eax, mut ebx, mut ecx, mut edx) = (0, 0, 0, 0);

            // SAFETY: It writes the four numbers, and leaves of CPUID have no effect.
            unsafe { bindings::rust_helper_cpuid(0xa, &mut eax, &mut ebx, &mut ecx, &mut edx) };
            Vendor::Intel(eax, edx)
        }
        _ => Vendor::Other,
    })
}

/// The page of the vCPU that runs this, interrupts off.
struct Ours(PmuPage);

impl Page for Ours {
    fn load(&self, register: Register) -> Option<u64> {
        self.0.load(register)
    }

    fn store(&mut self, register: Register, value: u64) -> Option<()> {
        self.0.store(register, value)
    }
}

/// Reads an MSR in the page, if it is there. Hot path, any context.
///
/// All MSRs of a PV guest come this way. In all but one interrupt handler none is in the page.
#[inline(always)]
pub(super) fn read(msr: u32) -> Option<u64> {
    if is_in_page() {
        read_in_page(msr)
    } else {
        None
    }
}

/// Writes an MSR in the page, if it is there. Hot path, any context.
#[inline(always)]
pub(super) fn write(msr: u32, value: u64) -> Option<()> {
    if is_in_page() {
        write_in_page(msr, value)
    } else {
        None
    }
}

/// Reads an MSR in the page.
#[cold]
#[inline(never)]
fn read_in_page(msr: u32) -> Option<u64> {
    msr::read(counters(), &PmuPage::of_this_cpu().map(Ours)?, msr)
}

/// Writes an MSR in the page.
#[cold]
#[inline(never)]
fn write_in_page(msr: u32, value: u64) -> Option<()> {
    msr::write(
        counters(),
        &mut PmuPage::of_this_cpu().map(Ours)?,
        msr,
        value,
    )
}

/// Reads a counter, or zero where there is no such one. Any context.
pub(super) extern "C" fn xen_read_pmc(counter: c_int) -> u64 {
    let (counters, counter) = (counters(), Pmc(from_int(counter)));

    if is_in_page() {
        if let Some(page) = PmuPage::of_this_cpu() {
            return counters
                .locate_pmc(counter)
                .and_then(|register| page.load(register))
                .unwrap_or_default();
        }
    }
    counters
        .msr_of_pmc(counter)
        .map_or(0, |msr| register::try_read_msr(msr).0)
}

/// Masks or unmasks the counters' interrupt. Any context.
pub(super) fn set_interrupt(value: u32) {
    match PmuPage::of_this_cpu() {
        Some(mut page) => {
            page.set_lvtpc(value);
            if !is_in_page() {
                // Refused, the interrupt is as it was. There is nobody to tell.
                let _ = hypercall::pmu::set_lvtpc();
            }
        }
        None => printk_once!(WARNING, "pmu_apic_update: pmudata not initialized\n"),
    }
}

/// Returns perf's word for whose the sample is that it handles. Any context.
extern "C" fn xen_guest_state() -> c_uint {
    /// `PERF_GUEST_ACTIVE`.
    const ACTIVE: c_uint = 0x1;
    /// `PERF_GUEST_USER`.
    const USER: c_uint = 0x2;

    let Some(page) = PmuPage::of_this_cpu().filter(|_| is_in_page()) else {
        return 0;
    };

    match guest_state(domain::is_initial(), &page.sample()) {
        GuestState::Host => 0,
        GuestState::Kernel => ACTIVE,
        GuestState::User => ACTIVE | USER,
    }
}

/// Returns what instruction the guest was at whose sample perf handles. Any context.
extern "C" fn xen_get_guest_ip() -> c_ulong {
    PmuPage::of_this_cpu().map_or(0, |page| to_usize(page.sample().ip))
}

/// What perf asks of a sample.
static GUEST_INFO: Table<bindings::perf_guest_info_callbacks> =
    Table::new(bindings::perf_guest_info_callbacks {
        state: Some(xen_guest_state),
        get_ip: Some(xen_get_guest_ip),
        ..zeroed()
    });

/// This vCPU, whose counters are stopped.
impl Stopped for Ours {
    fn set_in_page(&mut self, in_page: bool) {
        set_in_page(in_page);
    }

    fn handle_overflow(&mut self) -> bool {
        let sample = self.0.sample();

        // SAFETY: This is the counters' interrupt, which is perf's to handle.
        unsafe {
            bindings::xen_pmu_handle_overflow(
                to_usize(sample.ip),
                to_usize(sample.sp),
                sample.code_segment(),
            )
        }
    }

    fn flush(&mut self) -> Result<(), XenErrno> {
        hypercall::pmu::flush()
    }
}

/// Handles the interrupt of this CPU's counters, which only SMP kernels bind. Interrupts are off.
#[cfg_attr(not(CONFIG_XEN_PV_SMP), allow(dead_code))]
pub(in crate::ffi) extern "C" fn irq_handler(
    _irq: c_int,
    _dev_id: *mut c_void,
) -> bindings::irqreturn_t {
    let Some(mut page) = PmuPage::of_this_cpu().map(Ours) else {
        printk_once!(WARNING, "xen_pmu_irq_handler: pmudata not initialized\n");
        return bindings::irqreturn::IRQ_NONE;
    };

    match pmu::interrupt(&mut page) {
        Ok(true) => bindings::irqreturn::IRQ_HANDLED,
        Ok(false) => bindings::irqreturn::IRQ_NONE,
        Err(errno) => {
            printk_once!(
                WARNING,
                "xen_pmu_irq_handler: failed hypercall, err: {}\n",
                errno.to_errno()
            );
            bindings::irqreturn::IRQ_NONE
        }
    }
}

/// Why a CPU has no counters.
enum Failure {
    /// No page to share.
    NoMemory,
    /// Xen's refusal.
    Refused(XenErrno),
}

/// Returns the frame behind a page of ours.
fn frame_of(page: &ZeroedPage) -> Option<Mfn> {
    let address = to_u64(page.as_ptr::<u8>().addr());

    p2m::lookup(address::linear_to_physical(address)?.frame()).mfn()
}

/// Shares a page for a CPU with Xen. May sleep.
fn share_page(cpu: CpuId) -> Result<(), Failure> {
    let page = ZeroedPage::new().ok_or(Failure::NoMemory)?;
    let frame = frame_of(&page).ok_or(Failure::NoMemory)?;

    // SAFETY: The page is our own, and `remove()` does not free it before Xen is done with it.
    unsafe { hypercall::pmu::init(vcpu::of(cpu), frame) }.map_err(Failure::Refused)?;
    install(cpu, page);
    Ok(())
}

/// Gives a CPU counters, if there are any. May sleep.
///
/// None but CPU 0 asks: it comes first, and the others are spared the attempt.
pub(in crate::ffi) fn init(cpu: CpuId) {
    if !domain::is_pv() || cpu.as_u32() != 0 && !are_available() {
        return;
    }
    match share_page(cpu) {
        Ok(()) => {
            if !are_available() && COUNTERS.populate(find_counters()) {
                // SAFETY: Boot code, once.
                unsafe { bindings::perf_register_guest_info_callbacks(GUEST_INFO.as_ptr()) };
            }
        }
        Err(Failure::NoMemory) => printk!(ERR, "VPMU init: No memory\n"),
        Err(Failure::Refused(XenErrno::EOPNOTSUPP | XenErrno::ENOSYS)) => {
            printk_once!(INFO, "VPMU disabled by hypervisor.\n");
        }
        Err(Failure::Refused(errno)) => printk_once!(
            INFO,
            "Could not initialize VPMU for cpu {}, error {}\n",
            cpu.as_u32(),
            errno.to_errno()
        ),
    }
}

/// Takes them away from a CPU, if it has any. May sleep.
pub(in crate::ffi) fn finish(cpu: CpuId) {
    if let Some(page) = remove(cpu) {
        if hypercall::pmu::finish(vcpu::of(cpu)).is_err() {
            // Xen may go on writing it.
            page.leak::<u8>();
        }
    }
}
