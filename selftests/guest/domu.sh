# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For the scripts that lead a domU with the ticker from dom0, step by step: each step is a line "CHECK ok|failed name: detail".
# shellcheck source=/dev/null
. /rig/lib.sh

# lead pv|pvh|hvm NAME: the domain that all this is about.
lead() {
	kind=$1
	name=$2
}

# check STEP COMMAND...: the step passes if the command does.
check() {
	step=$1
	shift
	if output=$("$@" 2>&1); then
		echo "CHECK ok $step"
	else
		echo "CHECK failed $step: $* ended with $?; $(echo "$output" | tr '\n' ' '); last tick: $(last_tick)"
		return 1
	fi
}

# domain_log: the console so far; a domain that arrives by migration has another name at first, and so another file.
domain_log() {
	for part in "$DOMU_LOGS/guest-$name.log" "$DOMU_LOGS/guest-$name--incoming.log"; do
		[ ! -f "$part" ] || tr -d '\r' <"$part"
	done
}

last_tick() { domain_log | grep -E '^TICK ([0-9.]+ ){5}[0-9.]+$' | tail -n 1; }

# field NUMBER: a word of the last tick: 2 its number, 3 CLOCK_MONOTONIC, 4 the CPUs, 5 the kilobytes, 6 CLOCK_BOOTTIME,
# 7 sched_clock.
field() { last_tick | cut -d ' ' -f "$1"; }

# seconds NUMBER: a clock of the last tick, without the fraction.
seconds() { field "$1" | cut -d . -f 1; }

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

ticks_on() { comes_true 120 ticked_since "$(field 2)"; }

# advanced NUMBER SINCE AT_LEAST: whether a clock has gone on by so many seconds.
advanced() { [ $(($(seconds "$1") - $2)) -ge "$3" ]; }

stands_still() {
	sleep 1
	seen=$(field 2)
	sleep 4
	[ "$(field 2)" = "$seen" ]
}

# A CPU that xl gives back stays off line until somebody asks for it, in a distribution udev.
cat >/run/ticker.sh <<'END'
while sleep 1; do
	for cpu in /sys/devices/system/cpu/cpu[1-9]/online; do
		echo 1 2>/dev/null >"$cpu"
	done
done &
exec /rig/ticker
END

# create CPUS MEGABYTES [PAYLOAD_FILE [XL_CFG_LINE...]]: a domain with the programs that were given to dom0, and the library
# of theirs that no guest has.
create() {
	pthread=lib/x86_64-linux-gnu/libpthread.so.0
	mkdir -p "/run/domu/$name/add/rig" "/run/domu/$name/add/${pthread%/*}"
	for file in rig/ticker rig/hackbench rig/grant_storm $pthread; do
		[ ! -f "/$file" ] || cp "/$file" "/run/domu/$name/add/$file"
	done
	cpus=$1 megabytes=$2 payload=${3:-/run/ticker.sh}
	shift 2
	[ $# -eq 0 ] || shift
	domu_create "$name" "$kind" "$cpus" "$megabytes" "$payload" "$@"
}

# save_and_restore TURN AWAY: both, with some seconds between them, and what has to hold afterwards.
save_and_restore() {
	check "save $1" xl save "$name" "/tmp/$name.save"
	check "gone after save $1" is_gone
	sleep "$2"
	check "restore $1" xl restore "/tmp/$name.save"
	check "ticks after restore $1" ticks_on
	check "both CPUs after restore $1" has_cpus 2
	rm -f "/tmp/$name.save"
}

# A save that comes to nothing: the guest has suspended, and goes on where it is.
goes_on_after_checkpoint() {
	check 'checkpoint' xl save -c "$name" "/tmp/$name.save"
	check 'ticks after the checkpoint' ticks_on
	check 'both CPUs after the checkpoint' has_cpus 2
	rm -f "/tmp/$name.save"
}

goes_on_after_failed_save() {
	mkdir -p /tmp/small
	mount -t tmpfs -o size=1m tmpfs /tmp/small
	check 'save without room fails' fails xl save "$name" /tmp/small/save
	umount /tmp/small
	check 'ticks after the failed save' ticks_on
	check 'both CPUs after the failed save' has_cpus 2
}

fails() { ! "$@"; }

# shut_down: the end, and the console for whoever looks for warnings and clocks that stepped back.
shut_down() {
	check 'shutdown' timeout 180 xl shutdown -w "$name"
	check 'gone after shutdown' comes_true 120 is_gone
	domain_log | grep -v '^TICK'
}
