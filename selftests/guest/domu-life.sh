#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-life.sh pv|pvh
# The life of a domU that runs the ticker, step by step; each step is a line "CHECK ok|failed name: detail".
# shellcheck source=/dev/null
. /rig/lib.sh

kind=$1
name=life

# check STEP COMMAND...: the step passes if the command does.
check() {
	step=$1
	shift
	if output=$("$@" 2>&1); then
		echo "CHECK ok $step"
	else
		echo "CHECK failed $step: $* ended with $?; $output; last tick: $(last_tick)"
		return 1
	fi
}

last_tick() { domu_log "$name" 2>/dev/null | tr -d '\r' | grep -E '^TICK ([0-9.]+ ){3}[0-9]+$' | tail -n 1; }

# field NUMBER: a word of the last tick: 2 its number, 3 the clock, 4 the CPUs, 5 the kilobytes.
field() { last_tick | cut -d ' ' -f "$1"; }

# comes_true SECONDS COMMAND...: whether the command succeeds within this time.
comes_true() {
	left=$1
	shift
	until "$@"; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 1
	done
}

ticked_since() { [ "$(field 2)" -gt "$1" ]; }
has_cpus() { [ "$(field 4)" = "$1" ]; }
has_less() { [ "$(field 5)" -lt "$1" ]; }
has_more() { [ "$(field 5)" -gt "$1" ]; }
is_gone() { ! xl domid "$name" >/dev/null 2>&1; }

ticks_on() { comes_true 30 ticked_since "$(field 2)"; }

stands_still() {
	sleep 1
	seen=$(field 2)
	sleep 4
	[ "$(field 2)" = "$seen" ]
}

# A CPU that xl gives back stays off line until somebody asks for it, in a distribution udev.
cat >/run/ticker.sh <<'END'
while sleep 1; do
	echo 1 2>/dev/null >/sys/devices/system/cpu/cpu1/online
done &
exec /rig/ticker
END

# create CPUS MEGABYTES
create() {
	mkdir -p "/run/domu/$name/add/rig"
	cp /rig/ticker "/run/domu/$name/add/rig/"
	domu_create "$name" "$kind" "$1" "$2" /run/ticker.sh
}

check 'create' create 2 256
check 'the guest ticks' domu_wait "$name" '^TICK 2 ' 60 || exit 1
check 'both CPUs' has_cpus 2

check 'pause' xl pause "$name"
check 'stands still when paused' stands_still
check 'unpause' xl unpause "$name"
check 'ticks after unpause' ticks_on

check 'vcpu-set 1' xl vcpu-set "$name" 1
check 'one CPU left' comes_true 30 has_cpus 1
check 'vcpu-set 2' xl vcpu-set "$name" 2
check 'both CPUs again' comes_true 30 has_cpus 2
check 'ticks after vcpu-set' ticks_on

memory=$(field 5)
check 'mem-set 192' xl mem-set "$name" 192
check 'less memory' comes_true 30 has_less "$((memory - 50000))"
check 'mem-set 256' xl mem-set "$name" 256
check 'memory back' comes_true 30 has_more "$((memory - 5000))"
check 'ticks after mem-set' ticks_on

for turn in 1 2; do
	check "save $turn" xl save "$name" "/tmp/$name.save"
	check "gone after save $turn" is_gone
	check "restore $turn" xl restore "/tmp/$name.save"
	check "ticks after restore $turn" ticks_on
	check "both CPUs after restore $turn" has_cpus 2
	rm -f "/tmp/$name.save"
done

check 'shutdown' timeout 60 xl shutdown -w "$name"
check 'gone after shutdown' comes_true 30 is_gone

# The console, for whoever looks for warnings and clocks that stepped back.
domu_log "$name" | tr -d '\r' | grep -v '^TICK'
name=short
check 'create another' create 1 128
check 'the other ticks' domu_wait "$name" '^TICK 2 ' 60
check 'destroy' xl destroy "$name"
check 'gone after destroy' is_gone
