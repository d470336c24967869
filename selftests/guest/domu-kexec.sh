#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: domu-kexec.sh reboot|panic
# A PVH domU whose kernel starts another one, the same, by kexec: in place of a reboot, or after a panic on CPU 33, which
# then is alone, and has no record in the shared page. Xen's part of it, a soft reset, is asked for here.
# shellcheck source=SCRIPTDIR/domu.sh
. /rig/domu.sh
lead pvh "$1"

store=/local/domain
add=/run/domu/$name/add/rig
second=/run/second
tables=/run/tables

cat >/run/reboot.sh <<'END'
/rig/kexec /rig/bzImage /rig/initrd "console=hvc0 kexeced"
END
# The first process, which ends on CPU 33.
cat >/run/panic.sh <<'END'
#!/bin/busybox sh
busybox mount -t sysfs sys /sys
echo 1 >/sys/devices/system/cpu/cpu33/online
/rig/kexec /rig/bzImage /rig/initrd "console=hvc0 nr_cpus=1 kexeced" panic && busybox taskset -p 200000000 1
exit 7
END
chmod +x /run/panic.sh
case "$1" in
reboot) vcpus=2 cpus=2 apic=0 append='' ;;
panic) vcpus=34 cpus=1 apic=66 append='maxcpus=1 crashkernel=128M rdinit=/rig/payload' ;;
esac

mkdir -p "$add" $second/rig
{
	# shellcheck disable=SC2016
	echo 'echo "SECOND $(nproc) $(awk "/^initial apicid/ { print \$4; exit }" /proc/cpuinfo) $(cat /proc/cmdline)"'
	cat /run/ticker.sh
} >$second/rig/payload
cp /rig/ticker $second/rig/
cp /boot/domu.cpio "$add/initrd"
(cd $second && find . | cpio -o -H newc 2>/dev/null) >>"$add/initrd"
cp /boot/bzImage /rig/kexec "$add/"

is_shut_down() { xl list "$name" | awk 'NR == 2 { shut = $5 ~ /s/ } END { exit !shut }'; }
keep_tables() { /rig/soft_reset "$(xl domid "$name")" >$tables; }

# reset: and tell xenconsoled of the new channel.
reset() {
	domain=$(xl domid "$name")
	ports=$(/rig/soft_reset "$domain" "$(xenstore-read "$store/$domain/store/ring-ref")" <$tables) || return
	xenstore-write "$store/$domain/console/port" "${ports#* }" && xl unpause "$name"
}

give_up() {
	domain_log
	exit 1
}

DOMU_PAUSED=yes check 'create' create "$vcpus" 256 "/run/$1.sh" \
	"extra = \"console=hvc0 $append\"" 'on_soft_reset = "preserve"'
check 'keep the ACPI tables' keep_tables
check 'unpause' xl unpause "$name"
check 'the new kernel is loaded' domu_wait "$name" '^KEXEC loaded' 300 || give_up
check 'soft reset is asked for' comes_true 120 is_shut_down || give_up
check 'soft reset' reset
check "the new kernel runs, with $cpus CPUs from APIC $apic on" \
	domu_wait "$name" "^SECOND $cpus $apic .* kexeced" 300 || give_up
check 'it ticks' domu_wait "$name" '^TICK 2 ' 120 || give_up
check 'its CPUs' has_cpus "$cpus"

if [ "$1" = reboot ]; then
	check 'vcpu-set 1' xl vcpu-set --ignore-host "$name" 1
	check 'one CPU left' comes_true 120 has_cpus 1
	check 'vcpu-set 2' xl vcpu-set --ignore-host "$name" 2
	check 'both CPUs again' comes_true 120 has_cpus 2
	save_and_restore 1 0
	shut_down
else
	check 'destroy' xl destroy "$name"
	domain_log | grep -v -e '^TICK' -e 'Kernel panic - not syncing: Attempted to kill init!'
fi
echo "CHECK ok finished"
