// SPDX-License-Identifier: GPL-2.0
/*
 * usage: kexec KERNEL INITRAMFS COMMAND_LINE [panic]
 * Has the kernel load another one by kexec_file_load, and starts it, or keeps it for a panic.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long flags = argc == 5 ? KEXEC_FILE_ON_CRASH : 0;
	int kernel, initramfs;

	if (argc < 4 || argc > 5)
		return 2;
	kernel = open(argv[1], O_RDONLY);
	initramfs = open(argv[2], O_RDONLY);
	if (kernel < 0 || initramfs < 0) {
		perror("open");
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initramfs, strlen(argv[3]) + 1, argv[3], flags)) {
		perror("kexec_file_load");
		return 1;
	}
	printf("KEXEC loaded\n");
	fflush(stdout);
	if (flags)
		return 0;
	reboot(LINUX_REBOOT_CMD_KEXEC);
	perror("reboot");
	return 1;
}
