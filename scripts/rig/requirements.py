# SPDX-License-Identifier: GPL-2.0
"""Everything that the machine must have, asked for at once: a user without root reads one command, not three."""

from rig import packages, qemu, toolchain


def install(say=print):
    """Install what is missing to build kernels and to boot them."""
    packages.ensure([packages.KEYRING_PACKAGE, *toolchain.needed(), *qemu.needed()], say)
