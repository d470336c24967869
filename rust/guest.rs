// SPDX-License-Identifier: GPL-2.0

//! What kind of guest this is.

pub mod mode;
