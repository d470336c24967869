#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest: the kernel's torture tests, one after the other; for each a line "TORTURE module type: what it said in the end".

# run SECONDS MODULE TYPE PARAMETER...
run() {
	seconds=$1 module=$2 type=$3
	shift 3
	dmesg -c >/dev/null
	insmod "/rig/$module.ko" torture_type="$type" stat_interval=10 verbose=0 "$@"
	sleep "$seconds"
	rmmod "$module"
	echo
	echo "TORTURE $module $type: $(dmesg | grep 'End of test' | sed 's/^\[[ 0-9.]*\] //')"
}

insmod /rig/torture.ko
run 40 locktorture spin_lock
run 40 locktorture spin_lock_irq onoff_interval=3
run 20 locktorture rw_lock
run 20 locktorture mutex_lock
run 60 rcutorture rcu onoff_interval=200
:
