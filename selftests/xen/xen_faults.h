/* SPDX-License-Identifier: GPL-2.0 */
/* Allocations that fail on demand, and what must add up afterwards. */
#ifndef _SELFTESTS_XEN_FAULTS_H
#define _SELFTESTS_XEN_FAULTS_H

#include "xen_privcmd.h"

#define FAULTS		"/sys/kernel/debug/"
#define BALLOON		"/sys/devices/system/xen_memory/xen_memory0/"

#define XENMEM_CURRENT_RESERVATION	3

#define NO_FAULTS	"no FAILSLAB, FAIL_PAGE_ALLOC and their debugfs"

#define ANYWHERE_START	"0"
#define ANYWHERE_END	"0xffffffffffffffff"
#define WAIT_SECONDS	40
#define NOISE		192	/* by which the number of free pages may differ */

static int nth_fd;

static inline int set_fault(const char *kind, const char *name, const char *value)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), FAULTS "%s/%s", kind, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

static inline int set_faults(const char *name, const char *value)
{
	return set_fault("failslab", name, value) ?:
	       set_fault("fail_page_alloc", name, value);
}

static inline void anywhere(void)
{
	set_faults("require-start", ANYWHERE_START);
	set_faults("require-end", ANYWHERE_END);
}

static inline void restore_faults(void)
{
	anywhere();
	set_faults("verbose", "2");
	set_faults("ignore-gfp-wait", "1");
	set_fault("fail_page_alloc", "min-order", "1");
	set_fault("fail_page_alloc", "ignore-gfp-highmem", "1");
	set_fault("fail_page_alloc", "task-filter", "0");
	set_fault("fail_page_alloc", "probability", "0");
	set_fault("fail_page_alloc", "interval", "1");
	set_fault("fail_page_alloc", "times", "-1");
}

/* All allocations may fail from now on, even those that may wait for memory; false where they cannot. */
static inline bool prepare_faults(void)
{
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0 || set_faults("ignore-gfp-wait", "0"))
		return false;
	atexit(restore_faults);
	set_faults("verbose", "0");
	set_fault("fail_page_alloc", "min-order", "0");
	return true;
}

/* Lets only those fail that two functions make, or code between; false if that fails. */
static inline bool only_within(const char *one, const char *other)
{
	char line[1024], name[512], address[20] = "0x", start[20] = "", end[20] = "";
	FILE *symbols = fopen("/proc/kallsyms", "r");
	int found = 0;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%16s %*c %511s", address + 2, name) != 2)
			continue;
		if (!strcmp(name, one) || !strcmp(name, other)) {
			strcpy(found++ ? end : start, address);
			*end = 0;
		} else if (found && !*end) {
			strcpy(end, address);
		}
	}
	if (symbols)
		fclose(symbols);
	return found == 2 && !set_faults("require-start", start) &&
	       !set_faults("require-end", end);
}

/* Has this thread's allocation number @nth from now on fail; 0 for none. */
static inline void arm(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(nth_fd, text, len, 0) != len)
		ksft_exit_fail_perror("fail-nth");
}

/* Whether it has come to that. */
static inline bool disarm(void)
{
	char text[16] = "";
	bool failed = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	arm(0);
	return failed;
}

static inline long long meminfo_kb(const char *name)
{
	char text[8192], *line;

	if (read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, name);
	return line ? atoll(line + strlen(name)) : -1;
}

/* The balloon works in the background, and takes back what was given in vain. */
static inline bool settles(void)
{
	int i;

	for (i = 0; i < WAIT_SECONDS * 10; i++) {
		if (read_number(BALLOON "info/current_kb") ==
		    read_number(BALLOON "target_kb"))
			return true;
		usleep(100 * 1000);
	}
	return false;
}

/*
 * Free pages, with those in the lists of the CPUs: what the balloon frees goes
 * there first, tens of megabytes of it, and as long as a CPU sleeps it stays.
 */
static inline long long free_pages(void)
{
	FILE *zones = fopen("/proc/zoneinfo", "r");
	long long pages, all = 0;
	char line[256];

	while (zones && fgets(line, sizeof(line), zones))
		if (sscanf(line, " pages free %lld", &pages) == 1 ||
		    sscanf(line, " count: %lld", &pages) == 1)
			all += pages;
	if (zones)
		fclose(zones);
	if (!all)
		ksft_exit_fail_msg("/proc/zoneinfo knows of no free page\n");
	return all;
}

/* Where the pages of this domain are. */
struct count {
	long long xen, total_kb, free;
};

static inline struct count count_pages(int privcmd_fd)
{
	domid_t self = DOMID_SELF;
	struct count count;

	if (!settles())
		ksft_print_msg("the balloon is not at its target\n");
	write_number("/proc/sys/vm/drop_caches", 3);
	write_number("/proc/sys/vm/stat_refresh", 1);
	count.xen = hypercall(privcmd_fd, __HYPERVISOR_memory_op,
			      XENMEM_CURRENT_RESERVATION, &self);
	count.total_kb = meminfo_kb("MemTotal:");
	count.free = free_pages();
	return count;
}

/* Some pages come back later, by RCU or by a kernel thread. */
static inline void check_count(int privcmd_fd, const struct count *before,
			       const char *after_what)
{
	struct count now = count_pages(privcmd_fd);
	int i;

	for (i = 0; i < WAIT_SECONDS && now.free <= before->free - NOISE; i++) {
		sleep(1);
		now = count_pages(privcmd_fd);
	}
	ksft_print_msg("Xen's pages %lld, %lld; total %lld, %lld kB; free pages %lld, %lld\n",
		       before->xen, now.xen, before->total_kb, now.total_kb,
		       before->free, now.free);
	ksft_test_result(now.xen == before->xen && now.total_kb == before->total_kb &&
			 now.free > before->free - NOISE,
			 "%s: no page is lost\n", after_what);
}

#endif
