#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest: changes the clocksource to and fro while the ticker looks at the clocks; a line "SWITCH source taken of tried".
place=/sys/devices/system/clocksource/clocksource0

# switch SOURCE: whether it is the current one once it has been asked for.
switch() {
	echo "$1" >$place/current_clocksource
	[ "$(cat $place/current_clocksource)" = "$1" ]
}

/rig/ticker &
turn=0 xen=0 tsc=0 tried=0
while [ $turn -lt 20 ]; do
	turn=$((turn + 1))
	if grep -qw tsc $place/available_clocksource; then
		tried=$((tried + 1))
		switch tsc && tsc=$((tsc + 1))
		sleep 1
	fi
	switch xen && xen=$((xen + 1))
	sleep 1
done
kill $!
echo
echo "SWITCH xen $xen of $turn"
echo "SWITCH tsc $tsc of $tried"
