/* SPDX-License-Identifier: GPL-2.0 */
/* Hypercalls and foreign mappings through /dev/xen/privcmd; failures are -errno. */
#ifndef _SELFTESTS_XEN_PRIVCMD_H
#define _SELFTESTS_XEN_PRIVCMD_H

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "xen_guest.h"
#include <xen/privcmd.h>

#define PAGE				4096

#define __HYPERVISOR_memory_op		12
#define __HYPERVISOR_xen_version	17

#define XENVER_version			0
#define XENVER_extraversion		1
#define XEN_EXTRAVERSION_LEN		16

static inline int privcmd_open(void)
{
	return xen_open("/dev/xen/privcmd", O_RDWR);
}

static inline long privcmd_ioctl(int fd, unsigned long request, void *arg)
{
	long ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static inline long hypercall(int fd, unsigned long op, unsigned long arg0, const void *arg1)
{
	struct privcmd_hypercall call = { op, { arg0, (uintptr_t)arg1 } };

	return privcmd_ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);
}

/* Address space that mappings of other domains' frames can be put in. */
static inline unsigned char *foreign_room(int fd, unsigned long pages, int prot)
{
	void *mem = mmap(NULL, pages * PAGE, prot, MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED)
		ksft_exit_fail_perror("mmap of privcmd");
	return mem;
}

/* @errs has an entry for each frame: 0 or -errno. */
static inline int map_frames(int fd, int domid, void *room, const xen_pfn_t *frames,
			     unsigned int count, int *errs)
{
	struct privcmd_mmapbatch_v2 batch = {
		.num = count,
		.dom = domid,
		.addr = (uintptr_t)room,
		.arr = frames,
		.err = errs,
	};

	return privcmd_ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch);
}

#endif
