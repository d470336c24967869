// SPDX-License-Identifier: GPL-2.0

//! The p2m list and the initrd, which Xen may have put where the map has no RAM.

use super::{
    find_free_area,
    STATE, //
};
use crate::{
    abi::{
        frame::{
            PAGE_SHIFT,
            PAGE_SIZE, //
        },
        start_info::StartInfo, //
    },
    boot::memory_map::{
        area::{
            Stretch,
            Transfer, //
        },
        Pages,
    },
    ffi::mmu::relocate::relocate_p2m,
    raw::{
        address::{
            self,
            KERNEL_IMAGE, //
        },
        bindings,
        bug::bug,
        console,
        print::{
            printk,
            INFO, //
        },
        section::init,
        shared::Shared,
        word::to_usize, //
    },
};

/// Bytes that can be mapped at a time.
const WINDOW: u64 = bindings::NR_FIX_BTMAPS as u64 * PAGE_SIZE; // CAST: It widens.

init! {
    /// Returns whether all of a stretch is RAM.
    fn is_ram(start: u64, size: u64) -> bool {
        // SAFETY: Boot code; nobody else is called while it is borrowed.
        unsafe { STATE.get() }.map.is_ram(start, size)
    }
}

init! {
    /// Reserves the p2m list, and has it moved if it is in the way.
    pub(super) fn p2m_list(start_info: Shared<StartInfo>) {
        /// Bytes of a frame's number.
        const WORD: u64 = 8;

        let list = start_info.mfn_list();
        let pages = if list >= KERNEL_IMAGE {
            let start = address::to_physical(list).map_or(0, |start| start.get());

            Pages::touched(start, start + start_info.nr_pages() * WORD)
        } else {
            let start = start_info.first_p2m_pfn();
            let end = start + start_info.nr_p2m_frames();

            Pages { start, end }
        };

        // SAFETY: Boot code.
        unsafe { bindings::rust_helper_memblock_reserve(pages.address(), pages.bytes()) };
        if is_ram(pages.address(), pages.bytes()) {
            return;
        }
        relocate_p2m();
        // SAFETY: Just reserved.
        unsafe { bindings::memblock_phys_free(pages.address(), pages.bytes()) };
    }
}

init! {
    /// Moves the initrd if it is in the way.
    pub(super) fn initrd() {
        let params = &raw mut bindings::boot_params;
        // SAFETY: Boot code. The fields may lie unaligned.
        let [start, size] = unsafe {
            [
                [
                    (&raw const (*params).hdr.ramdisk_image).read_unaligned(),
                    (&raw const (*params).ext_ramdisk_image).read_unaligned(),
                ],
                [
                    (&raw const (*params).hdr.ramdisk_size).read_unaligned(),
                    (&raw const (*params).ext_ramdisk_size).read_unaligned(),
                ],
            ]
        }
        .map(|[low, high]| u64::from(low) | u64::from(high) << 32);

        if is_ram(start, size) {
            return;
        }
        let Some(area) = find_free_area(size) else {
            console::write(
                c"Can't find new memory area for initrd needed due to E820 map conflict\n",
            );
            bug("there is no memory for the initrd");
        };

        for stretch in Transfer::new(area, start, size, WINDOW) {
            copy(stretch);
        }
        printk!(
            INFO,
            "initrd moved from [mem {:#010x}-{:#010x}] to [mem {:#010x}-{:#010x}]\n",
            start,
            start + size,
            area,
            area + size
        );
        let [low, high] = [area as u32, (area >> 32) as u32]; // CAST: The halves.

        // SAFETY: Nobody has the old place any more once `boot_params` has the new one.
        unsafe {
            bindings::memblock_phys_free(start, size);
            (&raw mut (*params).hdr.ramdisk_image).write_unaligned(low);
            (&raw mut (*params).ext_ramdisk_image).write_unaligned(high);
        }
    }
}

/// Copies memory from one physical address to another.
#[inline(always)]
fn copy(stretch: Stretch) {
    let to = Window::new(stretch.to, stretch.size);
    let from = Window::new(stretch.from, stretch.size);

    // SAFETY: Both windows show that many bytes, of memory that is not the same.
    unsafe {
        from.bytes
            .cast_const()
            .copy_to_nonoverlapping(to.bytes, to_usize(stretch.size))
    };
    from.unmap();
    to.unmap();
}

/// Memory that is mapped for the moment.
struct Window {
    /// Where the mapping begins.
    base: *mut u8,
    /// How many bytes it has.
    size: usize,
    /// Where in it the memory begins.
    bytes: *mut u8,
}

impl Window {
    /// Maps memory.
    #[inline(always)]
    fn new(address: u64, size: u64) -> Self {
        let pages = Pages::touched(address, address + size);
        let size = to_usize(pages.bytes());
        // SAFETY: Boot code; it is RAM with frames.
        let base = unsafe { bindings::early_memremap(pages.address(), size) }.cast::<u8>();

        if base.is_null() {
            bug("the initrd cannot be mapped");
        }
        Self {
            base,
            size,
            bytes: base.wrapping_add(to_usize(address - (pages.start << PAGE_SHIFT))),
        }
    }

    /// Ends the mapping. Not a `Drop`, whose code would stay when what it calls is freed.
    #[inline(always)]
    fn unmap(self) {
        // SAFETY: It is a mapping of that size.
        unsafe { bindings::early_memunmap(self.base.cast(), self.size) };
    }
}
