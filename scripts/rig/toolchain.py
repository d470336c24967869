# SPDX-License-Identifier: GPL-2.0
"""The compilers and tools of a kernel build with Rust: Debian's, and a newer bindgen than Debian 12 has."""

import os
import shutil
from pathlib import Path

from rig import cache, packages, process
from rig.errors import UserError

BUILD = ["gcc", "libc6-dev", "make", "binutils", "flex", "bison", "libelf-dev", "libssl-dev", "bc", "cpio", "kmod",
         "patch", "xz-utils", "zstd", "dwarves", "python3"]
RUSTC = Path("/usr/bin/rustc")
BINDGEN_VERSION = "0.72.1"
LIBCLANG = Path("/usr/lib/llvm-19/lib")


def needed():
    """The packages that a kernel build takes."""
    if packages.release() == "trixie":
        return [*BUILD, "rustc", "rust-src", "bindgen"]
    cargo = [] if shutil.which("cargo") else ["cargo-web"]
    return [*BUILD, "rustc-web", "rust-web-src", "libclang-19-dev", *cargo]


def env(say=print):
    """The variables, for make's command line and its environment, that name the tools; installs what is missing."""
    packages.ensure(needed(), say)
    tools = {"RUSTC": str(RUSTC), "HOSTRUSTC": str(RUSTC), "BINDGEN": "bindgen", "PATH": os.environ["PATH"]}
    if packages.release() == "trixie":
        return tools
    return tools | {"LIBCLANG_PATH": str(LIBCLANG), "PATH": f"{bindgen(say)}:{tools['PATH']}"}


def bindgen(say):
    """The directory of a bindgen that the kernel accepts; Debian 12's own is too old."""

    def install(directory):
        say(f"building bindgen {BINDGEN_VERSION} (about a minute)")
        done = process.output(["cargo", "install", "bindgen-cli", "--locked", "--version", BINDGEN_VERSION,
                               "--root", directory],
                              env=os.environ | {"LIBCLANG_PATH": str(LIBCLANG),
                                                "CARGO_TARGET_DIR": str(directory / "target")})
        if done.returncode:
            raise UserError(f"`cargo install bindgen-cli` failed ({packages.reason(done)}): {packages.NETWORK}")
        shutil.rmtree(directory / "target", ignore_errors=True)

    return cache.entry("toolchain/bindgen", BINDGEN_VERSION, install) / "bin"


def versions(variables):
    """One line per tool, for the key of what they build."""
    tools = (["gcc", "--version"], ["ld", "--version"], [variables["RUSTC"], "--version"],
             [variables["BINDGEN"], "--version"])
    return [(process.output(tool, env=os.environ | variables).stdout.splitlines() or [""])[0] for tool in tools]
