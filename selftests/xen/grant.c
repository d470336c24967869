// SPDX-License-Identifier: GPL-2.0
/*
 * Grants through /dev/xen/gntalloc and /dev/xen/gntdev: this domain grants
 * pages to itself and maps or copies them, so that both sides are at hand.
 *
 * Only a PV guest may map its own: Xen keeps a frame at one place of a
 * translated guest, so mapping it elsewhere takes it away from the granter.
 * Dom0 also maps what another domain granted to xenstored.
 */
#include <sys/wait.h>

#include "xen_evtchn.h"
#include "xen_grant.h"
#include "xenstore.h"

#define PAGES		8
#define RW		(PROT_READ | PROT_WRITE)
#define BAD_REF		0x7ffffff0
#define OTHER_DOMID	0x7fe0

#define CLEAR_AND_SEND	(UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT)

#define GRANT_OF_XENSTORE	1	/* the reference that Xen's tools reserve */

#define GNTCOPY_SOURCE_GREF	1
#define GNTCOPY_DEST_GREF	2

static int alloc_fd, dev_fd, own_domid;

/* The granting side of PAGES pages, mapped, each page full of its number. */
static unsigned char *grant_pages(int flags, struct granted *granted)
{
	unsigned char *mem;
	int ret = gntalloc(alloc_fd, own_domid, flags, PAGES, granted), i;

	if (ret)
		ksft_exit_fail_msg("gntalloc: %s\n", strerror(-ret));
	mem = map_pages(alloc_fd, granted->index, PAGES, RW);
	if (mem == MAP_FAILED)
		ksft_exit_fail_perror("mmap of gntalloc");
	for (i = 0; i < PAGES; i++)
		memset(mem + i * PAGE, i + 1, PAGE);
	return mem;
}

static unsigned char *map_grants(const uint32_t *refs, int count, uint64_t *index)
{
	unsigned char *mem;
	int ret = gntdev_announce(dev_fd, own_domid, refs, count, index);

	if (ret)
		ksft_exit_fail_msg("gntdev: %s\n", strerror(-ret));
	mem = map_pages(dev_fd, *index, count, RW);
	if (mem == MAP_FAILED)
		ksft_exit_fail_perror("mmap of gntdev");
	return mem;
}

static bool filled(const unsigned char *mem, int value)
{
	int i;

	for (i = 0; i < PAGE; i++) {
		if (mem[i] == value)
			continue;
		ksft_print_msg("byte %d is %d, not %d\n", i, mem[i], value);
		return false;
	}
	return true;
}

static void check_sharing(void)
{
	struct granted granted;
	unsigned char *giver = grant_pages(GNTALLOC_FLAG_WRITABLE, &granted);
	struct ioctl_gntdev_get_offset_for_vaddr where = { };
	uint32_t backwards[PAGES];
	unsigned char *taker;
	uint64_t index;
	bool good = true;
	int i;

	for (i = 0; i < PAGES; i++)
		backwards[i] = granted.refs[PAGES - 1 - i];
	taker = map_grants(backwards, PAGES, &index);
	for (i = 0; i < PAGES; i++)
		good &= filled(taker + i * PAGE, PAGES - i);
	ksft_test_result(good, "each grant maps its own page\n");

	memset(taker + PAGE, 0xa5, PAGE);
	memset(giver, 0x5a, PAGE);
	ksft_test_result(filled(giver + (PAGES - 2) * PAGE, 0xa5) &&
			 filled(taker + (PAGES - 1) * PAGE, 0x5a),
			 "writes are seen on the other side\n");

	where.vaddr = (uintptr_t)taker;
	ksft_test_result(!grant_ioctl(dev_fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where) &&
			 where.offset == index && where.count == PAGES,
			 "offset for address\n");
	ksft_test_result(map_pages(dev_fd, index, PAGES, RW) == MAP_FAILED,
			 "a second mapping of the same is refused\n");

	/* A hole in the middle leaves the neighbours. */
	munmap(taker + 2 * PAGE, PAGE);
	ksft_test_result(filled(taker + PAGE, 0xa5) &&
			 filled(taker + 3 * PAGE, PAGES - 3),
			 "unmap of one page leaves the others\n");
	munmap(taker, PAGES * PAGE);
	ksft_test_result(!gntdev_forget(dev_fd, index, PAGES), "unmap\n");
	ksft_test_result(gntdev_forget(dev_fd, index, PAGES) == -ENOENT,
			 "unmap again is ENOENT\n");
	ksft_test_result(filled(giver + (PAGES - 2) * PAGE, 0xa5),
			 "contents stay with the granter\n");
	munmap(giver, PAGES * PAGE);
	ksft_test_result(!gntalloc_free(alloc_fd, &granted, PAGES), "free\n");
	ksft_test_result(gntalloc_free(alloc_fd, &granted, PAGES) == -EINVAL,
			 "free again is EINVAL\n");
}

static void check_readonly(void)
{
	struct granted granted;
	unsigned char *giver = grant_pages(0, &granted), *taker;
	uint64_t index;

	gntdev_announce(dev_fd, own_domid, granted.refs, 1, &index);
	ksft_test_result(map_pages(dev_fd, index, 1, RW) == MAP_FAILED,
			 "a read-only grant maps not writable\n");
	gntdev_forget(dev_fd, index, 1);

	gntdev_announce(dev_fd, own_domid, granted.refs, 1, &index);
	taker = map_pages(dev_fd, index, 1, PROT_READ);
	ksft_test_result(taker != MAP_FAILED && filled(taker, 1),
			 "a read-only grant maps readable\n");
	if (taker != MAP_FAILED)
		munmap(taker, PAGE);
	gntdev_forget(dev_fd, index, 1);
	munmap(giver, PAGES * PAGE);
	gntalloc_free(alloc_fd, &granted, PAGES);
}

/* A channel to oneself, quiet; notify @far to get an event of @near. */
struct channel {
	int near_fd, far_fd, near, far;
};

static struct channel open_channel(void)
{
	struct channel chan = { evtchn_open(), evtchn_open(), -1, -1 };

	chan.near = evtchn_bind_unbound(chan.near_fd, DOMID_SELF);
	chan.far = evtchn_bind_interdomain(chan.far_fd, DOMID_SELF, chan.near);
	if (chan.near < 0 || chan.far < 0)
		ksft_exit_fail_msg("no event channel: %d, %d\n", chan.near, chan.far);
	while (evtchn_next(chan.near_fd, QUIET_MS) == chan.near)
		evtchn_unmask(chan.near_fd, chan.near);
	return chan;
}

static void close_channel(struct channel *chan)
{
	close(chan->far_fd);
	close(chan->near_fd);
}

/* gntdev clears a byte and sends an event when the page goes. */
static void check_unmap_notify(void)
{
	struct channel chan = open_channel();
	struct granted granted;
	unsigned char *giver = grant_pages(GNTALLOC_FLAG_WRITABLE, &granted);
	uint64_t index;
	unsigned char *taker = map_grants(granted.refs, 2, &index);

	ksft_test_result(set_unmap_notify(dev_fd, index, 4, 0) == -EINVAL,
			 "an unknown notification is EINVAL\n");
	ksft_test_result(set_unmap_notify(dev_fd, index + 64 * PAGE,
					  UNMAP_NOTIFY_CLEAR_BYTE, 0) == -ENOENT,
			 "a notification for no mapping is ENOENT\n");
	ksft_test_result(set_unmap_notify(dev_fd, index, CLEAR_AND_SEND,
					  chan.near + 1000) == -EINVAL,
			 "a notification to no port is EINVAL\n");
	ksft_test_result(!set_unmap_notify(dev_fd, index + PAGE + 17, CLEAR_AND_SEND,
					   chan.far),
			 "set unmap notification\n");
	gntdev_forget(dev_fd, index, 2);
	ksft_test_result(evtchn_next(chan.near_fd, QUIET_MS) == -ETIMEDOUT &&
			 filled(giver + PAGE, 2), "no notification while mapped\n");
	munmap(taker, 2 * PAGE);
	ksft_test_result(evtchn_next(chan.near_fd, EVENT_WAIT_MS) == chan.near,
			 "event at unmap\n");
	ksft_test_result(giver[PAGE + 16] == 2 && !giver[PAGE + 17] &&
			 giver[PAGE + 18] == 2 && filled(giver, 1),
			 "one byte cleared at unmap\n");
	munmap(giver, PAGES * PAGE);
	gntalloc_free(alloc_fd, &granted, PAGES);
	close_channel(&chan);
}

/* The granting side has the same service. */
static void check_granter_notify(void)
{
	struct channel chan = open_channel();
	struct granted granted;
	unsigned char *giver = grant_pages(GNTALLOC_FLAG_WRITABLE, &granted);

	ksft_test_result(set_unmap_notify(alloc_fd, granted.index + 64 * PAGE,
					  UNMAP_NOTIFY_CLEAR_BYTE, 0) == -ENOENT,
			 "granter: a notification for no page is ENOENT\n");
	ksft_test_result(!set_unmap_notify(alloc_fd, granted.index, CLEAR_AND_SEND,
					   chan.far),
			 "granter: set notification\n");
	munmap(giver, PAGES * PAGE);
	ksft_test_result(evtchn_next(chan.near_fd, QUIET_MS) == -ETIMEDOUT,
			 "granter: no event while granted\n");
	gntalloc_free(alloc_fd, &granted, PAGES);
	ksft_test_result(evtchn_next(chan.near_fd, EVENT_WAIT_MS) == chan.near,
			 "granter: event when the grant is gone\n");
	close_channel(&chan);
}

static int copy_one(struct gntdev_grant_copy_segment *segment)
{
	struct ioctl_gntdev_grant_copy copy = { .count = 1, .segments = segment };

	return grant_ioctl(dev_fd, IOCTL_GNTDEV_GRANT_COPY, &copy);
}

static void check_copy(void)
{
	static unsigned char local[2 * PAGE];
	struct granted granted;
	unsigned char *giver = grant_pages(GNTALLOC_FLAG_WRITABLE, &granted);
	struct gntdev_grant_copy_segment in = {
		.source.foreign = { granted.refs[4], 100, own_domid },
		.dest.virt = local + PAGE - 50,	/* across a page's end */
		.len = 200,
		.flags = GNTCOPY_SOURCE_GREF,
	}, out = {
		.source.virt = local + PAGE - 50,
		.dest.foreign = { granted.refs[1], 0, own_domid },
		.len = 200,
		.flags = GNTCOPY_DEST_GREF,
	};

	ksft_test_result(!copy_one(&in) && !in.status &&
			 !local[PAGE - 51] && local[PAGE - 50] == 5 &&
			 local[PAGE + 149] == 5 && !local[PAGE + 150],
			 "copy from a grant\n");
	ksft_test_result(!copy_one(&out) && !out.status && giver[PAGE] == 5 &&
			 giver[PAGE + 199] == 5 && giver[PAGE + 200] == 2,
			 "copy to a grant\n");
	in.source.foreign.ref = BAD_REF;
	ksft_test_result(!copy_one(&in) && in.status < 0,
			 "copy from no grant says so in its status\n");
	out.dest.foreign.offset = PAGE - 100;
	ksft_test_result(copy_one(&out) == -EINVAL, "copy across a grant's end is EINVAL\n");
	munmap(giver, PAGES * PAGE);
	gntalloc_free(alloc_fd, &granted, PAGES);
}

static bool refuses_mapping(int domid, uint32_t ref)
{
	uint64_t index;
	bool refused;

	if (gntdev_announce(dev_fd, domid, &ref, 1, &index))
		return false;
	refused = map_pages(dev_fd, index, 1, RW) == MAP_FAILED;
	return !gntdev_forget(dev_fd, index, 1) && refused;
}

static void check_refusals(void)
{
	struct granted granted;
	uint64_t index;

	ksft_test_result(refuses_mapping(own_domid, BAD_REF), "no mapping of no grant\n");
	ksft_test_result(gntdev_announce(dev_fd, own_domid, NULL, 0, &index) == -EINVAL,
			 "no grants are EINVAL\n");
	ksft_test_result(gntalloc(alloc_fd, own_domid, 0, 1 << 20, &granted) == -ENOSPC,
			 "too many grants are ENOSPC\n");
	if (gntalloc(alloc_fd, OTHER_DOMID, GNTALLOC_FLAG_WRITABLE, 1, &granted))
		ksft_exit_fail_msg("no grant to another domain\n");
	ksft_test_result(refuses_mapping(own_domid, granted.refs[0]),
			 "no mapping of a grant to another domain\n");
	ksft_test_result(mmap(NULL, PAGE, RW, MAP_PRIVATE, alloc_fd,
			      granted.index) == MAP_FAILED && errno == EINVAL,
			 "a private mapping of a grant is EINVAL\n");
	gntalloc_free(alloc_fd, &granted, 1);
}

/* A process that dies with a page mapped; a child that inherits one. */
static void check_processes(void)
{
	struct granted granted;
	unsigned char *giver = grant_pages(GNTALLOC_FLAG_WRITABLE, &granted);
	uint64_t index;
	int status;

	if (!fork()) {
		dev_fd = xen_open("/dev/xen/gntdev", O_RDWR);
		map_grants(granted.refs, PAGES, &index)[3] = 99;
		raise(SIGKILL);
	}
	wait(&status);
	ksft_test_result(WIFSIGNALED(status) && giver[3] == 99 && giver[4] == 1,
			 "a killed process leaves what it wrote\n");

	map_grants(granted.refs, PAGES, &index);
	if (!fork())
		_exit(giver[3] == 99 ? 0 : 1);
	wait(&status);
	ksft_test_result(WIFEXITED(status) && !WEXITSTATUS(status),
			 "a child lives beside its parent's mappings\n");
	/* Both sides are still mapped here: exit has to clean up. */
}

/* What @domid wrote for xenstored to read, by the grant that allows it. */
static void check_other_domain(int domid)
{
	uint32_t ref = GRANT_OF_XENSTORE;
	uint64_t index;
	void *mem;

	gntdev_announce(dev_fd, domid, &ref, 1, &index);
	mem = map_pages(dev_fd, index, 1, PROT_READ);
	ksft_test_result(mem != MAP_FAILED, "map another domain's grant\n");
	ksft_test_result(mem != MAP_FAILED && is_xenstore_ring(mem),
			 "it is the other domain's page\n");
	if (mem != MAP_FAILED)
		munmap(mem, PAGE);
	ksft_test_result(!gntdev_forget(dev_fd, index, 1), "unmap it\n");
}

int main(void)
{
	bool pv = xen_start() == XEN_GUEST_PV;
	int other = xen_is_dom0() ? xen_other_domid() : -1;

	alloc_fd = xen_open("/dev/xen/gntalloc", O_RDWR);
	dev_fd = xen_open("/dev/xen/gntdev", O_RDWR);
	own_domid = xen_own_domid();
	if (own_domid < 0)
		ksft_exit_skip("xenstore does not know the own domain id\n");

	ksft_set_plan(13 + (pv ? 21 : 0) + (other < 0 ? 0 : 3));
	check_granter_notify();
	check_copy();
	check_refusals();
	if (pv) {
		check_sharing();
		check_readonly();
		check_unmap_notify();
		check_processes();
	}
	if (other >= 0)
		check_other_domain(other);
	ksft_finished();
}
