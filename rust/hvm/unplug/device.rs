// SPDX-License-Identifier: GPL-2.0

//! The Xen platform device, which unplugs emulated devices.
//!
//! It has a few I/O ports: the guest introduces itself, the host may refuse
//! the driver, and a write then unplugs. That cannot be undone until the guest
//! is reset, and has to be done again after resume, because the new host
//! emulates the devices afresh.
//!
//! Runs on the boot CPU before device drivers, and on resume with the others
//! stopped: nothing else touches the ports then.
//!
//! C ancestor: `platform-pci-unplug.c`.

use super::Unplug;
use crate::guest::mode::GuestMode;

/// `XEN_IOPORT_MAGIC` to read, `XEN_IOPORT_UNPLUG` and `XEN_IOPORT_DRVVER` to
/// write.
const PORT_MAGIC: u16 = 0x10;
/// `XEN_IOPORT_PROTOVER` to read, `XEN_IOPORT_PRODNUM` to write.
const PORT_PROTOCOL: u16 = 0x12;
/// `XEN_IOPORT_MAGIC_VAL`: the device is there and accepts this driver.
const MAGIC: u16 = 0x49d2;
/// `XEN_IOPORT_LINUX_PRODNUM`.
const LINUX_PRODUCT: u16 = 3;
/// `XEN_IOPORT_LINUX_DRVVER`.
const LINUX_DRIVER_VERSION: u32 = 1;
/// The one protocol version that is defined.
const PROTOCOL: u8 = 1;

/// The I/O ports of the platform device.
pub trait Ports {
    /// Reads a byte.
    fn inb(&mut self, port: u16) -> u8;
    /// Reads two bytes.
    fn inw(&mut self, port: u16) -> u16;
    /// Writes two bytes.
    fn outw(&mut self, value: u16, port: u16);
    /// Writes four bytes.
    fn outl(&mut self, value: u32, port: u16);
}

/// Something to tell the user, in the order in which it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// There is no platform device, or it has refused this driver before.
    UnrecognisedMagic,
    /// The device speaks this version of the protocol.
    Protocol(u8),
    /// And this kernel does not.
    UnknownProtocol,
    /// The host refuses this driver.
    Blacklisted,
    /// NICs are unplugged by default.
    UnplugNics,
    /// Disks are unplugged by default, which may change the root device.
    UnplugDisks,
}

/// Why the platform device is not used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// It is not there.
    Magic,
    /// It speaks a protocol that this kernel does not know.
    Protocol,
    /// Its host refuses this driver.
    Blacklist,
}

/// Introduces this kernel to the platform device.
///
/// # Errors
///
/// Every [`Refusal`], after telling `note` of it.
fn introduce(ports: &mut impl Ports, mut note: impl FnMut(Event)) -> Result<(), Refusal> {
    if ports.inw(PORT_MAGIC) != MAGIC {
        note(Event::UnrecognisedMagic);
        return Err(Refusal::Magic);
    }

    let protocol = ports.inb(PORT_PROTOCOL);

    note(Event::Protocol(protocol));
    if protocol != PROTOCOL {
        note(Event::UnknownProtocol);
        return Err(Refusal::Protocol);
    }

    ports.outw(LINUX_PRODUCT, PORT_PROTOCOL);
    ports.outl(LINUX_DRIVER_VERSION, PORT_MAGIC);
    // A host that refuses product and version takes the magic value away.
    if ports.inw(PORT_MAGIC) != MAGIC {
        note(Event::Blacklisted);
        return Err(Refusal::Blacklist);
    }
    Ok(())
}

/// Unplugs what `requested` names, or `default` if it is empty.
///
/// Returns what is in force from now on, or `None` if nothing was decided. The
/// caller keeps it as the request for the next time, so that a default is told
/// only once.
pub fn unplug(
    mode: GuestMode,
    requested: Unplug,
    default: Unplug,
    ports: &mut impl Ports,
    mut note: impl FnMut(Event),
) -> Option<Unplug> {
    if mode != GuestMode::Hvm || requested.intersects(Unplug::NEVER) {
        return None;
    }

    match introduce(ports, &mut note) {
        Ok(()) => {}
        // No unplug protocol, but the user said that it is not needed.
        Err(Refusal::Magic) if requested.intersects(Unplug::UNNECESSARY) => {}
        Err(_) => return None,
    }

    let mut set = requested;
    if set == Unplug::NONE {
        if default.intersects(Unplug::ALL_NICS) {
            note(Event::UnplugNics);
        }
        if default.intersects(Unplug::ALL_IDE_DISKS) {
            note(Event::UnplugDisks);
        }
        set = default;
    }
    if !set.intersects(Unplug::UNNECESSARY) {
        ports.outw(set.devices(), PORT_MAGIC);
    }
    Some(set)
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_hvm_unplug_device))]
mod tests {
    use super::*;

    /// Something that [`unplug`] did.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Step {
        Inb(u16),
        Inw(u16),
        Outw(u16, u16),
        Outl(u32, u16),
        Note(Event),
    }
    use Step::{
        Inb,
        Inw,
        Note,
        Outl,
        Outw, //
    };

    /// The steps so far, for the device and the log at once.
    #[derive(Default)]
    struct Trace {
        steps: core::cell::Cell<[Option<Step>; 12]>,
    }

    impl Trace {
        fn push(&self, step: Step) {
            let mut steps = self.steps.get();

            if let Some(free) = steps.iter_mut().find(|step| step.is_none()) {
                *free = Some(step);
            }
            self.steps.set(steps);
        }

        /// Returns whether the steps were exactly these.
        fn is(&self, expected: &[Step]) -> bool {
            self.steps
                .get()
                .into_iter()
                .flatten()
                .eq(expected.iter().copied())
        }
    }

    /// A device that answers the first and later reads of its magic value and
    /// the read of its protocol as told.
    struct Device<'a> {
        magic: [u16; 2],
        protocol: u8,
        trace: &'a Trace,
    }

    impl Ports for Device<'_> {
        fn inb(&mut self, port: u16) -> u8 {
            self.trace.push(Inb(port));
            self.protocol
        }

        fn inw(&mut self, port: u16) -> u16 {
            let [now, next] = self.magic;

            self.magic = [next, next];
            self.trace.push(Inw(port));
            now
        }

        fn outw(&mut self, value: u16, port: u16) {
            self.trace.push(Outw(value, port));
        }

        fn outl(&mut self, value: u32, port: u16) {
            self.trace.push(Outl(value, port));
        }
    }

    /// A device that is there and accepts everything.
    const WILLING: ([u16; 2], u8) = ([0x49d2, 0x49d2], 1);
    /// No device.
    const ABSENT: ([u16; 2], u8) = ([0xffff, 0xffff], 0xff);

    /// What [`introduce`] does with a willing device.
    const INTRODUCED: [Step; 6] = [
        Inw(0x10),
        Inb(0x12),
        Note(Event::Protocol(1)),
        Outw(3, 0x12),
        Outl(1, 0x10),
        Inw(0x10),
    ];

    /// Unplugs from an HVM guest's device, both kinds by default.
    fn run(
        (magic, protocol): ([u16; 2], u8),
        requested: Unplug,
        default: Unplug,
    ) -> (Option<Unplug>, Trace) {
        let trace = Trace::default();
        let mut device = Device {
            magic,
            protocol,
            trace: &trace,
        };
        let answer = unplug(GuestMode::Hvm, requested, default, &mut device, |event| {
            trace.push(Note(event));
        });

        (answer, trace)
    }

    /// The default of a kernel with both frontends.
    const BOTH: Unplug = Unplug::from_bits(3);

    #[test]
    fn other_modes_do_not_touch_the_ports() {
        for mode in [GuestMode::Native, GuestMode::Pv, GuestMode::Pvh] {
            let trace = Trace::default();
            let mut device = Device {
                magic: WILLING.0,
                protocol: WILLING.1,
                trace: &trace,
            };
            let answer = unplug(mode, Unplug::ALL, BOTH, &mut device, |_| ());

            assert_eq!(answer, None);
            assert!(trace.is(&[]));
        }
    }

    #[test]
    fn never_does_not_touch_the_ports() {
        let (answer, trace) = run(WILLING, Unplug::NEVER | Unplug::ALL, BOTH);

        assert_eq!(answer, None);
        assert!(trace.is(&[]));
    }

    #[test]
    fn the_default_is_unplugged_and_told() {
        let (answer, trace) = run(WILLING, Unplug::NONE, BOTH);
        let [a, b, c, d, e, f] = INTRODUCED;

        assert_eq!(answer, Some(BOTH));
        assert!(trace.is(&[
            a,
            b,
            c,
            d,
            e,
            f,
            Note(Event::UnplugNics),
            Note(Event::UnplugDisks),
            Outw(3, 0x10),
        ]));
    }

    #[test]
    fn what_was_decided_is_unplugged_again_without_words() {
        let (answer, _) = run(WILLING, Unplug::NONE, BOTH);
        let (again, trace) = run(WILLING, answer.unwrap_or_default(), Unplug::ALL);
        let [a, b, c, d, e, f] = INTRODUCED;

        assert_eq!(again, Some(BOTH));
        assert!(trace.is(&[a, b, c, d, e, f, Outw(3, 0x10)]));
    }

    #[test]
    fn the_default_of_a_kernel_without_frontends_unplugs_nothing() {
        let (answer, trace) = run(WILLING, Unplug::NONE, Unplug::NONE);
        let [a, b, c, d, e, f] = INTRODUCED;

        assert_eq!(answer, Some(Unplug::NONE));
        assert!(trace.is(&[a, b, c, d, e, f, Outw(0, 0x10)]));
    }

    #[test]
    fn a_request_is_unplugged_without_words() {
        let (answer, trace) = run(WILLING, Unplug::AUX_IDE_DISKS, BOTH);
        let [a, b, c, d, e, f] = INTRODUCED;

        assert_eq!(answer, Some(Unplug::AUX_IDE_DISKS));
        assert!(trace.is(&[a, b, c, d, e, f, Outw(4, 0x10)]));
    }

    #[test]
    fn unnecessary_unplugs_nothing() {
        let (answer, trace) = run(WILLING, Unplug::UNNECESSARY | Unplug::ALL, BOTH);

        assert_eq!(answer, Some(Unplug::UNNECESSARY | Unplug::ALL));
        assert!(trace.is(&INTRODUCED));
    }

    #[test]
    fn without_a_device_nothing_is_decided() {
        let (answer, trace) = run(ABSENT, Unplug::ALL, BOTH);

        assert_eq!(answer, None);
        assert!(trace.is(&[Inw(0x10), Note(Event::UnrecognisedMagic)]));
    }

    #[test]
    fn without_a_device_unnecessary_still_holds() {
        let (answer, trace) = run(ABSENT, Unplug::UNNECESSARY, BOTH);

        assert_eq!(answer, Some(Unplug::UNNECESSARY));
        assert!(trace.is(&[Inw(0x10), Note(Event::UnrecognisedMagic)]));
    }

    #[test]
    fn another_protocol_is_left_alone() {
        for protocol in [0, 2, 0xff] {
            let (answer, trace) = run(([MAGIC; 2], protocol), Unplug::UNNECESSARY, BOTH);

            assert_eq!(answer, None);
            assert!(trace.is(&[
                Inw(0x10),
                Inb(0x12),
                Note(Event::Protocol(protocol)),
                Note(Event::UnknownProtocol),
            ]));
        }
    }

    #[test]
    fn a_host_may_refuse_the_driver() {
        let (answer, trace) = run(([MAGIC, 0xffff], 1), Unplug::UNNECESSARY, BOTH);
        let [a, b, c, d, e, f] = INTRODUCED;

        assert_eq!(answer, None);
        assert!(trace.is(&[a, b, c, d, e, f, Note(Event::Blacklisted)]));
    }
}
