// SPDX-License-Identifier: GPL-2.0

//! Storing entries.
//!
//! Xen has checked a pinned table and watches it: the guest maps it read-only, and updates go
//! through Xen. A table that is not pinned is memory as any other, and an update of it need not
//! cost a hypercall. Which of the two a table is, its page says. The answer holds as long as the
//! lock that protects the entry is held, because who pins or unpins takes it; so it is asked for
//! once, and becomes a type: [`Place::Unpinned`] can be stored to, [`Place::Pinned`] be queued.
//!
//! Without that lock, as for the upper levels, the answer may be too late. A hypercall for a table
//! that is not pinned works, and so does a store to one that is, which Xen emulates: only slower.
//! What must not be, a table that is read-only but not pinned, lasts no longer than a multicall.
//!
//! Updates wait in the CPU's buffer while the kernel is in lazy MMU mode, or are made at once.
//!
//! Callers: `set_pte()` and its kin, preemption off or not; interrupts in any state.
//!
//! C ancestor: `xen_set_pte()`, `xen_set_pmd()`, `xen_set_p4d()` in `mmu_pv.c`.

use crate::abi::{
    frame::Maddr,
    pagetable::{
        Machine,
        MmuUpdate,
        Pte,
        Update, //
    },
};

/// Where an entry is.
pub trait Place: Copy {
    /// The place, if its table is not pinned.
    type Unpinned: Unpinned;
    /// The place, if its table is pinned.
    type Pinned: Pinned;

    /// Looks whether the table is pinned.
    fn check(self) -> Checked<Self::Unpinned, Self::Pinned>;
}

/// A place, once that is known.
#[derive(Clone, Copy, Debug)]
pub enum Checked<U, P> {
    /// The table is not pinned.
    Unpinned(U),
    /// The table is pinned, or it is too early to know, when all are.
    Pinned(P),
}

/// A place in a table that is not pinned.
pub trait Unpinned {
    /// Stores an entry.
    fn store(self, value: Pte<Machine>);
}

/// A place in a pinned table.
pub trait Pinned {
    /// Returns where it is for Xen.
    fn machine(&self) -> Maddr;
}

/// Xen, for entries.
pub trait Updates {
    /// Makes an update, now or, in lazy mode, later.
    fn update(&self, update: MmuUpdate);

    /// Makes two, of which Xen sees both or none.
    fn update_both(&self, updates: [MmuUpdate; 2]);
}

/// Stores `value` in `place`.
#[inline(always)]
pub fn set<P: Place>(xen: &impl Updates, place: P, how: Update, value: Pte<Machine>) {
    match place.check() {
        Checked::Unpinned(place) => place.store(value),
        Checked::Pinned(place) => xen.update(MmuUpdate::new(place.machine(), how, value)),
    }
}

/// Stores `value` in a table of the top level, and in the one that belongs to it in user mode.
///
/// Both are pinned, or neither is.
#[inline(always)]
pub fn set_top<P: Place>(xen: &impl Updates, place: P, user: Option<P>, value: Pte<Machine>) {
    let update = |place: P::Pinned| MmuUpdate::new(place.machine(), Update::Normal, value);

    match (place.check(), user.map(P::check)) {
        (Checked::Unpinned(place), user) => {
            place.store(value);
            if let Some(Checked::Unpinned(user)) = user {
                user.store(value);
            }
        }
        (Checked::Pinned(place), Some(Checked::Pinned(user))) => {
            xen.update_both([update(place), update(user)]);
        }
        (Checked::Pinned(place), _) => xen.update(update(place)),
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_mmu_store))]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// An entry, with what was done to it.
    #[derive(Clone, Copy)]
    struct Entry<'a> {
        pinned: bool,
        address: u64,
        stored: &'a Cell<u64>,
    }

    impl Place for Entry<'_> {
        type Unpinned = Self;
        type Pinned = Self;

        fn check(self) -> Checked<Self, Self> {
            if self.pinned {
                Checked::Pinned(self)
            } else {
                Checked::Unpinned(self)
            }
        }
    }

    impl Unpinned for Entry<'_> {
        fn store(self, value: Pte<Machine>) {
            self.stored.set(value.get());
        }
    }

    impl Pinned for Entry<'_> {
        fn machine(&self) -> Maddr {
            Maddr::from_raw(self.address)
        }
    }

    /// What Xen was asked.
    #[derive(Default)]
    struct Fake {
        single: Cell<Option<MmuUpdate>>,
        both: Cell<Option<[MmuUpdate; 2]>>,
    }

    impl Updates for Fake {
        fn update(&self, update: MmuUpdate) {
            self.single.set(Some(update));
        }

        fn update_both(&self, updates: [MmuUpdate; 2]) {
            self.both.set(Some(updates));
        }
    }

    /// The value that is stored.
    const VALUE: Pte<Machine> = Pte::from_raw(0x1234_5067);

    fn entry(stored: &Cell<u64>, pinned: bool, address: u64) -> Entry<'_> {
        Entry {
            pinned,
            address,
            stored,
        }
    }

    #[test]
    fn only_a_pinned_table_is_xens_business() {
        let (fake, stored) = (Fake::default(), Cell::new(0));

        set(
            &fake,
            entry(&stored, false, 0x5008),
            Update::PreserveAd,
            VALUE,
        );
        assert_eq!(stored.replace(0), VALUE.get());
        assert_eq!(fake.single.get(), None);

        set(
            &fake,
            entry(&stored, true, 0x5008),
            Update::PreserveAd,
            VALUE,
        );
        assert_eq!(stored.get(), 0);
        let update = fake.single.get();

        assert_eq!(update.map(|update| update.place), Some(0x500a));
        assert_eq!(update.map(|update| update.value), Some(VALUE.get()));
    }

    #[test]
    fn both_tables_of_an_address_space_change_together() {
        let (fake, kernel, user) = (Fake::default(), Cell::new(0), Cell::new(0));
        let at = |pinned| [entry(&kernel, pinned, 0x5010), entry(&user, pinned, 0x6010)];
        let [plain, plain_user] = at(false);
        let [pinned, pinned_user] = at(true);

        set_top(&fake, plain, Some(plain_user), VALUE);
        assert_eq!([kernel.replace(0), user.replace(0)], [VALUE.get(); 2]);

        set_top(&fake, pinned, Some(pinned_user), VALUE);
        assert_eq!(
            fake.both
                .get()
                .map(|updates| updates.map(|update| update.place)),
            Some([0x5010, 0x6010])
        );
        assert_eq!([kernel.get(), user.get()], [0; 2]);

        set_top(&fake, pinned, None, VALUE);
        assert_eq!(fake.single.get().map(|update| update.place), Some(0x5010));
    }
}
