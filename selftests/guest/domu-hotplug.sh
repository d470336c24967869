#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-hotplug.sh pv|pvh
# A domU with four CPUs whose CPUs go and come under hackbench: first through its own sysfs, then through xl vcpu-set.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead "$1" busy

cat >/run/hotplug.sh <<'END'
{
	while /rig/hackbench --groups 1 --fds 4 --loops 500 >/tmp/hackbench 2>&1; do
		echo "LOAD $(tr '\n' ' ' </tmp/hackbench)"
	done
	echo "NO LOAD $(tr '\n' ' ' </tmp/hackbench)"
} &
sleep 2
turn=0
while [ $turn -lt 10 ]; do
	turn=$((turn + 1))
	for state in 0 1; do
		for cpu in 1 2 3; do
			echo $state >/sys/devices/system/cpu/cpu$cpu/online || echo "SYSFS cpu$cpu did not go to $state"
		done
	done
	echo "SYSFS turn $turn: $(cat /sys/devices/system/cpu/online)"
done
. /rig/ticker.sh
END

# loads: how often hackbench has come to its end.
loads() { domain_log | grep -c '^LOAD'; }
load_goes_on() { comes_true 120 more_loads_than "$(loads)"; }
more_loads_than() { [ "$(loads)" -gt "$1" ]; }
no_end() { ! domain_log | grep '^NO LOAD'; }
no_refusal() { ! domain_log | grep '^SYSFS cpu'; }

mkdir -p "/run/domu/$name/add/rig"
cp /run/ticker.sh "/run/domu/$name/add/rig/"
check 'create' create 4 256 /run/hotplug.sh
check 'ten turns through sysfs' domu_wait "$name" '^SYSFS turn 10: 0-3' 400
check 'no CPU refused' no_refusal
check 'hackbench went on' comes_true 240 more_loads_than 0
check 'the guest ticks' domu_wait "$name" '^TICK 2 ' 240 || exit 1
check 'four CPUs' has_cpus 4

for turn in 1 2 3; do
	for cpus in 1 4 2 3 4; do
		check "vcpu-set $cpus in turn $turn" xl vcpu-set --ignore-host "$name" "$cpus"
		check "$cpus CPUs in turn $turn" comes_true 60 has_cpus "$cpus"
	done
done
check 'ticks after vcpu-set' ticks_on
check 'hackbench goes on' load_goes_on
check 'hackbench never failed' no_end
shut_down
echo "CHECK ok finished"
