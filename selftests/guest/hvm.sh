# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# How an HVM domU is loaded, and which devices are emulated for it. Its console is $console, or else hvc0; what it writes
# to its serial port lands in /run/serial.

# From a disc on an AHCI controller the firmware reads by DMA; what kernel= names it reads from a port, byte by byte.
domu_load() {
	disc=$1/disc
	mkdir -p "$disc"
	cp /boot/bzImage "$1/initrd" /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$disc"
	echo "DEFAULT bzImage initrd=initrd console=${console:-hvc0} $DOMU_APPEND" >"$disc/isolinux.cfg"
	genisoimage -quiet -R -b isolinux.bin -no-emul-boot -boot-load-size 4 -boot-info-table -o "$1/iso" "$disc"
	drive="file=$1/iso,if=none,id=disc,media=cdrom,format=raw,readonly=on"
	cat <<-END
		device_model_args_hvm = [ "-device", "ahci,id=ahci", "-drive", "$drive",
			"-device", "ide-cd,drive=disc,bus=ahci.0,bootindex=0", "-device", "e1000,romfile=" ]
		vga = "none"
		nographic = 1
		vnc = 0
		usb = 0
		serial = "file:/run/serial"
	END
}

# says TEXT: whether a line of the domain's console begins so.
says() { domain_log | grep -q "^$1"; }
