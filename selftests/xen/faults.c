// SPDX-License-Identifier: GPL-2.0
/*
 * What maps other domains' frames, while allocations fail and Xen refuses.
 *
 * Each step is repeated with its first, second, ... allocation failing, until
 * none is left to fail. It must fail whole, or say of each frame what became of
 * it, and memory must add up afterwards: Linux', Xen's idea of it, and grants.
 */
#include "xen_faults.h"
#include "xen_grant.h"
#include "xenstore.h"

#define XENMEM_MACHPHYS_MFN_LIST	5

#define RW		(PROT_READ | PROT_WRITE)
#define GRANTS		MAX_GRANTS
#define BAD_REF		0x7ffffff0
#define FRAMES		40UL
#define BAD_FRAME	0xffffffffffUL
#define TABLE_SIZE	(2UL << 20)	/* of what one page table maps */
#define MANY		65000		/* of the pages for grants, as many as one call may want */
#define MOST_FAULTS	2000
#define ENOUGH_FAULTS	300		/* a page lost at each would not be noise */

static int alloc_fd, dev_fd, privcmd_fd, own_domid;

static struct granted granted;
static unsigned char *giver, *taker;
static uint64_t grant_index;

static xen_pfn_t frames[FRAMES];
static unsigned char *reference, *room;
static int errs[FRAMES];

static bool filled(const unsigned char *mem, int value)
{
	int i;

	for (i = 0; i < PAGE; i++)
		if (mem[i] != value)
			return false;
	return true;
}

struct step {
	const char *name;
	int (*act)(void);	/* 0 or -errno, while an allocation fails */
	bool (*ends)(int ret);	/* undoes it; whether it was as it should be */
	bool (*begins)(void);	/* what comes before */
};

/* How many of a step's allocations failed; -1 if it did not end well. */
static int faults_of(const struct step *step)
{
	bool failed = true;
	int nth, ret;

	for (nth = 1; failed && nth < MOST_FAULTS; nth++) {
		if (step->begins && !step->begins())
			return -1;
		arm(nth);
		ret = step->act();
		failed = disarm();
		if (ret && (!failed || ret != -ENOMEM)) {
			ksft_print_msg("%s, fault %d: %s\n", step->name, nth, strerror(-ret));
			return -1;
		}
		if (!step->ends(ret)) {
			ksft_print_msg("%s, fault %d, %d: wrong\n", step->name, nth, ret);
			return -1;
		}
	}
	return failed ? -1 : nth - 2;
}

static void check_step(const struct step *step)
{
	struct count before;
	int faults, all = 0;

	/* Where lockdep had something to say, the console is verbose; debug lines take minutes. */
	write_number("/proc/sys/kernel/printk", 7);

	/* What the first time leaves in caches is not lost. */
	faults = faults_of(step);
	before = count_pages(privcmd_fd);
	while (faults > 0 && all < ENOUGH_FAULTS) {
		faults = faults_of(step);
		all += faults;
	}
	ksft_print_msg("%s: %d faults\n", step->name, all);
	ksft_test_result(faults > 0, "%s: any allocation may fail\n", step->name);
	check_count(privcmd_fd, &before, step->name);
}

static int announce_grants(void)
{
	return gntdev_announce(dev_fd, own_domid, granted.refs, GRANTS, &grant_index);
}

static bool grants_announced(void)
{
	return !announce_grants();
}

static bool forget_grants(int ret)
{
	return ret || !gntdev_forget(dev_fd, grant_index, GRANTS);
}

static int map_grants(void)
{
	taker = map_pages(dev_fd, grant_index, GRANTS, RW);
	return taker == MAP_FAILED ? -errno : 0;
}

static bool unmap_grants(int ret)
{
	bool good = true;
	int i;

	for (i = 0; !ret && i < GRANTS; i++)
		good &= filled(taker + i * PAGE, i + 1);
	if (!ret)
		munmap(taker, GRANTS * PAGE);
	return !gntdev_forget(dev_fd, grant_index, GRANTS) && good;
}

/* Across the end of what one page table maps, with no page table there yet. */
static bool make_room(void)
{
	unsigned char *mem = foreign_room(privcmd_fd, 2 * TABLE_SIZE / PAGE, PROT_READ);
	uintptr_t middle = ((uintptr_t)mem + TABLE_SIZE) & -TABLE_SIZE;

	munmap(mem, 2 * TABLE_SIZE);
	room = mmap((void *)(middle - FRAMES / 2 * PAGE), FRAMES * PAGE, PROT_READ,
		    MAP_SHARED | MAP_FIXED_NOREPLACE, privcmd_fd, 0);
	memset(errs, 0x55, sizeof(errs));
	return room != MAP_FAILED;
}

static int map_foreign(void)
{
	return map_frames(privcmd_fd, DOMID_XEN, room, frames, FRAMES, errs);
}

static bool is_mapped(unsigned int i)
{
	unsigned char present;
	int pipes[2];

	/* A system call looks for us, and does not fault. */
	if (pipe(pipes))
		ksft_exit_fail_perror("pipe");
	present = write(pipes[1], room + i * PAGE, 1) == 1;
	close(pipes[0]);
	close(pipes[1]);
	return present && !memcmp(room + i * PAGE, reference + i * PAGE, PAGE);
}

/* Each frame is mapped or has an error, and @bad ones have one. */
static bool frames_are_told(int ret, uint64_t bad)
{
	bool good = true, told, mapped;
	unsigned int i;

	for (i = 0; i < FRAMES; i++) {
		told = !ret && !errs[i];
		mapped = is_mapped(i);
		if (told == mapped && (ret || errs[i] <= 0) && !(told && bad >> i & 1))
			continue;
		ksft_print_msg("frame %u: error %d, it is%s mapped\n", i, errs[i],
			       mapped ? "" : " not");
		good = false;
	}
	return good;
}

static bool unmap_foreign(int ret)
{
	bool good = frames_are_told(ret, 0);

	munmap(room, FRAMES * PAGE);
	return good;
}

/* Frames of a table of Xen's that dom0 may look at. */
static void find_frames(void)
{
	struct { unsigned int max; xen_pfn_t *start; unsigned int nr; } list;
	xen_pfn_t first = 0;
	unsigned int i;

	list.max = 1;
	list.start = &first;
	if (hypercall(privcmd_fd, __HYPERVISOR_memory_op, XENMEM_MACHPHYS_MFN_LIST, &list))
		ksft_exit_fail_msg("Xen does not say where its table is\n");
	for (i = 0; i < FRAMES; i++)
		frames[i] = first + i;
	reference = foreign_room(privcmd_fd, FRAMES, PROT_READ);
	if (map_frames(privcmd_fd, DOMID_XEN, reference, frames, FRAMES, errs))
		ksft_exit_fail_msg("Xen's table cannot be mapped\n");
}

/* Xen takes a batch in pieces: bad frames at the ends of some, and side by side. */
static void check_bad_frames(void)
{
	static const uint64_t patterns[] = {
		1, 1ULL << (FRAMES - 1), 1 << 7, 3 << 15, 7 << 14 | 1, 0xffff, 0xffff0000,
		0x5555555555, 0xaaaaaaaaaa, (1ULL << FRAMES) - 1,
	};
	struct count before = count_pages(privcmd_fd);
	xen_pfn_t good_frames[FRAMES];
	bool good = true;
	unsigned int i, round;
	int ret;

	memcpy(good_frames, frames, sizeof(frames));
	/* Thrice, for ENOUGH_FAULTS bad frames. */
	for (round = 0; round < 3 * ARRAY_SIZE(patterns); round++) {
		uint64_t bad = patterns[round % ARRAY_SIZE(patterns)];

		for (i = 0; i < FRAMES; i++)
			frames[i] = bad >> i & 1 ? BAD_FRAME : good_frames[i];
		if (!make_room())
			ksft_exit_fail_perror("mmap of privcmd");
		ret = map_foreign();
		good &= !ret && frames_are_told(ret, bad);
		for (i = 0; i < FRAMES; i++)
			good &= bad >> i & 1 || !errs[i];
		munmap(room, FRAMES * PAGE);
	}
	memcpy(frames, good_frames, sizeof(frames));
	ksft_test_result(good, "frames that Xen refuses: each has an answer of its own\n");
	check_count(privcmd_fd, &before, "frames that Xen refuses");
}

static int by_number(const void *one, const void *other)
{
	return *(const uint32_t *)one < *(const uint32_t *)other ? -1 : 1;
}

static bool are_same(struct granted one, struct granted other)
{
	qsort(one.refs, GRANTS, sizeof(one.refs[0]), by_number);
	qsort(other.refs, GRANTS, sizeof(other.refs[0]), by_number);
	return !memcmp(one.refs, other.refs, sizeof(one.refs));
}

/* Grants that are still mapped somewhere cannot be freed, and are not used again. */
static bool grants_are_free(void)
{
	struct granted before = granted;

	munmap(giver, GRANTS * PAGE);
	return !gntalloc_free(alloc_fd, &granted, GRANTS) &&
	       !gntalloc(alloc_fd, own_domid, GNTALLOC_FLAG_WRITABLE, GRANTS, &granted) &&
	       are_same(before, granted);
}

static void make_grants(void)
{
	int i, ret = 0;

	if (!giver)
		ret = gntalloc(alloc_fd, own_domid, GNTALLOC_FLAG_WRITABLE, GRANTS, &granted);
	if (ret)
		ksft_exit_fail_msg("gntalloc: %s\n", strerror(-ret));
	giver = map_pages(alloc_fd, granted.index, GRANTS, RW);
	if (giver == MAP_FAILED)
		ksft_exit_fail_perror("mmap of gntalloc");
	for (i = 0; i < GRANTS; i++)
		memset(giver + i * PAGE, i + 1, PAGE);
}

/* One bad grant has a whole mapping fail, and those beside it are unmapped. */
static void check_bad_grants(void)
{
	struct count before = count_pages(privcmd_fd);
	bool good = true;
	int round;

	for (round = 0; round < ENOUGH_FAULTS; round++) {
		int bad = round % GRANTS;
		uint32_t ref = granted.refs[bad];

		granted.refs[bad] = BAD_REF;
		good &= grants_announced();
		granted.refs[bad] = ref;
		good &= map_grants() == -EINVAL && forget_grants(0);
	}
	ksft_test_result(good, "a grant that Xen refuses: the mapping is EINVAL\n");
	good = grants_are_free();
	make_grants();
	ksft_test_result(good, "a grant that Xen refuses: the others are unmapped\n");
	ksft_test_result(grants_announced() && !map_grants() && unmap_grants(0),
			 "a grant that Xen refuses: the next mapping is right\n");
	check_count(privcmd_fd, &before, "a grant that Xen refuses");
}

/* Pages for more grants than there have ever been: the p2m list has to grow. */
static int announce_many(void)
{
	static struct ioctl_gntdev_map_grant_ref *op;
	int ret;

	op = op ?: calloc(1, sizeof(*op) + MANY * sizeof(op->refs[0]));
	op->count = MANY;
	ret = grant_ioctl(dev_fd, IOCTL_GNTDEV_MAP_GRANT_REF, op);
	grant_index = op->index;
	return ret;
}

static bool forget_many(int ret)
{
	return ret || !gntdev_forget(dev_fd, grant_index, MANY);
}

/* Drivers have it grow by either function, as pages come from here or from there. */
static void check_list(void)
{
	static const struct step step = { "p2m list", announce_many, forget_many, NULL };
	struct count before = count_pages(privcmd_fd);
	bool known = only_within("set_phys_to_machine", "xen_alloc_p2m_entry");
	int faults = known ? faults_of(&step) : 0;

	anywhere();
	ksft_print_msg("%s: %d faults\n", step.name, faults);
	if (!faults) {
		ksft_test_result_skip("%s: %s\n", step.name,
				      known ? "it need not grow" : "no stack trace tells");
		ksft_test_result_skip("%s: so no page could be lost\n", step.name);
		return;
	}
	ksft_test_result(faults > 0, "%s: any allocation may fail\n", step.name);

	/* The list stays, and so do the pages that it has grown for. */
	before.free = 0;
	before.total_kb = meminfo_kb("MemTotal:");
	check_count(privcmd_fd, &before, step.name);
}

/* The kernel's thread that does the ballooning, as a directory of /proc; false if there is none. */
static bool find_balloon_thread(char *path, size_t size)
{
	char name[32];
	int pid;

	for (pid = 1; pid < 1000; pid++) {
		snprintf(path, size, "/proc/%d/comm", pid);
		if (read_file(path, name, sizeof(name)) > 0 && !strcmp(name, "xen-balloon")) {
			snprintf(path, size, "/proc/%d/make-it-fail", pid);
			return true;
		}
	}
	return false;
}

/* Going down, allocations fail amid a batch; the thread has to come back to it. */
static void check_balloon(void)
{
	long long target = read_number(BALLOON "target_kb");
	struct count before = count_pages(privcmd_fd);
	char path[64];
	bool good;

	if (!find_balloon_thread(path, sizeof(path)) || write_number(path, 1))
		ksft_exit_fail_msg("no thread xen-balloon that could be made to fail\n");
	set_fault("fail_page_alloc", "ignore-gfp-highmem", "0");
	set_fault("fail_page_alloc", "task-filter", "1");
	set_fault("fail_page_alloc", "interval", "200");
	set_fault("fail_page_alloc", "times", "2");
	set_fault("fail_page_alloc", "probability", "100");
	good = !write_number(BALLOON "target_kb", target - (32 << 10)) && settles();
	good &= !read_number(FAULTS "fail_page_alloc/times");
	set_fault("fail_page_alloc", "probability", "0");
	write_number(path, 0);
	ksft_test_result(good, "balloon: any allocation may fail\n");
	write_number(BALLOON "target_kb", target);
	check_count(privcmd_fd, &before, "balloon");
}

int main(void)
{
	static const struct step steps[] = {
		{ "pages for grants", announce_grants, forget_grants, NULL },
		{ "mapping of grants", map_grants, unmap_grants, grants_announced },
		{ "mapping of frames", map_foreign, unmap_foreign, make_room },
	};
	unsigned int i;

	if (xen_start() != XEN_GUEST_PV || !xen_is_dom0())
		ksft_exit_skip("only for a PV dom0\n");
	alloc_fd = xen_open("/dev/xen/gntalloc", O_RDWR);
	dev_fd = xen_open("/dev/xen/gntdev", O_RDWR);
	privcmd_fd = privcmd_open();
	own_domid = xen_own_domid();
	if (!prepare_faults())
		ksft_exit_skip(NO_FAULTS "\n");
	find_frames();
	make_grants();

	ksft_set_plan(2 + 2 * ARRAY_SIZE(steps) + 2 + 4 + 2);
	check_list();
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		check_step(&steps[i]);
	check_bad_frames();
	check_bad_grants();
	check_balloon();
	ksft_finished();
}
