// SPDX-License-Identifier: GPL-2.0

//! The memory map of a PV guest: what `rust/boot/memory_map.rs` decides, done.
//!
//! Runs on the boot CPU, interrupts off. There is no allocator; memory is reserved in memblock.
//!
//! C ancestor: `setup.c`.

#![expect(unsafe_code)]

mod relocate;
mod remap;

pub(super) use remap::remap_memory;

use core::{
    ffi::CStr,
    mem::{
        offset_of,
        size_of, //
    },
};

use kernel::{
    ffi::c_char,
    str::CStrExt, //
};

use crate::{
    abi::{
        e820::{
            E820Entry,
            RAM,
            RESERVED, //
        },
        errno::XenErrno,
        frame::{
            Mfn,
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        start_info::StartInfo, //
    },
    boot::memory_map::{
        area::{
            self,
            Reserved, //
        },
        clamp::{
            pieces,
            Domain,
            Piece, //
        },
        conflict::resolve,
        map::Map,
        parameter,
        remap::count,
        Pages, //
    },
    ffi::{
        guest::extra_memory,
        mmu,
        p2m,
        start::start_info, //
    },
    guest::extra_memory::Region,
    raw::{
        address,
        bindings,
        boot_cell::BootCell,
        bug::{
            bug,
            bug_on_err, //
        },
        console,
        domain,
        hypercall::memory,
        section::{
            init,
            init_data, //
        },
        shared::Shared,
        word::{
            to_u64,
            to_usize, //
        }, //
    },
};

/// Entries that the kernel's own map has room for.
const ENTRIES: usize = {
    type Table = bindings::e820_table;

    (size_of::<Table>() - offset_of!(Table, entries)) / size_of::<E820Entry>()
};

/// What is known of the map in boot.
struct State {
    /// The map as Xen has handed it out.
    map: Map<ENTRIES>,
    /// How many of the first pages have frames.
    built: u64,
    /// The frame of the last record of frames that are to move.
    last_record: Option<Mfn>,
}

init_data! {
    /// What is known of the map.
    static STATE: BootCell<State> = BootCell::new(State {
        map: Map::EMPTY,
        built: 0,
        last_record: None,
    });
}

/// `MAXMEM`: what page tables of four levels, as PV guests have, can map.
const MAXMEM: u64 = 1 << 46;

init! {
    /// Makes the kernel's memory map, and the p2m list agree with it.
    ///
    /// Returns who has provided the map.
    pub(in crate::ffi) extern "C" fn xen_memory_setup() -> *mut c_char {
        let start_info = start_info();
        let domain = Domain {
            initial: domain::is_initial(),
            limited: parameter::limit(&start_info.cmd_line())
                .unwrap_or(cfg!(CONFIG_XEN_512GB)),
            maxmem: MAXMEM >> PAGE_SHIFT,
            nr_pages: start_info.nr_pages(),
        };

        save_hotplug_limit();
        fetch(domain);
        check_loaded(start_info);
        publish(domain);
        relocate::p2m_list(start_info);
        relocate::initrd();
        remap::move_frames();
        c"Xen".as_char_ptr().cast_mut()
    }
}

/// Remembers the limit of memory hotplug, which [`publish`] lowers until the balloon is up.
#[inline(always)]
fn save_hotplug_limit() {
    #[cfg(all(CONFIG_MEMORY_HOTPLUG, CONFIG_XEN_BALLOON))]
    // SAFETY: Boot code.
    unsafe {
        bindings::xen_saved_max_mem_size = bindings::max_mem_size;
    }
}

init! {
    /// Gets the map from Xen, and puts it in order.
    fn fetch(domain: Domain) {
        // SAFETY: Boot code; nobody else is called while it is borrowed.
        let state = unsafe { STATE.get() };
        let map = &mut state.map;

        state.built = domain.built();
        if domain.initial {
            bug_on_err(map.fill(memory::machine_memory_map), "Xen has no memory map");
            map.use_unusable();
            #[cfg(CONFIG_ISCSI_IBFT_FIND)]
            // Without room for it, the table is not found, and nothing else happens.
            let _ = map.push(range(bindings::IBFT_START, bindings::IBFT_END));
        } else {
            let answer = map.fill(memory::memory_map);

            if answer == Err(XenErrno::ENOSYS) {
                let _ = map.push(default_map(domain));
            } else {
                bug_on_err(answer, "Xen has no memory map");
            }
        }
        map.sanitize();
        if map.entries().is_empty() {
            bug("Xen's memory map is empty");
        }
    }
}

/// Returns a reserved stretch.
fn range(start: u32, end: u32) -> E820Entry {
    E820Entry {
        addr: u64::from(start),
        size: u64::from(end - start),
        kind: RESERVED,
    }
}

/// Returns the map of a domU that was given none.
fn default_map(domain: Domain) -> E820Entry {
    /// Memory more than it was built with, for what the backends take from it.
    const SLACK: u64 = 8 << 20;

    E820Entry {
        addr: 0,
        size: domain.built() * PAGE_SIZE + SLACK,
        kind: RAM,
    }
}

init! {
    /// Checks that what Xen has loaded lies where the map has RAM.
    fn check_loaded(start_info: Shared<StartInfo>) {
        let physical = |address| address::to_physical(address).map_or(0, |address| address.get());
        let start = physical(to_u64((&raw const bindings::_text).addr()));
        let end = physical(to_u64((&raw const bindings::_end).addr()));

        check(start, end - start, c"kernel");
        check(
            physical(start_info.address()),
            to_u64(size_of::<StartInfo>()),
            c"xen_start_info",
        );
        mmu::boot::check_tables();
    }
}

init! {
    /// Checks that a component lies where the map has RAM, and stops the kernel if it does not.
    pub(super) fn check(start: u64, size: u64, component: &CStr) {
        // SAFETY: Boot code; who is called below does not know the map.
        let State { map, built, .. } = unsafe { STATE.get() };

        loop {
            match resolve(map, start, size, *built) {
                Ok(Some(moved)) => p2m::remap::add(moved.maddr, moved.paddr, moved.size),
                Ok(None) => break,
                Err(_) => {
                    console::write(
                        c"No suitable area found for required E820 entry remapping action\n",
                    );
                    bug("ACPI memory is in the way");
                }
            }
        }
        if map.is_ram(start, size) {
            return;
        }
        console::write(c"Xen hypervisor allocated ");
        console::write(component);
        console::write(c" memory conflicts with E820 map\n");
        bug("Xen has loaded something where there is no RAM");
    }
}

init! {
    /// Makes the kernel's own map of Xen's.
    fn publish(domain: Domain) {
        // SAFETY: Boot code; who is called below does not know the map.
        let State { map, built, .. } = unsafe { STATE.get() };
        let promised = if domain.initial {
            memory::maximum_reservation().ok().filter(|&pages| pages > 0)
        } else {
            None
        };
        let extra = domain.extra(promised, count(map.entries(), *built));

        for piece in pieces(map.entries(), *built, extra) {
            add(piece);
        }
        // In case that devices are there.
        p2m::boot::set_identity(Pages { start: map.end() >> PAGE_SHIFT, end: u64::MAX });
        // In a domU that is memory like any other, but too many look for firmware there.
        let isa = range(bindings::ISA_START_ADDRESS, bindings::ISA_END_ADDRESS);

        // SAFETY: Boot code.
        unsafe { bindings::e820__range_add(isa.addr, isa.size, isa.kind) };
        // SAFETY: The kernel's own map exists.
        unsafe { bindings::e820__update_table(bindings::e820_table) };
    }
}

/// Adds a stretch to the kernel's own map.
#[inline(always)]
fn add(piece: Piece) {
    let Piece { entry, extra } = piece;

    if entry.kind == RESERVED {
        // SAFETY: Boot code.
        unsafe { bindings::xen_pv_pci_possible = true };
    }
    if entry.kind == RAM {
        #[cfg(CONFIG_MEMORY_HOTPLUG)]
        // SAFETY: Boot code.
        unsafe {
            bindings::max_mem_size = entry.end();
        }
    }
    if extra {
        let pages = Pages::whole(entry.addr, entry.end());

        extra_memory::add(Region {
            start_pfn: pages.start,
            n_pfns: pages.count(),
        });
        // SAFETY: Boot code, before the p2m list is rebuilt up to here.
        unsafe { bindings::xen_max_p2m_pfn = to_usize(pages.end) };
    }
    // SAFETY: Boot code.
    unsafe { bindings::e820__range_add(entry.addr, entry.size, entry.kind) };
}

init! {
    /// Reserves memory with frames that nobody has reserved, and returns its address.
    pub(super) fn find_free_area(size: u64) -> Option<u64> {
        // SAFETY: Boot code; who is called below does not know the map.
        let State { map, built, .. } = unsafe { STATE.get() };
        let start = area::find(map.entries(), *built, &Memblock, size)?;

        // SAFETY: Boot code.
        unsafe { bindings::rust_helper_memblock_reserve(start, size) };
        Some(start)
    }
}

/// What memblock has reserved.
struct Memblock;

impl Reserved for Memblock {
    #[inline(always)]
    fn contains(&self, address: u64) -> bool {
        // SAFETY: Boot code.
        unsafe { bindings::memblock_is_reserved(address) }
    }
}
