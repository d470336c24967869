#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-memory.sh pv|pvh
# More memory than at the start, for a domU and then for dom0: first what maxmem allows, then memory that is hotplugged.
# What it holds stays when the domU is saved and restored, where each of its frames becomes another one.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead "$1" growing

cat >/run/keep.sh <<'END'
total_kb() { sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo; }

# fill FILES: so many files of 8 MB in memory.
fill() {
	head -c 8388608 /dev/urandom >/run/seed
	mkdir -p /run/kept
	mount -t tmpfs -o size=100% kept /run/kept
	for file in $(seq "$1"); do
		{ echo "$file"; cat /run/seed; } >"/run/kept/$file" || return
	done
}

# intact: whether all are as they were.
intact() {
	for file in /run/kept/*; do
		{ echo "${file##*/}"; cat /run/seed; } | cmp -s - "$file" || return
	done
}
END

cat >/run/grow.sh <<'END'
. /rig/keep.sh
echo online >/sys/devices/system/memory/auto_online_blocks
{
	begin=$(total_kb)
	until [ "$(total_kb)" -gt $((begin + 150000)) ]; do sleep 1; done
	fill 25 && turn=1
	while intact; do
		echo "KEPT $turn"
		turn=$((turn + 1))
		sleep 2
	done
	echo "KEPT NOT"
} &
. /rig/ticker.sh
END

turns() { domain_log | sed -n 's/^KEPT //p' | tail -n 1; }
has_turned() { [ "$(turns)" -gt "$1" ]; }
keeps_on() { comes_true 240 has_turned "$(turns)"; }
holds() { [ "$(cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb)" = "$1" ]; }

mkdir -p "/run/domu/$name/add/rig"
cp /run/ticker.sh /run/keep.sh "/run/domu/$name/add/rig/"
check 'create' create 2 192 /run/grow.sh 'maxmem = 256'
check 'the guest ticks' domu_wait "$name" '^TICK 2 ' 400 || exit 1

memory=$(field 5)
check 'mem-set to maxmem' xl mem-set "$name" 256
check 'the memory of maxmem' comes_true 120 has_more "$((memory + 60000))"
check 'mem-max' xl mem-max "$name" 384
xenstore-write "/local/domain/$(xl domid "$name")/memory/static-max" 393216
check 'mem-set beyond' xl mem-set "$name" 384
check 'hotplugged memory' comes_true 120 has_more "$((memory + 180000))"
check 'it holds what is put there' comes_true 300 has_turned 0
save_and_restore 1 0
check 'it holds it after restore' keeps_on
check 'mem-set back' xl mem-set "$name" 320
check 'less memory' comes_true 120 has_less "$((memory + 140000))"
check 'it holds it with less memory' keeps_on
shut_down

. /run/keep.sh
echo online >/sys/devices/system/memory/auto_online_blocks
total=$(total_kb)
start=$(cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb)
xenstore-write /local/domain/0/memory/static-max "$((start + 300 * 1024))"
check 'dom0, mem-set' xl mem-set 0 "$(((start + 256 * 1024) / 1024))m"
check 'dom0, hotplugged memory' comes_true 120 holds "$((start + 256 * 1024))"
check 'dom0, the kernel has it' [ "$(total_kb)" -gt $((total + 250000)) ]
check 'dom0, fill' fill $((total / 8192))
check 'dom0, it holds it' intact
umount /run/kept
check 'dom0, back' xl mem-set 0 "$((start / 1024))m"
check 'dom0, at the start size' comes_true 120 holds "$start"
grep -i 'xen scratch\|system ram' /proc/iomem
echo "CHECK ok finished"
