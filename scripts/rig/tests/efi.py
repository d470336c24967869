# SPDX-License-Identifier: GPL-2.0
"""A dom0 on a machine with EFI firmware, which it reaches through Xen."""

import re

from rig import kernel
from rig.machine import Boot
from rig.tests.console import boot, health
from rig.tests.registry import test

PAYLOAD = "dmesg | sed 's/^\\[[ 0-9.]*\\] //' | grep -E '^(efi|efivars|secureboot):' | sed 's/^/DMESG /'\n" \
          "for name in fw_platform_size systab; do sed 's/^/EFI /' /sys/firmware/efi/$name; done\n"
SAID = re.compile(r"^DMESG (\w+): (.*)$", re.MULTILINE)
TOLD = re.compile(r"^EFI (.*)$", re.MULTILINE)


# The debug configuration has EFI.
@test("boot/pv-dom0-efi", needs=["build/debug"], timeout=900)
def efi():
    """A PV dom0 that Xen's EFI program starts finds the firmware's tables, and reads its variables through Xen."""
    result = boot(Boot(kernel.build("ours", config="debug"), payload=PAYLOAD, timeout=800, efi=True,
                       append="kunit.enable=0"))
    said, told = dict(SAID.findall(result.log)), TOLD.findall(result.log)
    banner = re.search(r"^DMESG efi: EFI v\d\.\d+ by EDK II", result.log, re.MULTILINE)
    yield "banner", bool(banner), said
    yield "variable SecureBoot", said.get("secureboot") == "Secure boot disabled", said
    yield "operations on variables", said.get("efivars") == "Registered efivars operations", said
    yield "64-bit firmware", "64" in told, told
    tables = {line.split("=")[0] for line in told if "=" in line}
    yield "ACPI's and SMBIOS' tables", {"ACPI20", "SMBIOS"} <= tables, tables
    yield from health(result)
