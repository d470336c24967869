// SPDX-License-Identifier: GPL-2.0
/*
 * Foreign mappings through /dev/xen/privcmd, in dom0.
 *
 * Two frames whose contents are known: one of this domain's own, which a PV
 * domain finds in Xen's machine-to-physical table (itself a foreign mapping of
 * many frames), and another domain's xenstore ring, if there is another domain.
 */
#include <setjmp.h>

#include "xen_privcmd.h"
#include "xenstore.h"

#define XENMEM_MAXIMUM_RAM_PAGE		2
#define XENMEM_MACHPHYS_MFN_LIST	5
#define XENMEM_RESOURCE_GRANT_TABLE	1
#define GRANT_OF_XENSTORE		1	/* its reserved reference */
#define GRANT_PERMIT_ACCESS		1

#define EXTENT_ENTRIES		(1UL << 18)	/* 2 MB of table */
#define MAX_EXTENTS		4096
#define MAX_CANDIDATES		64
#define RW			(PROT_READ | PROT_WRITE)
#define BAD_FRAME		0xffffffffffUL
#define NO_DOMID		0x7fe0

#define FRAME_TESTS		7
#define OWN_TESTS		2
#define OTHER_TESTS		2

struct machphys_mfn_list {
	unsigned int max_extents;
	xen_pfn_t *extent_start;
	unsigned int nr_extents;
};

struct grant_entry {
	uint16_t flags, domid;
	uint32_t frame;
};

static int fd;
static _Alignas(PAGE) uint64_t own_page[PAGE / sizeof(uint64_t)];

static bool is_own_page(const void *mem)
{
	return !memcmp(mem, own_page, PAGE);
}

static sigjmp_buf fault;

static void on_sigbus(int sig __always_unused)
{
	siglongjmp(fault, 1);
}

static bool faults(volatile const unsigned char *mem)
{
	struct sigaction action = { .sa_handler = on_sigbus }, before;
	volatile bool faulted = true;

	sigaction(SIGBUS, &action, &before);
	if (!sigsetjmp(fault, 1)) {
		(void)*mem;
		faulted = false;
	}
	sigaction(SIGBUS, &before, NULL);
	return faulted;
}

/* One bad frame between good ones, then what the driver refuses. */
static void check_batch(int domid, xen_pfn_t frame, const char *what,
			bool (*holds)(const void *mem))
{
	xen_pfn_t frames[] = { frame, BAD_FRAME, frame };
	unsigned char *room = foreign_room(fd, 3, RW), *rest;
	int errs[3] = { 1, 1, 1 }, ret;

	ksft_test_result(map_frames(fd, domid, room, frames, 2, errs) == -EINVAL,
			 "%s: half a mapping is EINVAL\n", what);
	ret = map_frames(fd, domid, room, frames, 3, errs);
	ksft_print_msg("%s: %d, errors %d %d %d\n", what, ret, errs[0], errs[1], errs[2]);
	ksft_test_result(!ret && !errs[0] && errs[1] < 0 && !errs[2],
			 "%s: one error of three\n", what);
	ksft_test_result(!errs[0] && holds(room) && !errs[2] && holds(room + 2 * PAGE),
			 "%s: good frames are mapped\n", what);
	ksft_test_result(faults(room + PAGE), "%s: a bad frame is not\n", what);
	ksft_test_result(map_frames(fd, domid, room, frames, 3, errs) == -EINVAL,
			 "%s: mapping again is EINVAL\n", what);
	munmap(room, 3 * PAGE);

	rest = foreign_room(fd, 1, PROT_READ);
	errs[0] = 0;
	ret = map_frames(fd, NO_DOMID, rest, frames, 1, errs);
	ksft_test_result(ret < 0 || errs[0] < 0, "%s: none of no domain\n", what);
	munmap(rest, PAGE);
	ksft_test_result(map_frames(fd, domid, own_page, frames, 1, errs) == -EINVAL,
			 "%s: none over ordinary memory\n", what);
}

static unsigned long own_pfn(void)
{
	uint64_t entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	if (pagemap < 0)
		return 0;
	if (pread(pagemap, &entry, sizeof(entry),
		  (uintptr_t)own_page / PAGE * sizeof(entry)) != sizeof(entry))
		entry = 0;
	close(pagemap);
	return entry & ((1UL << 55) - 1);
}

/* Xen's table of which pseudo-physical frame each machine frame is. */
static const unsigned long *map_machphys(unsigned long *entries)
{
	static xen_pfn_t extents[MAX_EXTENTS];
	struct machphys_mfn_list list = { MAX_EXTENTS, extents, 0 };
	unsigned long frame, pages;
	xen_pfn_t *frames;
	void *table;
	int *errs;

	/* Xen writes only to pages that are there. */
	memset(extents, 0xff, sizeof(extents));
	if (hypercall(fd, __HYPERVISOR_memory_op, XENMEM_MACHPHYS_MFN_LIST, &list))
		return NULL;
	*entries = hypercall(fd, __HYPERVISOR_memory_op, XENMEM_MAXIMUM_RAM_PAGE, NULL) + 1;
	if (*entries > list.nr_extents * EXTENT_ENTRIES)
		*entries = list.nr_extents * EXTENT_ENTRIES;

	pages = (*entries * sizeof(long) + PAGE - 1) / PAGE;
	frames = calloc(pages, sizeof(*frames));
	errs = calloc(pages, sizeof(*errs));
	for (frame = 0; frame < pages; frame++)
		frames[frame] = extents[frame / 512] + frame % 512;
	table = foreign_room(fd, pages, PROT_READ);
	ksft_print_msg("machine-to-physical table: %lu pages\n", pages);
	if (map_frames(fd, DOMID_XEN, table, frames, pages, errs))
		table = NULL;
	for (frame = 0; frame < pages && table; frame++)
		if (errs[frame])
			table = NULL;
	free(frames);
	free(errs);
	return table;
}

/* The candidate that this domain may map and that is own_page; 0 for none. */
static xen_pfn_t find_own_frame(const xen_pfn_t *candidates, int count)
{
	xen_pfn_t found = 0;
	int errs[MAX_CANDIDATES], i;
	unsigned char *room = foreign_room(fd, count, RW);

	if (map_frames(fd, DOMID_SELF, room, candidates, count, errs))
		return 0;
	for (i = 0; i < count; i++) {
		if (errs[i] || !is_own_page(room + i * PAGE))
			continue;
		room[i * PAGE] ^= 0xff;
		if (is_own_page(room + i * PAGE))
			found = candidates[i];
	}
	munmap(room, count * PAGE);
	return found;
}

static void check_own_frame(void)
{
	xen_pfn_t candidates[MAX_CANDIDATES], frame;
	const unsigned long *table;
	unsigned long entries = 0, pfn, mfn;
	int count = 0, i;

	for (i = 0; i < (int)ARRAY_SIZE(own_page); i++)
		own_page[i] = (i + 1) * 0x9e3779b97f4a7c15;
	if (mlock(own_page, PAGE))
		ksft_exit_fail_perror("mlock");
	pfn = own_pfn();
	if (!pfn)
		ksft_exit_fail_msg("no frame number in /proc/self/pagemap\n");

	table = map_machphys(&entries);
	ksft_test_result(!!table, "map Xen's machine-to-physical table\n");
	for (mfn = 0; table && mfn < entries; mfn++)
		if (table[mfn] == pfn && count < MAX_CANDIDATES)
			candidates[count++] = mfn;
	frame = count ? find_own_frame(candidates, count) : 0;
	ksft_print_msg("own frame %lx is machine frame %lx, 1 of %d\n", pfn, frame, count);
	ksft_test_result(!!frame, "the own frame is found, mapped and written\n");
	if (!frame)
		ksft_exit_fail_msg("nothing more to map\n");
	check_batch(DOMID_SELF, frame, "own frame", is_own_page);
}

static void check_grant_table(int domid, unsigned long ring)
{
	struct privcmd_mmap_resource resource = {
		.dom = domid,
		.type = XENMEM_RESOURCE_GRANT_TABLE,
	};
	const struct grant_entry *entry;
	int ret = privcmd_ioctl(fd, IOCTL_PRIVCMD_MMAP_RESOURCE, &resource);

	ksft_print_msg("size query: %d, %llu frames\n", ret,
		       (unsigned long long)resource.num);
	ksft_test_result(!ret && resource.num, "size of another domain's grant table\n");
	entry = (void *)foreign_room(fd, 1, PROT_READ);
	resource.addr = (uintptr_t)entry;
	resource.num = 1;
	ret = privcmd_ioctl(fd, IOCTL_PRIVCMD_MMAP_RESOURCE, &resource);
	entry += GRANT_OF_XENSTORE;
	if (!ret)
		ksft_print_msg("xenstore's grant: flags %x domain %u frame %x\n",
			       entry->flags, entry->domid, entry->frame);
	ksft_test_result(!ret && (entry->flags & 3) == GRANT_PERMIT_ACCESS &&
			 !entry->domid && entry->frame == ring,
			 "its grant for xenstore\n");
}

static void check_other_domain(int domid)
{
	char path[64];
	long long ring;

	snprintf(path, sizeof(path), "/local/domain/%d/store/ring-ref", domid);
	ring = xs_read_number(path);
	if (ring <= 0)
		ksft_exit_fail_msg("no %s\n", path);
	check_batch(domid, ring, "other domain", is_xenstore_ring);
	check_grant_table(domid, ring);
}

int main(void)
{
	bool pv = xen_start() == XEN_GUEST_PV;
	int other;

	if (!xen_is_dom0())
		ksft_exit_skip("only dom0 may map other domains' frames\n");
	fd = privcmd_open();
	other = xen_other_domid();
	if (!pv && other < 0)
		ksft_exit_skip("no other domain to map frames of\n");

	ksft_set_plan((pv ? OWN_TESTS + FRAME_TESTS : 0) +
		      (other < 0 ? 0 : OTHER_TESTS + FRAME_TESTS));
	if (pv)
		check_own_frame();
	if (other >= 0)
		check_other_domain(other);
	ksft_finished();
}
