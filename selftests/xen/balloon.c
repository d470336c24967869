// SPDX-License-Identifier: GPL-2.0
/*
 * Memory down and up: the balloon reaches its target both ways, the kernel's
 * idea of its memory follows, what was in memory stays, and what comes back is
 * memory.
 */
#include <sys/mman.h>
#include <time.h>

#include "xen_guest.h"

#define BALLOON		"/sys/devices/system/xen_memory/xen_memory0/"
#define KEPT_KB		(16 << 10)
#define WAIT_SECONDS	40

static long long target_at_start;

static void restore_target(void)
{
	write_number(BALLOON "target_kb", target_at_start);
}

static long long meminfo_kb(const char *name)
{
	char text[8192], *line;

	if (read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, name);
	return line ? atoll(line + strlen(name)) : -1;
}

/* The balloon works in the background. */
static bool reaches(long long kb)
{
	struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };
	long long current = -1;
	int i;

	if (write_number(BALLOON "target_kb", kb) ||
	    read_number(BALLOON "target_kb") != kb)
		return false;
	for (i = 0; i < WAIT_SECONDS * 10; i++) {
		current = read_number(BALLOON "info/current_kb");
		if (current == kb)
			return true;
		nanosleep(&tenth, NULL);
	}
	ksft_print_msg("current %lld kB, target %lld kB\n", current, kb);
	return false;
}

static uint64_t word_for(size_t i, uint64_t seed)
{
	return (i + seed) * 0x9e3779b97f4a7c15;
}

static uint64_t *fill(size_t kb, uint64_t seed)
{
	size_t i, words = kb * 1024 / sizeof(uint64_t);
	uint64_t *mem = mmap(NULL, kb * 1024, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	for (i = 0; i < words; i++)
		mem[i] = word_for(i, seed);
	return mem;
}

static bool intact(const uint64_t *mem, size_t kb, uint64_t seed)
{
	size_t i, words = kb * 1024 / sizeof(uint64_t);

	for (i = 0; i < words; i++) {
		if (mem[i] == word_for(i, seed))
			continue;
		ksft_print_msg("word %zu is %llx\n", i, (unsigned long long)mem[i]);
		return false;
	}
	return true;
}

/* Gives back @kb and takes them again. */
static void check_cycle(const uint64_t *kept, long long kb)
{
	long long total = meminfo_kb("MemTotal:");
	uint64_t *back;

	ksft_test_result(reaches(target_at_start - kb), "down by %lld kB\n", kb);
	ksft_test_result(llabs(total - kb - meminfo_kb("MemTotal:")) <= kb / 10,
			 "the kernel has less memory\n");
	ksft_test_result(intact(kept, KEPT_KB, 1), "contents stayed going down\n");
	ksft_test_result(reaches(target_at_start), "up again\n");
	ksft_test_result(llabs(total - meminfo_kb("MemTotal:")) <= kb / 10,
			 "the kernel has its memory again\n");
	ksft_test_result(intact(kept, KEPT_KB, 1), "contents stayed going up\n");

	/* Twice as much, to reach frames that have just come back. */
	back = fill(2 * kb, 2);
	ksft_test_result(intact(back, 2 * kb, 2), "what came back is usable\n");
	munmap(back, 2 * kb * 1024);
}

int main(void)
{
	long long kb;
	uint64_t *kept;

	xen_start();
	target_at_start = read_number(BALLOON "target_kb");
	if (target_at_start < 0)
		ksft_exit_skip("no " BALLOON "\n");
	kb = meminfo_kb("MemAvailable:") / 4;
	if (kb < 8 << 10)
		ksft_exit_skip("too little memory to give any back\n");
	if (kb > 64 << 10)
		kb = 64 << 10;
	kb &= ~3LL;
	atexit(restore_target);

	ksft_set_plan(8);
	kept = fill(KEPT_KB, 1);
	ksft_test_result(read_number(BALLOON "info/current_kb") == target_at_start,
			 "at its target to begin with\n");
	check_cycle(kept, kb);
	ksft_finished();
}
