#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-storm.sh pv|pvh
# Five domUs at once, whose grants dom0 maps and unmaps by the thousand, while two of them are replaced and one is saved
# and restored. A domain of which something stayed mapped would not go away in the end.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead "$1" storm

cat >/run/give.sh <<'EOF'
/rig/grant_storm give &
. /rig/ticker.sh
EOF

# giver NAME: a domain that grants pages and ticks.
giver() {
	name=$1
	mkdir -p "/run/domu/$name/add/rig"
	cp /run/ticker.sh "/run/domu/$name/add/rig/"
	check "create $name" create 1 64 /run/give.sh
}

ticks() { check "$name ticks" domu_wait "$name" '^TICK 2 ' 400; }

# grants REFUSALS: what grant_storm reads of this domain.
grants() { domain_log | sed -n "s/^GRANTS /$(xl domid "$name") $1 /p"; }

alone() { [ "$(xl list | wc -l)" -eq 2 ]; }
# reserved: the pages that dom0 has, and those that the balloon keeps: what grants are mapped to comes from there, and
# stays there afterwards until somebody wants it.
reserved() {
	info=/sys/devices/system/xen_memory/xen_memory0/info
	echo $(($(cat $info/current_kb) + $(cat $info/low_kb) + $(cat $info/high_kb)))
}
same_memory() { [ "$(reserved)" = "$memory" ]; }
memory_is_back() { comes_true 120 same_memory || { echo "$memory kB, now $(reserved)" && false; }; }

memory=$(reserved)
for number in 1 2 3 4 5; do giver storm$number; done
for number in 1 2 3 4 5; do
	name=storm$number
	ticks || exit 1
	# The others are saved or replaced.
	[ $number -le 2 ] && refusals=0 || refusals=1
	grants "$refusals" >>/run/grants
done
check 'five of them grant' [ "$(wc -l </run/grants)" -eq 5 ]

/rig/grant_storm take 1500 </run/grants >/run/storm 2>&1 &
storm=$!
for turn in 1 2 3; do
	for number in 4 5; do
		check "destroy $number in turn $turn" xl destroy "$(xl list | awk "/^storm$number/ { print \$1 }")"
		giver storm$number-$turn
		ticks
	done
done
name=storm3
check 'save in the storm' xl save "$name" /tmp/storm.save
check 'restore in the storm' xl restore /tmp/storm.save
check 'ticks after restore' ticks_on
wait $storm
check 'each map was right' [ "$?" -eq 0 ]
cat /run/storm
check 'there were many' [ "$(sed -n 's/^STORM \([0-9]*\) .*/\1/p' /run/storm)" -gt 1000 ]

for name in storm1 storm2 storm3 storm4-3 storm5-3; do
	check "$name ticks on" ticks_on
	shut_down
done
check 'nothing is left of them' comes_true 60 alone
check 'dom0 has its memory' memory_is_back
echo "CHECK ok finished"
