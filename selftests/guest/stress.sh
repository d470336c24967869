#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest: what patches the kernel's text, makes pages of it read-only or executable, takes them away and swaps them
# out, over and over. Each step is a line "CHECK ok|failed name: detail".
# shellcheck source=/dev/null
. /rig/lib.sh
trace=/sys/kernel/tracing
zram=/sys/block/zram0
memory_kb=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)

# check STEP COMMAND...: the step passes if the command does.
check() {
	step=$1
	shift
	echo "STEP $(cut -d ' ' -f 1 /proc/uptime) $step"
	if output=$("$@" 2>&1); then
		echo "CHECK ok $step"
	else
		echo "CHECK failed $step: $* ended with $?; $(echo "$output" | tail -n 20 | tr '\n' ' ')"
	fi
}

# quietly COMMAND...: without what it prints to the console, for tests that provoke reports.
quietly() {
	dmesg -n 1
	"$@"
	status=$?
	dmesg -n 5
	return $status
}

# Two modules whose code has static keys, of their own and of each other, in both states.
modules_come_and_go() {
	turn=0
	while [ $turn -lt 20 ]; do
		turn=$((turn + 1))
		insmod /rig/test_static_key_base.ko && insmod /rig/test_static_keys.ko || return 1
		rmmod test_static_keys && rmmod test_static_key_base || return 1
	done
}

# The module refuses to stay, and leaves its result in the log. Fixed and random sizes, alignment, vm_map_ram().
vmalloc_passes() {
	dmesg -c >/dev/null
	insmod /rig/test_vmalloc.ko run_test_mask=1049 test_loop_count=100 nr_threads=2 2>/dev/null
	dmesg | grep Summary >/tmp/vmalloc
	[ "$(grep -c 'passed: 1 failed: 0' /tmp/vmalloc)" -ge 8 ] && ! grep -v 'passed: 1 failed: 0' /tmp/vmalloc
}

# tracer NAME LINE: it traces what is called meanwhile.
tracer() {
	echo "$1" >$trace/current_tracer
	ls -R /proc/1 >/dev/null
	echo 0 >$trace/tracing_on
	head -n 2000 $trace/trace >/tmp/trace
	echo nop >$trace/current_tracer
	echo 1 >$trace/tracing_on
	grep -qE "$2" /tmp/trace
}

tracers_on_and_off() {
	turn=0
	while [ $turn -lt 3 ]; do
		turn=$((turn + 1))
		tracer function ' <-' && tracer function_graph '[0-9.]+ us ' || return 1
	done
	# All that a Xen guest does to page tables by functions of C, besides.
	echo '*xen* *pte* *mmap*' >$trace/set_ftrace_filter || return 1
	while [ $turn -lt 20 ]; do
		turn=$((turn + 1))
		tracer function ' <-' || return 1
	done
	echo >$trace/set_ftrace_filter
}

# hits NAME: how often this probe was met since it was made.
hits() { awk -v probe="$1" '$1 == probe { print $2 }' $trace/kprobe_profile; }

probes_come_and_go() {
	turn=0
	while [ $turn -lt 20 ]; do
		turn=$((turn + 1))
		echo 'p:opened do_sys_openat2' >$trace/kprobe_events || return 1
		echo 'r:returned do_sys_openat2' >>$trace/kprobe_events || return 1
		echo 'p:inside vfs_read+8' >>$trace/kprobe_events 2>/dev/null
		echo 1 >$trace/events/kprobes/enable
		cat /proc/uptime /proc/version >/dev/null
		[ "$(hits opened)" -ge 2 ] && [ "$(hits returned)" -ge 2 ] || return 1
		echo 0 >$trace/events/kprobes/enable
		echo >$trace/kprobe_events || return 1
	done
}

# bpf_passes JIT COMPILED: the kernel's test programs, compiled or not; so their last line says it.
bpf_passes() {
	echo "$1" >/proc/sys/net/core/bpf_jit_enable || return 1
	for suite in test_bpf test_tail_calls test_skb_segment; do
		range=
		[ $suite != test_bpf ] || range=test_range=0,330
		dmesg -c >/dev/null
		insmod /rig/test_bpf.ko test_suite=$suite $range || return 1
		rmmod test_bpf
		dmesg | grep Summary
		dmesg | grep -qE " 0 FAILED(, \[$2/.*)?\$" || return 1
	done
}

# kunit_passes MODULE SUITE
kunit_passes() {
	insmod "/rig/$1.ko" || return 1
	grep -E '^ *not ok|# .*fail:' "/sys/kernel/debug/kunit/$2/results"
	grep -q "^ok " "/sys/kernel/debug/kunit/$2/results"
	passed=$?
	rmmod "$1"
	return $passed
}

# stress WORD...: stress-ng, which verifies what it can, to the end of its operations.
stress() { stress-ng --verify --timeout 600 --metrics-brief "$@"; }

swap_on() {
	echo "$((memory_kb / 2))K" >$zram/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
}

counter() { awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat; }

# swaps KILOBYTES: writes and reads back more than there is.
swaps() {
	stress --vm 2 --vm-bytes "$1K" --vm-keep --vm-method incdec --vm-ops 8 || return 1
	echo "in $(counter pswpin) out $(counter pswpout)"
	[ "$(counter pswpin)" -gt 1000 ] && [ "$(counter pswpout)" -gt 1000 ]
}

mount -t tracefs tracefs $trace 2>/dev/null
check 'modules come and go' modules_come_and_go
check 'vmalloc' vmalloc_passes
check 'probes come and go' probes_come_and_go
check 'kprobes KUnit' kunit_passes test_kprobes kprobes_test
check 'BPF interpreter' bpf_passes 0 0
check 'BPF JIT' bpf_passes 1 '[1-9][0-9]*'
check 'KFENCE KUnit' quietly kunit_passes kfence_test kfence
check 'stress fork' stress --fork 2 --fork-ops 4000
check 'stress mmap' stress --mmap 2 --mmap-bytes 16M --mmap-ops 40
check 'stress mremap' stress --mremap 2 --mremap-bytes 16M --mremap-ops 400
check 'stress switch' stress --switch 2 --switch-ops 40000
check 'stress vm' stress --vm 2 --vm-bytes 32M --vm-ops 4000
check 'swap on' swap_on
check 'swap' swaps "$((memory_kb * 5 / 4))"
check 'swap off' swapoff /dev/zram0
check 'tracers on and off' tracers_on_and_off
check 'KFENCE guarded allocations' grep -q '^total allocations: *[1-9]' /sys/kernel/debug/kfence/stats
echo "CHECK ok finished"
