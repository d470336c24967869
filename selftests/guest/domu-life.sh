#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-life.sh pv|pvh
# The life of a domU that runs the ticker, step by step.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead "$1" life

check 'create' create 2 256
check 'the guest ticks' domu_wait "$name" '^TICK 2 ' 240 || exit 1
check 'both CPUs' has_cpus 2

check 'pause' xl pause "$name"
check 'stands still when paused' stands_still
check 'unpause' xl unpause "$name"
check 'ticks after unpause' ticks_on

check 'vcpu-set 1' xl vcpu-set --ignore-host "$name" 1
check 'one CPU left' comes_true 120 has_cpus 1
check 'vcpu-set 2' xl vcpu-set --ignore-host "$name" 2
check 'both CPUs again' comes_true 120 has_cpus 2
check 'ticks after vcpu-set' ticks_on

memory=$(field 5)
check 'mem-set 192' xl mem-set "$name" 192
check 'less memory' comes_true 120 has_less "$((memory - 50000))"
check 'mem-set 256' xl mem-set "$name" 256
check 'memory back' comes_true 120 has_more "$((memory - 5000))"
check 'ticks after mem-set' ticks_on

save_and_restore 1 0
goes_on_after_checkpoint
save_and_restore 2 0
shut_down

name=short
check 'create another' create 1 128
check 'the other ticks' domu_wait "$name" '^TICK 2 ' 240
check 'destroy' xl destroy "$name"
check 'gone after destroy' is_gone
echo "CHECK ok finished"
