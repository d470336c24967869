/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test here asks first: does this kernel run on Xen, and how?
 *
 * The answer comes from Xen's CPUID leaves and not from the kernel, so that a
 * test can hold what the kernel says against it. A PV guest reaches the leaves
 * through Xen's emulation prefix, which is an invalid opcode everywhere else.
 */
#ifndef _SELFTESTS_XEN_GUEST_H
#define _SELFTESTS_XEN_GUEST_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/interface/xen.h>

#include "kselftest.h"

#define XEN_CPUID_FIRST_LEAF	0x40000000
#define XEN_CPUID_LAST_LEAF	0x40010000

/* An address that no process can use; the compiler need not know. */
#define NOWHERE	((void *)nowhere)
static volatile uintptr_t nowhere = 8;

enum xen_guest { XEN_GUEST_NONE, XEN_GUEST_PV, XEN_GUEST_HVM };

static sigjmp_buf xen_cpuid_fault;

static inline void xen_cpuid_sigill(int sig __always_unused)
{
	siglongjmp(xen_cpuid_fault, 1);
}

static inline void xen_cpuid(bool pv, uint32_t leaf, uint32_t regs[4])
{
	if (pv)
		asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
			     : "=a" (regs[0]), "=b" (regs[1]),
			       "=c" (regs[2]), "=d" (regs[3])
			     : "a" (leaf), "c" (0));
	else
		__cpuid_count(leaf, 0, regs[0], regs[1], regs[2], regs[3]);
}

/* Xen's version as major << 16 | minor, or 0 where its leaves do not exist. */
static inline uint32_t xen_cpuid_version(bool pv)
{
	uint32_t leaf, regs[4];

	for (leaf = XEN_CPUID_FIRST_LEAF; leaf < XEN_CPUID_LAST_LEAF; leaf += 0x100) {
		xen_cpuid(pv, leaf, regs);
		if (!memcmp(&regs[1], "XenVMMXenVMM", 12)) {
			xen_cpuid(pv, leaf + 1, regs);
			return regs[0];
		}
	}
	return 0;
}

static inline enum xen_guest xen_detect(uint32_t *version)
{
	struct sigaction on_ill = { .sa_handler = xen_cpuid_sigill }, before;

	*version = 0;
	sigaction(SIGILL, &on_ill, &before);
	if (!sigsetjmp(xen_cpuid_fault, 1))
		*version = xen_cpuid_version(true);
	sigaction(SIGILL, &before, NULL);
	if (*version)
		return XEN_GUEST_PV;

	*version = xen_cpuid_version(false);
	return *version ? XEN_GUEST_HVM : XEN_GUEST_NONE;
}

/* The first call of each test. */
static inline enum xen_guest xen_start(void)
{
	enum xen_guest guest;
	uint32_t version;

	ksft_print_header();
	guest = xen_detect(&version);
	if (guest == XEN_GUEST_NONE)
		ksft_exit_skip("not a Xen guest\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	return guest;
}

/* Opens a device of ours; a kernel built without it is a reason to skip. */
static inline int xen_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		ksft_exit_skip("%s: %s\n", path, strerror(errno));
	return fd;
}

/* A whole small file, terminated and without its last newline; -errno. */
static inline ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len, ret;

	if (fd < 0)
		return -errno;
	for (len = 0; len < (ssize_t)size - 1; len += ret) {
		ret = read(fd, buf + len, size - 1 - len);
		if (ret < 0)
			len = -errno;
		if (ret <= 0)
			break;
	}
	close(fd);
	if (len >= 0)
		buf[len] = 0;
	if (len > 0 && buf[len - 1] == '\n')
		buf[--len] = 0;
	return len;
}

/* A file that holds one number; -1 where there is none. */
static inline long long read_number(const char *path)
{
	char text[64], *end;
	long long value;

	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	value = strtoll(text, &end, 10);
	return *end ? -1 : value;
}

static inline int write_number(const char *path, long long value)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%lld", value);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = -errno;

	if (fd < 0)
		return ret;
	ret = write(fd, text, len) == len ? 0 : -errno;
	close(fd);
	return ret;
}

static inline bool xen_is_dom0(void)
{
	return read_number("/sys/hypervisor/start_flags/initdomain") == 1;
}

#endif
