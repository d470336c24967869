// SPDX-License-Identifier: GPL-2.0

//! Unplugging of emulated devices: the boot parameter, the deed, and what drivers ask.
//!
//! C ancestor: `platform-pci-unplug.c`.

#![expect(unsafe_code)]

use core::ffi::CStr;

use kernel::{
    ffi::{
        c_char,
        c_int, //
    },
    str::{
        BStr,
        CStrExt, //
    },
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    }, //
};

use crate::{
    ffi::{
        contract,
        guest, //
    },
    hvm::unplug::{
        self,
        Event,
        Ports,
        Unplug, //
    },
    raw::{
        port,
        print::{
            printk,
            ERR,
            INFO,
            WARNING, //
        },
        section::{
            init,
            read_mostly, //
        }, //
    },
};

contract!(
    xen_has_pv_and_legacy_disk_devices(),
    xen_has_pv_devices(),
    xen_has_pv_disk_devices(),
    xen_has_pv_nic_devices(),
    xen_parse_emul_unplug(_),
);

read_mostly! {
    /// What is to be unplugged: `xen_emul_unplug`, and from the first time on the default.
    static REQUESTED: Atomic<u32> = Atomic::new(0);
}

read_mostly! {
    /// What was unplugged, or why nothing had to be.
    static UNPLUGGED: Atomic<u32> = Atomic::new(0);
}

/// The platform device of this domain.
struct PlatformDevice;

impl Ports for PlatformDevice {
    fn inb(&mut self, port: u16) -> u8 {
        port::inb(port)
    }

    fn inw(&mut self, port: u16) -> u16 {
        port::inw(port)
    }

    fn outw(&mut self, value: u16, port: u16) {
        port::outw(value, port);
    }

    fn outl(&mut self, value: u32, port: u16) {
        port::outl(value, port);
    }
}

init! {
    /// Parses `xen_emul_unplug=`; always returns 0, as there is nothing that init could do.
    ///
    /// Runs on the boot CPU, before the device is looked for.
    ///
    /// # Safety
    ///
    /// `arg` must be null or a string.
    #[no_mangle]
    unsafe extern "C" fn xen_parse_emul_unplug(arg: *mut c_char) -> c_int {
        if !arg.is_null() {
            // SAFETY: The caller's promise.
            request(unsafe { CStr::from_char_ptr(arg) });
        }
        0
    }
}

/// Adds what the value of the boot parameter names to what is to be unplugged.
fn request(value: &CStr) {
    let named = unplug::parse(value.to_bytes(), |rest| {
        printk!(
            WARNING,
            "platform_pci_unplug: unrecognised option '{}' in parameter 'xen_emul_unplug'\n",
            BStr::from_bytes(rest)
        );
    });

    REQUESTED.store(REQUESTED.load(Relaxed) | named.bits(), Relaxed);
}

/// Unplugs the emulated devices of an HVM guest.
///
/// Runs on the boot CPU before devices are looked for, and in `stop_machine()` on resume.
pub(crate) fn unplug_emulated_devices() {
    let requested = Unplug::from_bits(REQUESTED.load(Relaxed));
    let decided = unplug::unplug(
        guest::mode(),
        requested,
        Unplug::DEFAULT,
        &mut PlatformDevice,
        tell,
    );

    if let Some(decided) = decided {
        REQUESTED.store(decided.bits(), Relaxed);
        UNPLUGGED.store(decided.bits(), Relaxed);
    }
}

/// Tells the user.
fn tell(event: Event) {
    match event {
        Event::UnrecognisedMagic => printk!(
            ERR,
            "platform_pci_unplug: Xen Platform PCI: unrecognised magic value\n"
        ),
        Event::Protocol(_) => {}
        Event::UnknownProtocol => printk!(
            WARNING,
            "platform_pci_unplug: Xen Platform PCI: unknown I/O protocol version\n"
        ),
        Event::Blacklisted => printk!(
            ERR,
            "platform_pci_unplug: Xen Platform: blacklisted by host\n"
        ),
        Event::UnplugNics => printk!(
            INFO,
            "platform_pci_unplug: Netfront and the Xen platform PCI driver have \
             been compiled for this kernel: unplug emulated NICs.\n"
        ),
        Event::UnplugDisks => printk!(
            INFO,
            "platform_pci_unplug: Blkfront and the Xen platform PCI driver have \
             been compiled for this kernel: unplug emulated disks.\n\
             You might have to change the root device\n\
             from /dev/hd[a-d] to /dev/xvd[a-d]\n\
             in your root= kernel command line option\n"
        ),
    }
}

/// Returns what was unplugged.
fn unplugged() -> Unplug {
    Unplug::from_bits(UNPLUGGED.load(Relaxed))
}

/// Returns whether PV drivers have anything to drive. Any context.
#[no_mangle]
extern "C" fn xen_has_pv_devices() -> bool {
    unplug::has_pv_devices(guest::mode(), unplugged())
}

/// Returns whether the PV network driver may load. Any context.
#[no_mangle]
extern "C" fn xen_has_pv_nic_devices() -> bool {
    unplug::has_pv_nic_devices(guest::mode(), unplugged())
}

/// Returns whether the PV disk driver may load. Any context.
#[no_mangle]
extern "C" fn xen_has_pv_disk_devices() -> bool {
    unplug::has_pv_disk_devices(guest::mode(), unplugged())
}

/// Returns whether PV disks exist beside emulated ones. Any context.
#[no_mangle]
extern "C" fn xen_has_pv_and_legacy_disk_devices() -> bool {
    unplug::has_pv_and_legacy_disk_devices(guest::mode(), unplugged())
}
