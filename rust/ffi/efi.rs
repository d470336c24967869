// SPDX-License-Identifier: GPL-2.0

//! An EFI system table for dom0, made of what Xen tells.
//!
//! Runs in early boot; in a PVH dom0 before `.bss` is cleared, so all statics are `.init.data`, and
//! what there is to print waits.
//!
//! C ancestor: `efi.c`.

#![expect(unsafe_code)]

use core::cell::UnsafeCell;

use crate::{
    abi::{
        errno::XenErrno,
        platform::{
            EfiConfigTable,
            EfiInfo,
            FirmwareInfo, //
        },
    },
    boot::efi::{
        probe,
        Event,
        Firmware,
        SecureBoot,
        SystemTable,
        Vendor, //
    },
    raw::{
        address,
        bindings,
        boot_cell::BootCell,
        domain,
        hypercall,
        print::{
            printk,
            ERR,
            INFO, //
        },
        section::{
            init,
            init_data, //
        },
        word::to_u64, //
    },
};

/// Memory that the boot CPU writes in early boot, and others read later by its physical address.
#[repr(transparent)]
struct BootMemory<T>(UnsafeCell<T>);

// SAFETY: In early boot there is one CPU.
unsafe impl<T> Sync for BootMemory<T> {}

impl<T> BootMemory<T> {
    /// Returns the physical address.
    fn physical(&self) -> u64 {
        address::image_to_physical(to_u64(self.0.get().addr())).map_or(0, |physical| physical.get())
    }
}

/// Characters that the firmware vendor's name may have.
const VENDOR_LENGTH: usize = 100;
/// `EFI_INVALID_TABLE_ADDR`, for what is not there under Xen.
const NOWHERE: u64 = !0;

init_data! {
    /// The name of the firmware's vendor.
    static VENDOR: BootMemory<[u16; VENDOR_LENGTH]> =
        BootMemory(UnsafeCell::new([0; VENDOR_LENGTH]));
}

init_data! {
    /// Its name if Xen does not tell.
    static UNKNOWN: BootMemory<[u16; 8]> = BootMemory(UnsafeCell::new(wide(*b"UNKNOWN\0")));
}

init_data! {
    /// The system table.
    static SYSTEM_TABLE: BootMemory<bindings::efi_system_table_64_t> =
        BootMemory(UnsafeCell::new(bindings::efi_system_table_64_t {
            hdr: bindings::efi_table_hdr_t {
                signature: u64::from_le_bytes(*b"IBI SYST"),
                revision: 0,
                headersize: 0,
                crc32: 0,
                reserved: 0,
            },
            fw_vendor: NOWHERE,
            fw_revision: 0,
            __pad1: 0,
            con_in_handle: NOWHERE,
            con_in: 0,
            con_out_handle: NOWHERE,
            con_out: 0,
            stderr_handle: NOWHERE,
            stderr: NOWHERE,
            runtime: NOWHERE,
            boottime: NOWHERE,
            nr_tables: 0,
            __pad2: 0,
            tables: NOWHERE,
        }));
}

init_data! {
    /// What the user is to be told.
    static EVENT: BootCell<Option<Event>> = BootCell::new(None);
}

/// Widens characters to EFI's.
const fn wide<const LENGTH: usize>(narrow: [u8; LENGTH]) -> [u16; LENGTH] {
    let mut wide = [0; LENGTH];
    let mut index = 0;

    while index < LENGTH {
        wide[index] = narrow[index] as u16; // CAST: `From` is not const.
        index += 1;
    }
    wide
}

/// The firmware behind Xen.
struct XenFirmware {
    /// Where the vendor's name goes, by virtual address.
    vendor: u64,
}

impl XenFirmware {
    /// Asks a question that lends no buffer.
    fn ask(&self, info: EfiInfo) -> Result<FirmwareInfo, XenErrno> {
        // SAFETY: The question names no buffer.
        unsafe { hypercall::firmware_info(FirmwareInfo::new(info)) }
    }
}

impl Firmware for XenFirmware {
    fn is_initial_domain(&self) -> bool {
        domain::is_initial()
    }

    fn config_table(&mut self) -> Result<EfiConfigTable, XenErrno> {
        Ok(self.ask(EfiInfo::ConfigTable)?.config_table())
    }

    #[inline(always)]
    fn setup_runtime(&mut self) {
        // SAFETY: Early boot: nobody calls a runtime service yet.
        unsafe { bindings::xen_efi_runtime_setup() };
    }

    fn vendor(&mut self) -> Result<u32, XenErrno> {
        /// Bytes of the buffer.
        const SIZE: u32 = VENDOR_LENGTH as u32 * 2; // CAST: 100 characters.

        // SAFETY: The buffer is `VENDOR`, which has that size and which only Xen writes.
        let answer = unsafe { hypercall::firmware_info(FirmwareInfo::vendor(self.vendor, SIZE))? };

        Ok(answer.vendor_revision())
    }

    fn version(&mut self) -> Result<u32, XenErrno> {
        Ok(self.ask(EfiInfo::Version)?.version())
    }

    fn runtime_version(&mut self) -> Result<u32, XenErrno> {
        Ok(self.ask(EfiInfo::RuntimeVersion)?.version())
    }
}

init! {
    /// Gives the kernel an EFI system table, if Xen runs on EFI and this is dom0. Prints nothing.
    pub(super) fn init(boot_params: &mut bindings::boot_params) {
        let vendor = to_u64(VENDOR.0.get().expose_provenance());
        let Some(found) = probe(&mut XenFirmware { vendor }) else {
            return;
        };
        let (fw_vendor, fw_revision) = match found.vendor {
            Vendor::Known { revision } => (VENDOR.physical(), revision),
            Vendor::Unknown => (UNKNOWN.physical(), 0),
        };

        // SAFETY: Early boot: nobody else has the table.
        unsafe {
            let table = SYSTEM_TABLE.0.get();

            (*table).hdr.revision = found.revision;
            (*table).fw_vendor = fw_vendor;
            (*table).fw_revision = fw_revision;
            (*table).nr_tables = found.config.nent;
            (*table).tables = found.config.addr;
        }
        let (mode, event) = secure_boot();

        boot_params.secure_boot = mode.get();
        // SAFETY: Early boot: nobody else has it.
        unsafe { EVENT.as_ptr().write(event) };
        publish(&found, SYSTEM_TABLE.physical(), boot_params);
    }
}

init! {
    /// Tells the user what [`init`] has found out, if that is worth a line.
    pub(super) fn report() {
        // SAFETY: Boot code: nobody else has it.
        match unsafe { EVENT.as_ptr().read() } {
            Some(Event::Undetermined) => {
                printk!(ERR, "Could not determine UEFI Secure Boot status.\n");
            }
            Some(Event::Enabled) => printk!(INFO, "UEFI Secure Boot is enabled.\n"),
            None => {}
        }
    }
}

/// Tells the kernel's EFI code of the system table at the physical address `table`.
fn publish(found: &SystemTable, table: u64, boot_params: &mut bindings::boot_params) {
    let [low, high] = [table as u32, (table >> 32) as u32]; // CAST: The halves.

    boot_params.efi_info.efi_loader_signature = u32::from_le_bytes(*b"Xen\0");
    boot_params.efi_info.efi_systab = low;
    boot_params.efi_info.efi_systab_hi = high;

    // SAFETY: Early boot: nobody else has it.
    unsafe {
        let efi = &raw mut bindings::efi;

        if let Some(version) = found.runtime_version {
            (*efi).runtime_version = version;
        }
        (*efi).flags |=
            1 << bindings::EFI_BOOT | 1 << bindings::EFI_PARAVIRT | 1 << bindings::EFI_64BIT;
    }
}

/// Finds out whether secure boot is on, and what to tell the user.
fn secure_boot() -> (SecureBoot, Option<Event>) {
    // SAFETY: `xen_efi_runtime_setup()` has set the function.
    let mode = unsafe { bindings::rust_helper_efi_get_secureboot_mode(bindings::efi.get_variable) };
    let mode = match mode {
        bindings::efi_secureboot_mode_efi_secureboot_mode_enabled => SecureBoot::Enabled,
        bindings::efi_secureboot_mode_efi_secureboot_mode_disabled => SecureBoot::Disabled,
        bindings::efi_secureboot_mode_efi_secureboot_mode_unset => SecureBoot::Unset,
        _ => SecureBoot::Unknown,
    };

    mode.with_shim(mok_sb_state)
}

/// Reads the shim's variable `MokSBStateRT`, if it is there and has one byte.
fn mok_sb_state() -> Option<u8> {
    let mut name = wide(*b"MokSBStateRT\0");
    let mut guid = bindings::guid_t {
        // EFI_SHIM_LOCK_GUID, 605dab50-e046-4300-abb6-3dd810dd8b23.
        b: [
            0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd,
            0x8b, 0x23,
        ],
    };
    let mut state = 0_u8;
    let mut size = 1;

    // SAFETY: Boot code, which has set the function.
    let get_variable = unsafe { bindings::efi.get_variable }?;
    // SAFETY: The name ends in zero, `state` has `size` bytes, and attributes are not asked for.
    let status = unsafe {
        get_variable(
            name.as_mut_ptr(),
            &raw mut guid,
            core::ptr::null_mut(),
            &raw mut size,
            (&raw mut state).cast(),
        )
    };

    (status == 0).then_some(state)
}
