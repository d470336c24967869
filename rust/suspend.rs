// SPDX-License-Identifier: GPL-2.0

//! Going to sleep on one host and waking on another.

pub mod cpu;
pub mod hvm;
