# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Shell functions for the guests' init and payloads.

DOMU_LOGS=/var/log/xen/console

# is_dom0: whether this domain controls the machine.
is_dom0() {
	grep -q control_d /proc/xen/capabilities 2>/dev/null
}

# wait_until SECONDS COMMAND...: run the command until it succeeds, once every fifth of a second.
wait_until() {
	_left=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		_left=$((_left - 1))
		[ "$_left" -gt 0 ] || return 1
		sleep 0.2
	done
}

# toolstack_start: what xl needs. No daemon may keep the console or a pipe of ours open.
toolstack_start() {
	mkdir -p /run/xen /var/lib/xen /var/lib/xenstored /run/xenstored "$DOMU_LOGS"
	xenstored --pid-file=/run/xen/xenstored.pid </dev/null >/dev/null 2>&1
	wait_until 30 xenstore-exists / || echo "RIG-ERROR xenstored does not answer"
	xen-init-dom0 </dev/null >/dev/null 2>&1 || echo "RIG-ERROR xen-init-dom0 failed"
	xenconsoled --log=guest --log-dir="$DOMU_LOGS" </dev/null >/dev/null 2>&1
}

# rig_facts: who we are, one RIG-FACT line each; scripts/boot makes its table of them.
rig_facts() {
	_version=/sys/hypervisor/version
	echo "RIG-FACT mode $(cat /sys/hypervisor/guest_type)"
	if is_dom0; then echo "RIG-FACT domain dom0"; else echo "RIG-FACT domain domU"; fi
	echo "RIG-FACT vcpus $(nproc)"
	echo "RIG-FACT xen $(cat $_version/major).$(cat $_version/minor)$(cat $_version/extra)"
	echo "RIG-FACT kernel $(uname -r)"
}

# domu_load DIRECTORY: the lines for xl that say where a domain's kernel and initramfs come from.
domu_load() {
	echo "kernel = \"/boot/bzImage\""
	echo "ramdisk = \"$1/initrd\""
	echo "extra = \"console=hvc0 $DOMU_APPEND\""
}

# domu_create NAME pv|pvh VCPUS MEMORY_MB [PAYLOAD_FILE] [XL_CFG_LINE...]: create a domain from our own kernel; without
# a payload it idles, and with DOMU_PAUSED set it has yet to be unpaused. Its console is logged: see domu_wait and domu_log.
domu_create() {
	_name=$1 _type=$2 _vcpus=$3 _memory=$4 _payload=${5:-}
	shift 4
	[ $# -eq 0 ] || shift
	_dir=/run/domu/$_name
	mkdir -p "$_dir/add/rig"
	if [ -n "$_payload" ]; then
		cp "$_payload" "$_dir/add/rig/payload"
	else
		echo 'while :; do sleep 60; done' >"$_dir/add/rig/payload"
	fi
	cp /boot/domu.cpio "$_dir/initrd"
	(cd "$_dir/add" && find . | cpio -o -H newc 2>/dev/null) >>"$_dir/initrd"
	{
		echo "name = \"$_name\""
		echo "type = \"$_type\""
		echo "vcpus = $_vcpus"
		echo "memory = $_memory"
		domu_load "$_dir"
		echo "on_poweroff = \"destroy\""
		echo "on_reboot = \"destroy\""
		echo "on_crash = \"destroy\""
		for _line in "$@"; do echo "$_line"; done
	} >"$_dir/cfg"
	echo "RIG-CREATE $_name"
	xl create -q ${DOMU_PAUSED:+-p} "$_dir/cfg" </dev/null
}

# domu_log NAME: print the console log of a domain.
domu_log() {
	cat "$DOMU_LOGS/guest-$1.log"
}

# domu_alive NAME: whether the domain exists and is not on its way out.
domu_alive() {
	xl list "$1" 2>/dev/null | awk 'NR == 2 { found = $5 !~ /[scd]/ } END { exit !found }'
}

# domu_gone NAME TURN: whether the domain is gone, looked at in each tenth turn of a loop, or xl would keep an emulated
# machine busier than the domain does.
domu_gone() {
	[ $(($2 % 10)) -eq 0 ] && ! xl domid "$1" >/dev/null 2>&1
}

# domu_wait NAME REGEX SECONDS: wait for a line in the domain's console log; fails soon if the domain is gone.
domu_wait() {
	_tries=$(($3 * 5))
	until grep -qE "$2" "$DOMU_LOGS/guest-$1.log" 2>/dev/null; do
		_tries=$((_tries - 1))
		[ "$_tries" -gt 0 ] || return 1
		if domu_gone "$1" "$_tries"; then
			grep -qE "$2" "$DOMU_LOGS/guest-$1.log" 2>/dev/null
			return
		fi
		sleep 0.2
	done
}

# domu_run NAME pv|pvh VCPUS MEMORY_MB PAYLOAD_FILE: create a domain, pass its console on until it ends, and what it said
# last after that, and return its payload's status.
domu_run() {
	_log=$DOMU_LOGS/guest-$1.log
	_piece=/run/domu-console
	_passed=0
	_turn=0
	_ended=
	: >"$_log"
	domu_create "$@" || return 1
	until [ "$_ended" ]; do
		sleep 0.5
		_turn=$((_turn + 1))
		if domu_gone "$1" $_turn; then
			_ended=yes
			sleep 1
		fi
		tail -c "+$((_passed + 1))" "$_log" >"$_piece"
		cat "$_piece"
		_passed=$((_passed + $(wc -c <"$_piece")))
	done
	_status=$(sed -n 's/^RIG-EXIT \([0-9]*\).*/\1/p' "$_log" | tail -n 1)
	return "${_status:-1}"
}

# domu_shell NAME pv|pvh VCPUS MEMORY_MB PAYLOAD_FILE: create a domain and put its console on ours until it ends.
domu_shell() {
	domu_create "$@" && xl console "$1"
}

# rig_shell: a shell on the console with job control.
rig_shell() {
	echo RIG-SHELL
	setsid cttyhack sh -i
}
