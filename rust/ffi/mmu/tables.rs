// SPDX-License-Identifier: GPL-2.0

//! This kernel's page tables, as the policy modules look at them.

use crate::{
    abi::{
        frame::{
            Maddr,
            Mfn,
            Pfn, //
        },
        pagetable::{
            Flush,
            Guest,
            Machine,
            MmuUpdate,
            MmuextOp,
            Pte, //
        },
    },
    ffi::multicall::{
        batch::{
            batch,
            Batch,
            Issue, //
        },
        Callback,
    },
    mmu::{
        pin::{
            self,
            Access, //
        },
        pte::{
            self,
            Frames, //
        },
        store::{
            Checked,
            Pinned,
            Place,
            Unpinned,
            Updates, //
        },
        walk, //
    },
    raw::{
        address,
        bindings,
        frames,
        hypercall::mmu,
        lazy,
        pagetable::{
            self,
            Slot,
            Table,
            TablePage, //
        },
        word::to_u64, //
    },
};

/// This domain's pages and frames.
#[derive(Clone, Copy)]
pub(super) struct P2m;

impl Frames for P2m {
    #[inline(always)]
    fn frame(&self, page: Pfn) -> Option<Mfn> {
        frames::frame_of(page)
    }

    #[inline(always)]
    fn page(&self, frame: Mfn) -> Option<Pfn> {
        frames::page_of(frame)
    }
}

/// Makes the entry of a page.
#[inline(always)]
pub(super) fn entry(page: Pfn, flags: u64) -> Pte<Machine> {
    pte::to_machine(&P2m, Pte::<Guest>::map(page, flags))
}

/// Returns the frame of a page, or one that Xen refuses.
#[inline(always)]
pub(super) fn frame(page: Pfn) -> Mfn {
    P2m.frame(page).unwrap_or(Mfn::MAX)
}

/// Returns where memory in the direct map or the kernel image is for Xen.
#[inline(always)]
pub(super) fn linear_machine(address: u64) -> Maddr {
    let physical = address::known_linear(address);

    // INVARIANT: An offset within a page fits below a frame's number.
    Maddr::from_raw(frame(physical.frame()).base().get() | physical.page_offset())
}

impl Place for Slot {
    type Unpinned = Plain;
    type Pinned = Watched;

    #[inline(always)]
    fn check(self) -> Checked<Plain, Watched> {
        if pagetable::has_struct_pages() && !self.page().is_pinned() {
            Checked::Unpinned(Plain(self))
        } else {
            Checked::Pinned(Watched(self))
        }
    }
}

/// An entry of a table that is not pinned.
pub(crate) struct Plain(Slot);

impl Unpinned for Plain {
    #[inline(always)]
    fn store(self, value: Pte<Machine>) {
        self.0.write(value);
    }
}

/// An entry of a pinned table.
pub(crate) struct Watched(Slot);

impl Pinned for Watched {
    #[inline(always)]
    fn machine(&self) -> Maddr {
        let address = self.0.address();

        // In boot, tables are mapped for the moment when they are written.
        if pagetable::has_struct_pages() {
            linear_machine(address)
        } else {
            Maddr::from_raw(super::machine_address(address) & Maddr::MAX.get())
        }
    }
}

/// Xen, as entries are updated: in a batch, which ends with lazy MMU mode at the latest.
pub(super) struct Lazily;

impl Updates for Lazily {
    #[inline(always)]
    fn update(&self, update: MmuUpdate) {
        batch(Issue::UnlessMmuIsLazy, |batch| batch.update(update));
    }

    #[inline(always)]
    fn update_both(&self, updates: [MmuUpdate; 2]) {
        batch(Issue::UnlessMmuIsLazy, |batch| {
            for update in updates {
                batch.update(update);
            }
        });
    }
}

/// Xen, as an entry of the last level is updated: one that need not wait goes alone. If it refuses
/// one, the kernel finds out when it looks there, as it does on a native CPU.
pub(super) struct Directly(pub(super) Slot);

impl Directly {
    /// Returns whether the update may wait until lazy mode ends.
    ///
    /// Not in the direct map. KFENCE takes pages from it and gives them back wherever memory is
    /// allocated and freed, also by a task that is in lazy mode for other tables, and uses them
    /// at once.
    #[inline(always)]
    fn may_wait(&self) -> bool {
        !pagetable::has_struct_pages() || self.0.page().is_allocated()
    }
}

impl Updates for Directly {
    #[inline(always)]
    fn update(&self, update: MmuUpdate) {
        if lazy::is_mmu_lazy() && self.may_wait() {
            batch(Issue::Later, |batch| batch.update(update));
        } else {
            // SAFETY: The caller has an entry to store.
            let _ = unsafe { mmu::update_one(update) };
        }
    }

    #[inline(always)]
    fn update_both(&self, updates: [MmuUpdate; 2]) {
        Lazily.update_both(updates);
    }
}

/// The page tables of an address space, whose `page_table_lock` is held.
pub(super) struct Tables(
    #[cfg_attr(not(CONFIG_SPLIT_PTE_PTLOCKS), allow(dead_code))] pub(super) *mut bindings::mm_struct,
);

impl Frames for Tables {
    #[inline(always)]
    fn frame(&self, page: Pfn) -> Option<Mfn> {
        P2m.frame(page)
    }

    #[inline(always)]
    fn page(&self, frame: Mfn) -> Option<Pfn> {
        P2m.page(frame)
    }
}

impl walk::Entries for Tables {
    #[inline(always)]
    fn entry(&self, table: Pfn, index: usize) -> u64 {
        // SAFETY: Who walks begins with a top-level table, and goes on with what is below.
        unsafe { Table::of(table) }.slot(index).read().get()
    }
}

impl pin::Tables for Tables {
    type Lock = Locked;

    #[inline(always)]
    fn mark_pinned(&self, table: Pfn) -> bool {
        TablePage::of(table).mark_pinned()
    }

    #[inline(always)]
    fn is_pinned(&self, table: Pfn) -> bool {
        TablePage::of(table).is_pinned()
    }

    #[inline(always)]
    fn mark_unpinned(&self, table: Pfn) -> bool {
        TablePage::of(table).mark_unpinned()
    }

    #[inline(always)]
    fn lock(&self, table: Pfn) -> Option<Locked> {
        #[cfg(CONFIG_SPLIT_PTE_PTLOCKS)]
        {
            // SAFETY: It is a table of the last level, which has a lock; the outer one is held.
            let lock = unsafe { bindings::xen_pte_lock(TablePage::of(table).as_ptr(), self.0) };

            Some(Locked(lock))
        }
        #[cfg(not(CONFIG_SPLIT_PTE_PTLOCKS))]
        {
            let _ = table;
            None
        }
    }
}

/// A lock that is held.
#[cfg_attr(not(CONFIG_SPLIT_PTE_PTLOCKS), allow(dead_code))]
pub(super) struct Locked(*mut bindings::spinlock_t);

/// Releases a lock.
///
/// # Safety
///
/// `lock` must be a spinlock that this CPU holds.
unsafe extern "C" fn unlock(lock: *mut kernel::ffi::c_void) {
    // SAFETY: The caller's promise.
    unsafe { bindings::spin_unlock(lock.cast()) };
}

impl pin::Batch<Locked> for Batch<'_> {
    #[inline(always)]
    fn operation(&self, operation: MmuextOp) {
        self.operation(operation);
    }

    #[inline(always)]
    fn remap(&self, table: Pfn, access: Access, flush: Flush) {
        let flags = match access {
            Access::ReadOnly => pagetable::read_only_flags(),
            Access::Writable => pagetable::kernel_flags(),
        };

        self.remap(direct_map(table), entry(table, flags), flush);
    }

    #[inline(always)]
    fn release_later(&self, lock: Locked) {
        // SAFETY: The lock is held, and nobody else releases it: it was moved here.
        self.defer(unsafe { Callback::new(unlock, lock.0.cast()) });
    }
}

/// Returns where the direct map has a page.
#[inline(always)]
pub(super) fn direct_map(page: Pfn) -> u64 {
    to_u64(address::physical_to_linear::<u8>(page.base()).addr())
}
