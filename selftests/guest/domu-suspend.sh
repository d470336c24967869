#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-suspend.sh pv|pvh TURNS
# A domU that is saved and restored so often, suspended in vain, paused for a minute and, if Xen can do it, migrated.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead "$1" sleeper

check 'create' create 2 256
check 'the guest ticks' domu_wait "$name" '^TICK 2 ' 240 || exit 1
check 'both CPUs' has_cpus 2

# asleep: how far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC.
asleep() { echo $(($(seconds 6) - $(seconds 3))); }

# xl's process that watches a domain ends when that one suspends, even if it goes on: the shutdown at the end takes one that
# a restore has started.
goes_on_after_checkpoint
goes_on_after_failed_save

turn=0
while [ $turn -lt "$2" ]; do
	turn=$((turn + 1))
	before=$(asleep)
	save_and_restore $turn 3
	check "CLOCK_BOOTTIME counts the time away in turn $turn" [ $(($(asleep) - before)) -ge 2 ]
done

before=$(seconds 3)
sched=$(seconds 7)
check 'pause' xl pause "$name"
sleep 60
check 'unpause' xl unpause "$name"
check 'ticks after a minute of pause' ticks_on
check 'CLOCK_MONOTONIC counts the pause' advanced 3 "$before" 60
check 'sched_clock counts the pause' advanced 7 "$sched" 60
check 'both CPUs after the pause' has_cpus 2

# Debian's Xen has no shadow paging, which migration of a running PV guest takes.
if [ "$1" = pvh ]; then
	for turn in 1 2; do
		domid=$(xl domid "$name")
		check "migrate $turn" xl migrate -s '' "$name" 'xl migrate-receive'
		check "another domain after migration $turn" [ "$(xl domid "$name")" != "$domid" ]
		check "ticks after migration $turn" ticks_on
		check "both CPUs after migration $turn" has_cpus 2
	done
fi
shut_down
echo "CHECK ok finished"
