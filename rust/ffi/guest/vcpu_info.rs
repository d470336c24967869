// SPDX-License-Identifier: GPL-2.0

//! Where Xen keeps what it tells each vCPU.

#![expect(unsafe_code)]

use kernel::{
    cpu::CpuId,
    prelude::fmt, //
};

use crate::{
    abi::{
        errno::XenErrno,
        frame::Maddr,
        id::VcpuId, //
    },
    ffi::{
        guest,
        mmu, //
    },
    guest::vcpu_info::{
        self as policy,
        Cpu,
        Lost,
        Record,
        RestoreFacts, //
    },
    raw::{
        bindings,
        bug::{
            bug,
            panic, //
        },
        cpu,
        domain,
        hypercall,
        shared,
        vcpu,
        vcpu_info,
        word::to_int, //
    },
};

/// A CPU of this kernel, and its vCPU.
struct ThisKernel(CpuId);

impl Record for ThisKernel {
    fn vcpu(&self) -> VcpuId {
        vcpu::of(self.0)
    }

    fn use_shared(&mut self, index: usize) {
        vcpu_info::use_shared(self.0, index);
    }

    fn use_none(&mut self) {
        vcpu_info::use_none(self.0);
    }

    fn uses_own(&self) -> bool {
        vcpu_info::uses_own(self.0)
    }

    fn register_own(&mut self) -> Result<(), XenErrno> {
        let address = mmu::machine_address(vcpu_info::own_address(self.0));
        let address = Maddr::new(address).ok_or(XenErrno::EFAULT)?;

        // SAFETY: It was just looked up.
        unsafe { vcpu_info::register_own(self.0, address) }
    }

    fn use_own(&mut self) {
        vcpu_info::use_own(self.0);
    }
}

impl Cpu for ThisKernel {
    fn is_this(&self) -> bool {
        self.0 == CpuId::current()
    }

    fn is_online(&self) -> bool {
        cpu::is_online(self.0)
    }

    fn is_up(&self) -> bool {
        // A Xen that cannot tell has PV guests only, or HVM guests whose other vCPUs are off line.
        hypercall::vcpu::is_up(self.vcpu()).unwrap_or(false)
    }

    fn down(&mut self) -> Result<(), XenErrno> {
        hypercall::vcpu::down(self.vcpu())
    }

    fn register_runstate(&mut self) {
        // SAFETY: The CPU exists; the record is a per-CPU variable of drivers/xen.
        unsafe { bindings::xen_setup_runstate_info(to_int(self.0.as_u32())) };
    }

    fn up(&mut self) -> Result<(), XenErrno> {
        hypercall::vcpu::up(self.vcpu())
    }
}

/// Has the boot CPU follow its vCPU's place in the shared page. Early boot: prints nothing.
pub(crate) fn reset() {
    if let Some(cpu) = CpuId::from_u32(0) {
        policy::reset(&mut ThisKernel(cpu));
    }
}

/// Has Xen move the record of a CPU to a place of the CPU's own, if it has not.
///
/// The CPU runs this or does not run.
pub(crate) fn setup(cpu: CpuId) {
    if !shared::is_mapped() {
        bug("a vCPU's record was to be moved before the shared page is mapped");
    }
    if let Err(errno) = policy::setup(&mut ThisKernel(cpu)) {
        not_registered(cpu, errno);
    }
}

/// Stops: what Xen tells this CPU would be lost.
#[cold]
fn not_registered(cpu: CpuId, errno: XenErrno) -> ! {
    panic(fmt!(
        "register_vcpu_info failed: cpu={} err={}\n",
        cpu.as_u32(),
        errno.to_errno()
    ))
}

/// Tells Xen anew where the records of all CPUs are. Runs in `stop_machine()`.
pub(crate) fn restore() {
    let facts = RestoreFacts {
        mode: guest::mode(),
        safe_pvclock: domain::has_safe_pvclock(),
    };

    for cpu in cpu::possible().filter(|&cpu| vcpu::exists(cpu)) {
        match facts.restore(&mut ThisKernel(cpu)) {
            Ok(()) => {}
            Err(Lost::Down) => bug("a vCPU cannot be stopped on resume"),
            Err(Lost::Register(errno)) => not_registered(cpu, errno),
            Err(Lost::Up) => bug("a vCPU cannot be started on resume"),
        }
    }
}
