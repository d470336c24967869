# SPDX-License-Identifier: GPL-2.0
"""The library behind scripts/boot, build, overlay, test and bench: from a bare Debian to a guest on Xen."""
