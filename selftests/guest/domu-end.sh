#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-end.sh pv|pvh
# DomUs that come to an end, each in its way: what Xen and xl are told. The codes are those of xen/interface/sched.h.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead "$1" end

# xl_list NUMBER: a word of what xl lists of the domain: 5 its state, 8 the code.
xl_list() { xl list -v "$name" 2>/dev/null | awk -v field="$1" 'NR == 2 { print $field }'; }
has_ended() { xl_list 5 | grep -q '[sc]'; }
xl_saw() { grep -q "has shut down, reason code $1 " "/var/log/xen/xl-$name.log"; }

is() {
	[ "$(xl_list "$1")" = "$2" ] || {
		xl list -v "$name"
		domain_log | tail -n 5
		return 1
	}
}

# ends NAME CODE STATE COMMAND [WORD_FOR_THE_KERNEL...]: a domain whose payload is the command.
ends() {
	name=$1 code=$2 state=$3
	printf '#!/bin/busybox sh\n%s\n' "$4" >"/run/$name.sh"
	chmod +x "/run/$name.sh"
	shift 4
	check "$name, create" domu_create "$name" "$kind" 2 128 "/run/$name.sh" "extra = \"console=hvc0 $*\"" \
		'on_poweroff = "preserve"' 'on_reboot = "preserve"' 'on_crash = "preserve"'
	check "$name ends" comes_true 240 has_ended
	check "$name, state $state" is 5 "$state"
	check "$name, code $code" is 8 "$code"
	check "xl sees $name" comes_true 10 xl_saw "$code"
	check "$name, destroy" xl destroy "$name"
}

ends poweroff 0 ---s-- 'busybox poweroff -f'
ends reboot 1 ---sr- 'busybox reboot -f'
ends halt 0 ---s-- 'busybox halt -f'
ends panic 3 ---sc- 'exit 7' rdinit=/rig/payload
ends legacy 3 ---sc- 'exit 7' rdinit=/rig/payload xen_legacy_crash
echo "CHECK ok finished"
