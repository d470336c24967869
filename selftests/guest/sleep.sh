#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a dom0: sleeps in ACPI S3 so many times, while the ticker looks at the clocks; a line "SLEPT cpus" after each.
/rig/ticker sleep &
turn=0
while [ $turn -lt "$1" ]; do
	turn=$((turn + 1))
	sleep 1
	echo mem >/sys/power/state && echo "SLEPT $(nproc)"
done
sleep 1
kill $!
echo
