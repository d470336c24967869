// SPDX-License-Identifier: GPL-2.0

//! Exceptions: from the kernel's interrupt descriptor table to what Xen wants to know.
//!
//! The processor's table is Xen's. The kernel writes one as on a machine of its
//! own, and each handler in it is looked up here: Xen enters the kernel with two
//! registers on the stack that the processor would not have put there, so it is
//! given another address, where they are taken off first.
//!
//! Only exceptions are looked for. Interrupts come as events, so a gate that is
//! none of those known is an exception that nobody expects, with an entry of its
//! own that says so.
//!
//! Callers: boot code, and whoever starts a CPU.
//!
//! C ancestor: `enlighten_pv.c:764`.

use crate::abi::descriptor::{
    Gate,
    GateKind,
    TrapInfo, //
};

/// An exception that the kernel handles.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Entry {
    /// What the kernel has in its table.
    pub kernel: usize,
    /// Where Xen enters for it.
    pub xen: usize,
    /// Whether the processor may switch to a stack of the exception's own. Xen never does.
    pub may_switch_stack: bool,
}

/// Entries of one size, one after the other, for each of the first exceptions.
#[derive(Clone, Copy, Debug)]
pub struct Array {
    /// Where the first is.
    pub start: usize,
    /// How long each is.
    pub size: usize,
}

/// The entries that boot code has until the others are set up.
#[derive(Clone, Copy, Debug)]
pub struct EarlyEntries {
    /// What the kernel has in its table.
    pub kernel: Array,
    /// Where Xen enters for them.
    pub xen: Array,
    /// How many there are.
    pub count: usize,
}

impl EarlyEntries {
    /// Returns where Xen enters for `address`, if it is one of these.
    fn find(&self, address: usize) -> Option<usize> {
        let index = address
            .checked_sub(self.kernel.start)?
            .checked_div(self.kernel.size)?;

        if index < self.count {
            Some(
                self.xen
                    .start
                    .wrapping_add(index.wrapping_mul(self.xen.size)),
            )
        } else {
            None
        }
    }
}

/// All entries.
#[derive(Clone, Copy)]
pub struct Entries<'a> {
    /// Those of exceptions that are handled.
    pub known: &'a [Entry],
    /// Those of boot code.
    pub early: EarlyEntries,
    /// Where Xen enters for anything else.
    pub unknown: usize,
}

/// A handler wants a stack of its own and would not get one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WantsStack;

impl Entries<'_> {
    /// Returns where Xen enters for a handler of the kernel's, and whether it may switch stacks.
    fn find(&self, address: usize) -> (usize, bool) {
        if let Some(entry) = self.known.iter().find(|entry| entry.kernel == address) {
            return (entry.xen, entry.may_switch_stack);
        }
        match self.early.find(address) {
            Some(xen) => (xen, false),
            // Nobody is to get there, on whatever stack.
            None => (self.unknown, true),
        }
    }

    /// Describes a gate for Xen, if it leads to a handler.
    ///
    /// # Errors
    ///
    /// [`WantsStack`].
    pub fn trap(&self, vector: u8, gate: &Gate) -> Result<Option<TrapInfo>, WantsStack> {
        let Some(kind) = gate.kind() else {
            return Ok(None);
        };
        // CAST: Both have 64 bits.
        let (address, may_switch_stack) = self.find(gate.address() as usize);

        if gate.ist() != 0 && !may_switch_stack {
            return Err(WantsStack);
        }
        let flags = match kind {
            GateKind::Interrupt => gate.dpl() | TrapInfo::MASK_EVENTS,
            GateKind::Trap => gate.dpl(),
        };

        Ok(Some(TrapInfo::new(
            vector,
            flags,
            gate.segment(),
            address as u64, // CAST: Both have 64 bits.
        )))
    }
}

/// Traps on their way to Xen, with an end behind the last.
pub struct Table {
    /// The traps.
    traps: [TrapInfo; Self::ROOM + 1],
    /// How many there are.
    used: usize,
}

impl Table {
    /// How many it takes: few, because it is on the stack.
    pub const ROOM: usize = 16;

    /// Makes one without traps.
    pub const fn new() -> Self {
        Self {
            traps: [TrapInfo::END; Self::ROOM + 1],
            used: 0,
        }
    }

    /// Takes one more trap, and returns whether that was the last that it could take.
    pub fn push(&mut self, trap: TrapInfo) -> bool {
        if let [place, end, ..] = self.traps.get_mut(self.used..).unwrap_or_default() {
            *place = trap;
            *end = TrapInfo::END;
            self.used = self.used.wrapping_add(1);
        }
        self.used >= Self::ROOM
    }

    /// Returns the traps with the end, if there are any.
    pub fn with_end(&self) -> Option<&[TrapInfo]> {
        if self.used == 0 {
            None
        } else {
            Some(&self.traps)
        }
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_traps))]
mod tests {
    use super::*;

    /// Code segment of the kernel.
    const CS: u16 = 0x10;

    /// A kernel that handles two exceptions, one of them on a stack of its own.
    const ENTRIES: Entries<'static> = Entries {
        known: &[
            Entry {
                kernel: 0x1000,
                xen: 0x2000,
                may_switch_stack: false,
            },
            Entry {
                kernel: 0x1100,
                xen: 0x2100,
                may_switch_stack: true,
            },
        ],
        early: EarlyEntries {
            kernel: Array {
                start: 0x5000,
                size: 13,
            },
            xen: Array {
                start: 0x6000,
                size: 12,
            },
            count: 32,
        },
        unknown: 0x3000,
    };

    /// Returns where Xen enters for a gate to `address`.
    fn entry(address: u64, ist: u8) -> Result<u64, WantsStack> {
        let gate = Gate::new(address, CS, GateKind::Interrupt, 0, ist);

        ENTRIES
            .trap(14, &gate)
            .map(|trap| trap.map_or(0, |trap| trap.address))
    }

    #[test]
    fn a_handler_has_another_entry_for_xen() {
        assert_eq!(entry(0x1000, 0), Ok(0x2000));
        assert_eq!(entry(0x1100, 0), Ok(0x2100));
        assert_eq!(entry(0x1001, 0), Ok(0x3000));
    }

    #[test]
    fn only_some_may_want_a_stack() {
        assert_eq!(entry(0x1100, 3), Ok(0x2100));
        assert_eq!(entry(0x1000, 1), Err(WantsStack));
        assert_eq!(entry(0x5000, 1), Err(WantsStack));
        assert_eq!(entry(0x7000, 1), Ok(0x3000));
    }

    #[test]
    fn early_handlers_are_found_by_their_place() {
        assert_eq!(entry(0x5000, 0), Ok(0x6000));
        assert_eq!(entry(0x5000 + 13 * 14, 0), Ok(0x6000 + 12 * 14));
        assert_eq!(entry(0x5000 + 13 * 31, 0), Ok(0x6000 + 12 * 31));
        assert_eq!(entry(0x5000 + 13 * 32, 0), Ok(0x3000));
        assert_eq!(entry(0x4fff, 0), Ok(0x3000));
    }

    #[test]
    fn interrupt_gates_hold_events_off() {
        let interrupt = Gate::new(0x1000, CS, GateKind::Interrupt, 3, 0);
        let trap = Gate::new(0x1000, CS, GateKind::Trap, 3, 0);

        assert_eq!(
            ENTRIES.trap(3, &interrupt),
            Ok(Some(TrapInfo::new(3, 3 | 4, CS, 0x2000)))
        );
        assert_eq!(
            ENTRIES.trap(0x80, &trap),
            Ok(Some(TrapInfo::new(0x80, 3, CS, 0x2000)))
        );
    }

    #[test]
    fn no_gate_no_trap() {
        let empty: Gate = zerocopy::transmute!([0_u8; 16]);

        assert_eq!(ENTRIES.trap(0, &empty), Ok(None));
    }

    #[test]
    fn a_table_always_has_an_end() {
        let mut table = Table::new();
        let trap = TrapInfo::new(1, 0, CS, 0x1000);

        assert!(table.with_end().is_none());
        for count in 1..=Table::ROOM {
            assert_eq!(table.push(trap), count == Table::ROOM);
            let traps = table.with_end().unwrap_or_default();

            assert_eq!(
                traps.iter().position(|&trap| trap == TrapInfo::END),
                Some(count)
            );
        }
        assert!(table.push(trap));
        let traps = table.with_end().unwrap_or_default();

        assert_eq!(traps.last(), Some(&TrapInfo::END));
    }
}
