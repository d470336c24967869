#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An HVM domU with "nopv": it sees a machine without Xen, and keeps its emulated devices.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
# shellcheck source=SCRIPTDIR/hvm.sh
. /rig/hvm.sh

domain_log() { tr -d '\r' </run/serial; }

cat >/run/nopv.sh <<'END'
dmesg | grep '^\(\[[ 0-9.]*\] \)\?Booting' | sed 's/^\(\[[ 0-9.]*\] \)\?/DMESG /'
echo "HYPERVISOR $(ls /sys/hypervisor | wc -l) files"
echo "CLOCKSOURCES $(cat /sys/devices/system/clocksource/clocksource0/available_clocksource)"
echo "DEVICES $(grep -l '^0x0200' /sys/bus/pci/devices/*/class | wc -l) NICs"
echo "CPUS $(nproc)"
grep 'LOC\|HYP' /proc/interrupts | sed 's/^ */INTERRUPTS /'
END

lead hvm bare
export console=ttyS0 DOMU_APPEND="nopv xen_emul_unplug=all quiet $DOMU_APPEND"
mkdir -p /var/log/xen
check 'create' create 2 256 /run/nopv.sh
check 'the guest powers off' comes_true 900 is_gone
check 'its payload passes' says 'RIG-EXIT 0'
check 'banner' says 'DMESG Booting paravirtualized kernel on bare hardware'
check 'no /sys/hypervisor' says 'HYPERVISOR 0 files'
check 'the tsc, the HPET or the PM timer is the clock' says 'CLOCKSOURCES .*\(tsc\|hpet\|acpi_pm\)'
check 'Xen is not' fails says 'CLOCKSOURCES .*xen'
check 'both CPUs' says 'CPUS 2'
check 'by their own timers' says 'INTERRUPTS LOC: *[1-9][0-9]* *[1-9]'
check 'without events' fails says 'INTERRUPTS HYP: *[1-9]'
check 'the NIC stays' says 'DEVICES 1 NICs'
domain_log
echo "CHECK ok finished"
