# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For a payload to source: what this guest is, as lines "RIG-FACT key value" and "STATE key value", and the lines of its
# log that are about Xen or trouble. Meanwhile the kernel is quiet, or its lines would land in the midst of ours.
dmesg -n 1
rig_facts
echo "STATE clocksource $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
echo "STATE memory_kb $(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
echo "STATE counters $(grep -c '  *pmu[0-9]*$' /proc/interrupts)"
echo "STATE flags $(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1)"
dmesg | grep -i 'xen\|hypervisor\|paravirt\|warning:\|bug:\|oops' | sed 's/^\(\[[ 0-9.]*\] \)\?/DMESG /'
dmesg -n 5
