// SPDX-License-Identifier: GPL-2.0

//! Timers: what clockevents calls, the interrupt, and each CPU's device.
//!

#![expect(unsafe_code)]

use core::ptr::null_mut;

use kernel::{
    cpu::CpuId,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    },
};

use crate::{
    abi::{
        errno::XenErrno,
        vcpu::SetSingleshotTimer, //
    },
    ffi::{
        contract,
        time::source::system_time, //
    },
    irq,
    raw::{
        bindings,
        bug::{
            bug,
            bug_on_err, //
        },
        cpu::{
            self,
            CpuSet, //
        },
        hypercall::time as timer,
        percpu::PerCpu,
        print::{
            printk,
            DEBUG,
            ERR,
            INFO,
            WARNING, //
        },
        section::read_mostly,
        table::zeroed,
        vcpu,
        word::{
            to_int,
            to_u64,
            to_usize, //
        }, //
    },
    time::event::{
        self,
        Interface,
        Slot,
        Timers, //
    },
};

contract!(xen_timer_resume());

/// A CPU's device: clockevents' part of it, and its name.
type Device = bindings::xen_clock_event_device;

// SAFETY: `DEFINE_PER_CPU(struct xen_clock_event_device, xen_clock_events)` is in c-shims/percpu.c.
const DEVICES: PerCpu<Device> = unsafe { PerCpu::new(&raw const bindings::xen_clock_events) };

/// What no interrupt has.
const NO_IRQ: c_int = -1;
/// How the interrupt is handled.
const IRQ_FLAGS: u32 = bindings::IRQF_PERCPU
    | bindings::IRQF_NOBALANCING
    | bindings::IRQF_TIMER
    | bindings::IRQF_FORCE_RESUME
    | bindings::IRQF_EARLY_RESUME;

read_mostly! {
    /// Whether Xen has [`Interface::VcpuOp`]; found out at boot.
    static HAS_VCPU_OP: Atomic<bool> = Atomic::new(false);
}

read_mostly! {
    /// Nanoseconds that an event is at least away: `xen_timer_slop`.
    static SLOP: Atomic<u64> = Atomic::new(1);
}

/// The vCPU that runs this, which stays the same: interrupts or preemption are off.
struct ThisVcpu;

impl Timers for ThisVcpu {
    #[inline]
    fn set_timer(&mut self, deadline: u64) -> Result<(), XenErrno> {
        timer::set_timer(deadline)
    }

    fn stop_periodic(&mut self) -> Result<(), XenErrno> {
        timer::stop_periodic_timer(vcpu::current())
    }

    #[inline]
    fn set_singleshot(&mut self, deadline: u64) -> Result<(), XenErrno> {
        timer::set_singleshot_timer(vcpu::current(), SetSingleshotTimer::at(deadline))
    }

    fn stop_singleshot(&mut self) -> Result<(), XenErrno> {
        timer::stop_singleshot_timer(vcpu::current())
    }
}

/// Warns if the core asks for an event of a device that it has not switched to one-shot mode.
///
/// # Safety
///
/// `evt` must be a clockevent device.
#[inline]
unsafe fn warn_unless_oneshot(evt: *mut bindings::clock_event_device) {
    const ONESHOT: bindings::clock_event_state =
        bindings::clock_event_state_CLOCK_EVT_STATE_ONESHOT;

    // SAFETY: The caller's promise.
    let _ = kernel::warn_on!(unsafe { (*evt).state_use_accessors } != ONESHOT);
}

/// Stops this CPU's timer.
extern "C" fn xen_timerop_shutdown(_evt: *mut bindings::clock_event_device) -> c_int {
    bug_on_err(
        Interface::TimerOp.shutdown(&mut ThisVcpu),
        "a timer cannot be stopped",
    );
    0
}

/// Asks for an event `delta` nanoseconds from now. Hot path: interrupts off.
///
/// # Safety
///
/// `evt` must be this CPU's device.
unsafe extern "C" fn xen_timerop_set_next_event(
    delta: c_ulong,
    evt: *mut bindings::clock_event_device,
) -> c_int {
    // SAFETY: The caller's promise.
    unsafe { warn_unless_oneshot(evt) };
    set_next_event(Interface::TimerOp, delta)
}

/// Stops this CPU's timers.
extern "C" fn xen_vcpuop_shutdown(_evt: *mut bindings::clock_event_device) -> c_int {
    bug_on_err(
        Interface::VcpuOp.shutdown(&mut ThisVcpu),
        "a timer cannot be stopped",
    );
    0
}

/// Prepares for events.
extern "C" fn xen_vcpuop_set_oneshot(_evt: *mut bindings::clock_event_device) -> c_int {
    bug_on_err(
        Interface::VcpuOp.set_oneshot(&mut ThisVcpu),
        "the tick cannot be stopped",
    );
    0
}

/// Asks for an event `delta` nanoseconds from now. Hot path: interrupts off.
///
/// # Safety
///
/// `evt` must be this CPU's device.
unsafe extern "C" fn xen_vcpuop_set_next_event(
    delta: c_ulong,
    evt: *mut bindings::clock_event_device,
) -> c_int {
    // SAFETY: The caller's promise.
    unsafe { warn_unless_oneshot(evt) };
    set_next_event(Interface::VcpuOp, delta)
}

/// Asks for an event; without one this CPU would sleep forever.
#[inline(always)]
fn set_next_event(interface: Interface, delta: c_ulong) -> c_int {
    match interface.set_next_event(&mut ThisVcpu, system_time(), to_u64(delta)) {
        Ok(()) => 0,
        Err(_) => bug("a timer cannot be set"),
    }
}

/// Has clockevents handle the timer that fired. Hot path: interrupts off.
extern "C" fn xen_timer_interrupt(_irq: c_int, _dev_id: *mut c_void) -> bindings::irqreturn_t {
    // SAFETY: The device is this CPU's, for the interrupt is.
    let evt = unsafe { &raw mut (*DEVICES.this_cpu_ptr()).evt };

    // SAFETY: As above; the core writes the handler on this CPU.
    match unsafe { (*evt).event_handler } {
        Some(handler) => {
            // SAFETY: It is called with its device, interrupts off.
            unsafe { handler(evt) };
            bindings::irqreturn::IRQ_HANDLED
        }
        None => bindings::irqreturn::IRQ_NONE,
    }
}

/// Returns the device of a CPU with the timers of `interface`: one tick is one nanosecond.
fn event_device(cpu: CpuId, interface: Interface) -> bindings::clock_event_device {
    let slop = SLOP.load(Relaxed);
    let device = bindings::clock_event_device {
        name: c"xen".as_ptr().cast(),
        features: bindings::CLOCK_EVT_FEAT_ONESHOT,
        max_delta_ns: u64::from(u32::MAX),
        max_delta_ticks: to_usize(u64::from(u32::MAX)),
        min_delta_ns: slop,
        min_delta_ticks: to_usize(slop),
        mult: 1,
        rating: 500,
        cpumask: CpuSet::only(cpu),
        ..zeroed()
    };

    match interface {
        Interface::TimerOp => bindings::clock_event_device {
            set_state_shutdown: Some(xen_timerop_shutdown),
            set_next_event: Some(xen_timerop_set_next_event),
            ..device
        },
        Interface::VcpuOp => bindings::clock_event_device {
            set_state_shutdown: Some(xen_vcpuop_shutdown),
            set_state_oneshot: Some(xen_vcpuop_set_oneshot),
            set_next_event: Some(xen_vcpuop_set_next_event),
            ..device
        },
    }
}

/// A CPU's device and interrupt. Hotplug and boot serialize who touches them.
struct CpuTimer {
    cpu: CpuId,
    device: *mut Device,
}

impl CpuTimer {
    /// Names the timer of a CPU.
    fn of(cpu: CpuId) -> Self {
        Self {
            cpu,
            device: DEVICES.ptr(cpu),
        }
    }
}

impl Slot for CpuTimer {
    type Error = c_int;

    fn irq(&self) -> Option<u32> {
        // SAFETY: The device exists, and nobody else changes its interrupt.
        u32::try_from(unsafe { (*self.device).evt.irq }).ok()
    }

    fn warn_bound(&mut self, irq: u32) {
        printk!(
            WARNING,
            "IRQ{} for CPU{} is already allocated\n",
            irq,
            self.cpu.as_u32()
        );
        let _ = kernel::warn_on!(true);
    }

    fn announce(&mut self) {
        printk!(INFO, "installing Xen timer for CPU {}\n", self.cpu.as_u32());
    }

    fn bind(&mut self) -> Result<u32, c_int> {
        let cpu = self.cpu.as_u32();
        // SAFETY: The device exists, and no interrupt has its name by now.
        let name = unsafe { &raw mut (*self.device).name };

        // SAFETY: As above.
        unsafe { name.write(irq::name(b"timer", cpu)) };
        // SAFETY: The name stays as long as the interrupt, and the handler takes any argument.
        let irq = unsafe {
            bindings::bind_virq_to_irqhandler(
                bindings::VIRQ_TIMER,
                cpu,
                Some(xen_timer_interrupt),
                to_usize(u64::from(IRQ_FLAGS)),
                name.cast(),
                null_mut(),
            )
        };

        u32::try_from(irq).map_err(|_| irq)
    }

    fn prioritise(&mut self, irq: u32) {
        // SAFETY: The interrupt was just bound. Without FIFO event channels it fails, which is all
        // right.
        unsafe { bindings::xen_set_irq_priority(irq, bindings::XEN_IRQ_PRIORITY_MAX) };
    }

    fn unbind(&mut self, irq: u32) {
        // SAFETY: It is bound, with no argument.
        unsafe { bindings::unbind_from_irqhandler(irq, null_mut()) };
    }

    fn install(&mut self) {
        let interface = if HAS_VCPU_OP.load(Relaxed) {
            Interface::VcpuOp
        } else {
            Interface::TimerOp
        };

        // SAFETY: The CPU is not on line, or this is boot code on it: clockevents does not know the
        // device.
        unsafe { (&raw mut (*self.device).evt).write(event_device(self.cpu, interface)) };
    }

    fn set_irq(&mut self, irq: Option<u32>) {
        let irq = irq.map_or(NO_IRQ, to_int);

        // SAFETY: The device exists, and nobody else changes its interrupt.
        unsafe { (*self.device).evt.irq = irq };
    }
}

/// Gives a CPU its timer, before it comes on line. May sleep.
///
/// # Errors
///
/// What binding its interrupt fails with, as the user was told.
pub(crate) fn setup(cpu: CpuId) -> Result<(), c_int> {
    let bound = event::setup(&mut CpuTimer::of(cpu));

    if let Err(error) = bound {
        printk!(
            ERR,
            "xen: CPU {} gets no timer interrupt (err {})\n",
            cpu.as_u32(),
            error
        );
    }
    bound
}

/// Takes a CPU's timer away, after it went off line. May sleep.
pub(crate) fn teardown(cpu: CpuId) {
    event::teardown(&mut CpuTimer::of(cpu));
}

/// Tells clockevents of this CPU's device. Interrupts are off.
pub(crate) fn setup_cpu_clockevents() {
    // SAFETY: The device is this CPU's, and is filled in.
    unsafe { bindings::clockevents_register_device(&raw mut (*DEVICES.this_cpu_ptr()).evt) };
}

/// Does the part of bringing up an HVM or PVH guest's CPU that must run on it. Interrupts are off.
///
/// [`setup`] ran before, on another CPU: it sleeps.
pub(super) extern "C" fn xen_hvm_setup_cpu_clockevents() {
    register_runstate(CpuId::current());
    setup_cpu_clockevents();
}

/// Has Xen tell what a CPU's vCPU is doing.
fn register_runstate(cpu: CpuId) {
    // SAFETY: The CPU exists; the record is a per-CPU variable of drivers/xen.
    unsafe { bindings::xen_setup_runstate_info(to_int(cpu.as_u32())) };
}

/// Stops all CPUs' ticks, which a new domain has running. Runs in `stop_machine()`.
#[no_mangle]
extern "C" fn xen_timer_resume() {
    // The kernel calls this as soon as it has bound event channels anew.
    #[cfg(CONFIG_SMP)]
    crate::ffi::smp::find_ports();

    if !HAS_VCPU_OP.load(Relaxed) {
        return;
    }
    for cpu in cpu::online().filter_map(CpuId::from_u32) {
        bug_on_err(
            timer::stop_periodic_timer(vcpu::of(cpu)),
            "the tick cannot be stopped after resume",
        );
    }
}

/// Finds out which timers Xen has.
pub(super) fn choose_interface() {
    if Interface::probe(&mut ThisVcpu) == Interface::VcpuOp {
        printk!(DEBUG, "Xen: using vcpuop timer interface\n");
        HAS_VCPU_OP.store(true, Relaxed);
    }
}

/// Starts the boot CPU's timer.
pub(super) fn start(cpu: CpuId) {
    register_runstate(cpu);
    // Of the CPUs this one can come without a timer least, and cannot be kept from it.
    let _ = setup(cpu);
    setup_cpu_clockevents();
}

/// Sets the least time before an event, in nanoseconds. Boot code, before [`start`].
pub(super) fn set_slop(slop: u64) {
    SLOP.store(slop, Relaxed);
}
