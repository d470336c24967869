/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Granting pages with /dev/xen/gntalloc and mapping them with /dev/xen/gntdev.
 * Failures are -errno, those of mmap() are MAP_FAILED with errno.
 */
#ifndef _SELFTESTS_XEN_GRANT_H
#define _SELFTESTS_XEN_GRANT_H

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "xen_guest.h"
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

#define PAGE		4096
#define MAX_GRANTS	16

/* Pages that this domain granted: where gntalloc has them, and their names. */
struct granted {
	uint64_t index;
	uint32_t refs[MAX_GRANTS];
};

static inline int grant_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static inline int gntalloc(int fd, int domid, int flags, unsigned int count,
			   struct granted *granted)
{
	union {
		struct ioctl_gntalloc_alloc_gref op;
		char room[sizeof(struct ioctl_gntalloc_alloc_gref) +
			  sizeof(granted->refs)];
	} alloc = { .op = { .domid = domid, .flags = flags, .count = count } };
	int ret = grant_ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &alloc);

	if (!ret) {
		granted->index = alloc.op.index;
		memcpy(granted->refs, alloc.op.gref_ids_flex,
		       count * sizeof(granted->refs[0]));
	}
	return ret;
}

static inline int gntalloc_free(int fd, const struct granted *granted, unsigned int count)
{
	struct ioctl_gntalloc_dealloc_gref op = {
		.index = granted->index,
		.count = count,
	};

	return grant_ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &op);
}

/* Tells gntdev which grants the next mmap() at *@index shall map. */
static inline int gntdev_announce(int fd, int domid, const uint32_t *refs,
				  unsigned int count, uint64_t *index)
{
	union {
		struct ioctl_gntdev_map_grant_ref op;
		char room[sizeof(struct ioctl_gntdev_map_grant_ref) +
			  MAX_GRANTS * sizeof(struct ioctl_gntdev_grant_ref)];
	} map = { .op = { .count = count } };
	struct ioctl_gntdev_grant_ref *ref = map.op.refs;
	unsigned int i;
	int ret;

	for (i = 0; i < count && i < MAX_GRANTS; i++)
		ref[i] = (struct ioctl_gntdev_grant_ref){ domid, refs[i] };
	ret = grant_ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map);
	*index = map.op.index;
	return ret;
}

static inline int gntdev_forget(int fd, uint64_t index, unsigned int count)
{
	struct ioctl_gntdev_unmap_grant_ref op = { .index = index, .count = count };

	return grant_ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &op);
}

/* Both drivers take the same request under the same number. */
static inline int set_unmap_notify(int fd, uint64_t byte, uint32_t action, uint32_t port)
{
	struct ioctl_gntdev_unmap_notify op = {
		.index = byte,
		.action = action,
		.event_channel_port = port,
	};

	return grant_ioctl(fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &op);
}

static inline void *map_pages(int fd, uint64_t index, unsigned int count, int prot)
{
	return mmap(NULL, count * PAGE, prot, MAP_SHARED, fd, index);
}

#endif
