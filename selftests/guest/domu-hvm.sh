#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A PVHVM domU: what it says of itself, that it unplugs an emulated NIC, and that again when it was restored.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
# shellcheck source=SCRIPTDIR/hvm.sh
. /rig/hvm.sh

has_nic() { xl qemu-monitor-command "$name" 'info pci' | grep -q 'Ethernet controller'; }
has_none() { xl qemu-monitor-command "$name" 'info pci' | grep 'PCI device' && ! has_nic; }

cat >/run/hvm.sh <<'END'
. /rig/state.sh
echo "DEVICES $(grep -l '^0x0200' /sys/bus/pci/devices/*/class | wc -l) NICs," \
	"$(grep -l '^0xff80' /sys/bus/pci/devices/*/class | wc -l) platform devices"
echo 0 >/sys/devices/system/cpu/cpu1/online && echo "CPUS without cpu1: $(nproc)"
echo 1 >/sys/devices/system/cpu/cpu1/online && echo "CPUS with cpu1: $(nproc)"
grep HYP /proc/interrupts | sed 's/^ */INTERRUPTS /'
. /rig/ticker.sh
END

lead hvm full
export DOMU_APPEND="xen_emul_unplug=all $DOMU_APPEND"
mkdir -p "/run/domu/$name/add/rig" /var/log/xen
cp /run/ticker.sh /rig/state.sh "/run/domu/$name/add/rig/"
check 'create' create 2 256 /run/hvm.sh
check 'the guest ticks' domu_wait "$name" '^TICK 2 ' 900 || { domain_log && exit 1; }
check 'guest_type is HVM' says 'RIG-FACT mode HVM'
check 'finds Xen' says 'DMESG Hypervisor detected: Xen HVM'
check 'banner' says 'DMESG Booting paravirtualized kernel on Xen HVM'
check 'events by vector' says 'DMESG xen:events: Xen HVM callback vector for event delivery is enabled'
check 'on both CPUs' says 'INTERRUPTS HYP: *[1-9][0-9]* *[1-9]'
check 'clocksource' says 'STATE clocksource xen'
check 'one CPU goes' says 'CPUS without cpu1: 1'
check 'and comes' says 'CPUS with cpu1: 2'
check 'both CPUs' has_cpus 2
check 'the guest finds no NIC' says 'DEVICES 0 NICs, 1 platform devices'
check 'the NIC is unplugged' has_none

check 'save' xl save "$name" "/tmp/$name.save" || exit 1
check 'gone after save' is_gone
check 'restore' xl restore -p "/tmp/$name.save"
check 'another device model has a NIC' has_nic
check 'unpause' xl unpause "$name"
check 'ticks after restore' ticks_on
check 'both CPUs after restore' has_cpus 2
check 'the NIC is unplugged again' has_none
shut_down
echo "CHECK ok finished"
