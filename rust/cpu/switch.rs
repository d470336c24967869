// SPDX-License-Identifier: GPL-2.0

//! From one task to the next: what Xen is told of user space's segments.
//!
//! The kernel's context switch has a fixed order: page tables, descriptors for
//! thread-local storage, then a hook by which what was queued goes to Xen, and
//! only then segment registers and the stack for entries from user space. Each
//! of the latter would be a hypercall of its own. But when the hook is called, it
//! is known what both tasks have, so all of it goes along with the rest, and the
//! kernel's own attempts are found to be done already.
//!
//! What Xen has must be what the kernel's steps would lead to, for all that they
//! may find: the user changes segment registers without anybody's knowing, and
//! on some processors a selector of zero leaves the base as it is.
//!
//! Callers: context switch, interrupts off.
//!
//! C ancestor: none; the kernel's steps are `x86_fsgsbase_load()` in
//! `arch/x86/kernel/process_64.c`.

/// A segment register of user space.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Segment {
    /// Which descriptor was loaded.
    pub selector: u16,
    /// Where the segment starts.
    pub base: u64,
}

/// Those that hold what a program likes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Segments {
    /// `fs`.
    pub fs: Segment,
    /// `gs`.
    pub gs: Segment,
}

/// What the processor does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Processor {
    /// `X86_FEATURE_FSGSBASE`: bases can be read and written by instructions, also by the user.
    pub has_fsgsbase: bool,
    /// `X86_BUG_NULL_SEG`: to load a selector of zero leaves the base as it is.
    pub keeps_base: bool,
}

/// What Xen is told, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// The base of `fs`.
    pub fs_base: Option<u64>,
    /// The selector of the user's `gs`, which gives it a base as well.
    pub gs_selector: Option<u16>,
    /// The base of the user's `gs`.
    pub gs_base: Option<u64>,
}

/// The highest selector that names no descriptor.
const LAST_NULL: u16 = 3;

impl Plan {
    /// Plans the switch from a task that has left `prev` in the registers, as far as the kernel
    /// knows, to one that is to have `next`.
    #[inline(always)]
    pub const fn new(cpu: Processor, prev: Segments, next: Segments) -> Self {
        if cpu.has_fsgsbase {
            return Self::with_instructions(prev.gs, next.gs);
        }
        Self {
            fs_base: fs_base(prev.fs, next.fs),
            ..Self::of_gs(cpu, prev.gs, next.gs)
        }
    }

    /// Plans one where `fs` is not Xen's business, and the base of `gs` is known.
    #[inline(always)]
    const fn with_instructions(prev: Segment, next: Segment) -> Self {
        // A descriptor may have changed under a selector that stays.
        if prev.selector != 0 || next.selector != 0 {
            Self {
                fs_base: None,
                gs_selector: Some(next.selector),
                gs_base: Some(next.base),
            }
        } else if prev.base != next.base {
            Self {
                fs_base: None,
                gs_selector: None,
                gs_base: Some(next.base),
            }
        } else {
            Self::NOTHING
        }
    }

    /// Plans for `gs` where the base that `prev` has left is not known.
    #[inline(always)]
    const fn of_gs(cpu: Processor, prev: Segment, next: Segment) -> Self {
        if next.selector > LAST_NULL {
            // The base is the descriptor's.
            return Self {
                fs_base: None,
                gs_selector: Some(next.selector),
                gs_base: None,
            };
        }
        let is_zero = next.base == 0 && prev.selector | next.selector == 0 && prev.base == 0;

        if is_zero && !cpu.keeps_base {
            return Self::NOTHING;
        }
        Self {
            fs_base: None,
            gs_selector: if prev.selector == next.selector {
                None
            } else {
                Some(next.selector)
            },
            gs_base: Some(next.base),
        }
    }

    /// A plan for a switch on which Xen is told nothing.
    const NOTHING: Self = Self {
        fs_base: None,
        gs_selector: None,
        gs_base: None,
    };
}

/// Returns the base of `fs` that Xen can be told before the selector is loaded, if it can.
///
/// The kernel loads the selector later, if it has to, and that may change the base. It then writes
/// the base, with a hypercall of its own.
#[inline(always)]
const fn fs_base(prev: Segment, next: Segment) -> Option<u64> {
    if next.selector <= LAST_NULL && next.base != 0 && prev.selector == next.selector {
        Some(next.base)
    } else {
        None
    }
}

#[cfg(any(test, CONFIG_XEN_KUNIT_TEST))]
#[cfg_attr(not(test), kernel::macros::kunit_tests(xen_cpu_switch))]
mod tests {
    use super::*;

    const OLD_INTEL: Processor = Processor {
        has_fsgsbase: false,
        keeps_base: false,
    };
    const OLD_AMD: Processor = Processor {
        has_fsgsbase: false,
        keeps_base: true,
    };
    const NEW: Processor = Processor {
        has_fsgsbase: true,
        keeps_base: false,
    };

    const fn segment(selector: u16, base: u64) -> Segment {
        Segment { selector, base }
    }

    /// A task with thread-local storage as in 64-bit programs.
    const fn task(fs_base: u64) -> Segments {
        Segments {
            fs: segment(0, fs_base),
            gs: segment(0, 0),
        }
    }

    /// A task with a descriptor for it.
    const fn with_gs(selector: u16, base: u64) -> Segments {
        Segments {
            fs: segment(0, 0),
            gs: segment(selector, base),
        }
    }

    #[test]
    fn ordinary_tasks_differ_in_fs() {
        let plan = Plan::new(OLD_INTEL, task(0x1000), task(0x2000));

        assert_eq!(plan.fs_base, Some(0x2000));
        assert_eq!(plan.gs_selector, None);
        assert_eq!(plan.gs_base, None);
        assert_eq!(Plan::new(NEW, task(0x1000), task(0x2000)), Plan::NOTHING);
    }

    #[test]
    fn a_base_that_may_be_left_is_overwritten() {
        let plan = Plan::new(OLD_AMD, task(0x1000), task(0x2000));

        assert_eq!(plan.gs_base, Some(0));
        assert_eq!(plan.gs_selector, None);
    }

    #[test]
    fn a_selector_that_is_loaded_later_keeps_the_base_for_later() {
        let mut prev = task(0x1000);

        prev.fs.selector = 0x63;
        assert_eq!(Plan::new(OLD_INTEL, prev, task(0x2000)).fs_base, None);
        assert_eq!(Plan::new(OLD_INTEL, task(0x2000), prev).fs_base, None);
        assert_eq!(Plan::new(OLD_INTEL, task(0x1000), task(0)).fs_base, None);
    }

    #[test]
    fn descriptors_bring_their_base() {
        for cpu in [OLD_INTEL, OLD_AMD] {
            for prev in [task(0), with_gs(0x63, 0)] {
                let plan = Plan::new(cpu, prev, with_gs(0x63, 0x5000));

                assert_eq!(plan.gs_selector, Some(0x63));
                assert_eq!(plan.gs_base, None);
            }
        }
    }

    #[test]
    fn from_a_descriptor_back_to_none() {
        for cpu in [OLD_INTEL, OLD_AMD, NEW] {
            let plan = Plan::new(cpu, with_gs(0x63, 0), task(0));

            assert_eq!(plan.gs_selector, Some(0));
            assert_eq!(plan.gs_base, Some(0));
        }
    }

    #[test]
    fn where_the_base_can_be_read_it_is_written_if_it_differs() {
        assert_eq!(
            Plan::new(NEW, with_gs(0, 7), with_gs(0, 8)).gs_base,
            Some(8)
        );
        assert_eq!(Plan::new(NEW, with_gs(0, 8), with_gs(0, 8)), Plan::NOTHING);
        let plan = Plan::new(NEW, task(0), with_gs(0x2b, 8));

        assert_eq!(plan.gs_selector, Some(0x2b));
        assert_eq!(plan.gs_base, Some(8));
    }

    /// The user's `gs` as Xen and the processor have it.
    struct Machine {
        cpu: Processor,
        gs: Segment,
    }

    impl Machine {
        /// The base that the one descriptor there is has.
        const DESCRIPTOR: u64 = 0x7000;

        fn load(&mut self, selector: u16) {
            self.gs.selector = selector;
            if selector > 3 {
                self.gs.base = Self::DESCRIPTOR;
            } else if !self.cpu.keeps_base {
                self.gs.base = 0;
            }
        }

        /// Does what the plan says.
        fn follow(&mut self, plan: Plan) {
            if let Some(selector) = plan.gs_selector {
                self.load(selector);
            }
            if let Some(base) = plan.gs_base {
                self.gs.base = base;
            }
        }

        /// Does what the kernel does: `x86_fsgsbase_load()`.
        fn switch(&mut self, prev: Segment, next: Segment) {
            if self.cpu.has_fsgsbase {
                if prev.selector != 0 || next.selector != 0 {
                    self.load(next.selector);
                }
                self.gs.base = next.base;
            } else if next.selector > 3 {
                self.load(next.selector);
            } else if next.base == 0 {
                if self.cpu.keeps_base {
                    self.load(0x2b);
                    // The flat segment's base is zero.
                    self.gs.base = 0;
                    self.load(next.selector);
                } else if prev.selector | next.selector != 0 || prev.base != 0 {
                    self.load(next.selector);
                }
            } else {
                if prev.selector != next.selector {
                    self.load(next.selector);
                }
                self.gs.base = next.base;
            }
        }
    }

    #[test]
    fn the_plan_leads_where_the_kernels_steps_do() {
        let bases = [0, 0x1000, 0x2000];
        let selectors = [0, 1, 3, 0x2b, 0x63];

        for cpu in [OLD_INTEL, OLD_AMD, NEW] {
            for (prev, next) in selectors
                .into_iter()
                .flat_map(|prev| selectors.into_iter().map(move |next| (prev, next)))
            {
                for (left, wanted) in bases
                    .into_iter()
                    .flat_map(|left| bases.into_iter().map(move |wanted| (left, wanted)))
                {
                    let (prev, next) = (segment(prev, left), segment(next, wanted));
                    let start = || Machine { cpu, gs: prev };
                    let (mut planned, mut stepped) = (start(), start());
                    let segments = |gs| Segments {
                        fs: segment(0, 0),
                        gs,
                    };

                    planned.follow(Plan::new(cpu, segments(prev), segments(next)));
                    stepped.switch(prev, next);
                    assert_eq!(planned.gs, stepped.gs);
                }
            }
        }
    }
}
