// SPDX-License-Identifier: GPL-2.0

//! What CPU hotplug has done in a PV guest, for each CPU but the first.
//!
//! C ancestor: `enlighten_pv.c:1564`.

use kernel::ffi::c_int;

use crate::{
    cpu::hotplug::{
        self,
        Cpu, //
    },
    ffi::guest::hotplug::{
        Guest,
        OfflineCpu, //
    },
    guest::hotplug::Failure,
    raw::vcpu_info, //
};

#[cfg(CONFIG_XEN_PV_SMP)]
use crate::ffi::smp::pv;

impl Cpu for OfflineCpu {
    fn exists(&self) -> bool {
        vcpu_info::has_record(self.id())
    }

    fn bind_pv(&mut self) -> Result<(), c_int> {
        #[cfg(CONFIG_XEN_PV_SMP)]
        pv::init_interrupts(self.id())?;
        Ok(())
    }

    fn unbind_pv(&mut self) {
        #[cfg(CONFIG_XEN_PV_SMP)]
        pv::free_interrupts(self.id());
    }
}

/// A PV guest.
pub(in crate::ffi) struct Pv;

impl Guest for Pv {
    fn prepare(cpu: &mut OfflineCpu) -> Result<(), Failure<c_int>> {
        hotplug::prepare(cpu)
    }

    fn dead(cpu: &mut OfflineCpu) {
        hotplug::dead(cpu);
    }
}
