// SPDX-License-Identifier: GPL-2.0

//! The hypercall that changes what Xen knows of one frame of a PV guest.

use super::hypercall;
use crate::{
    abi::{
        errno::XenErrno,
        frame::{
            Mfn,
            Pfn, //
        },
        hypercall::Number,
        id::DomId, //
    },
    raw::word::to_u64, //
};

/// `MMU_MACHPHYS_UPDATE`: tells Xen which page a frame of this domain is.
///
/// # Errors
///
/// Xen's refusals.
pub(crate) fn machphys_update(frame: Mfn, page: Pfn) -> Result<(), XenErrno> {
    /// `MMU_MACHPHYS_UPDATE`: the kind of update, below the address.
    const MACHPHYS_UPDATE: u64 = 1;

    let mut update = [frame.base().get() | MACHPHYS_UPDATE, page.get()];
    let handle = to_u64(update.as_mut_ptr().expose_provenance());
    let arguments = [handle, 1, 0, u64::from(DomId::SELF.get()), 0];

    // SAFETY: One `struct mmu_update` of two words, borrowed until Xen is done. Xen checks that the
    // frame is this domain's.
    XenErrno::result(unsafe { hypercall(Number::MmuUpdate, arguments) })?;
    Ok(())
}

#[cfg(CONFIG_XEN_KUNIT_TEST)]
#[kernel::macros::kunit_tests(xen_raw_hypercall_mapping)]
mod tests {
    use super::*;
    use crate::raw::{
        address,
        domain,
        p2m, //
    };

    /// Something in the kernel image.
    static DATA: u64 = 0;

    #[test]
    fn a_frame_may_be_told_its_number_again() {
        if domain::is_pv() {
            let page = address::image_to_physical(to_u64(core::ptr::from_ref(&DATA).addr()))
                .map(|address| address.frame());
            let frame = page.and_then(|page| p2m::lookup(page).mfn());

            assert_eq!(
                frame
                    .zip(page)
                    .map(|(frame, page)| machphys_update(frame, page)),
                Some(Ok(()))
            );
        }
    }
}
