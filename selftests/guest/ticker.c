// SPDX-License-Identifier: GPL-2.0
/*
 * Shows that a guest is alive and its clocks monotonic. Twice a second a line
 * "TICK number monotonic cpus kilobytes boottime sched_clock", clocks in
 * seconds; a line with "stepped back" when a clock is seen to do so, from the
 * vDSO or the kernel, on any CPU and from one CPU to the next; and a line with
 * "ran away" when sched_clock does not keep CLOCK_MONOTONIC's pace, unless it
 * is called with the argument "sleep": in ACPI sleep only the latter stops.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND		1000000000LL
#define READS		200
/* What sched_clock may gain on CLOCK_MONOTONIC, or lose. */
#define STRAY		(3 * SECOND)
#define SCHED_DEBUG	"/sys/kernel/debug/sched/debug"

static struct {
	clockid_t id;
	const char *name;
	long long last;
} clocks[] = {
	{ CLOCK_MONOTONIC, "CLOCK_MONOTONIC", 0 },
	{ CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW", 0 },
	{ CLOCK_BOOTTIME, "CLOCK_BOOTTIME", 0 },
};

#define CLOCKS		(sizeof(clocks) / sizeof(clocks[0]))
#define MONOTONIC	(clocks[0].last)
#define BOOTTIME	(clocks[2].last)

static long long sched_clock_last;
static int keeps_pace = 1;

static void forward(const char *name, long long *last, long long now, int cpu)
{
	if (now < *last)
		printf("%s stepped back on CPU %d: %lld ns to %lld ns\n", name, cpu, *last, now);
	*last = now;
}

static void look(size_t clock, int cpu, int in_kernel)
{
	struct timespec now;

	if (in_kernel)
		syscall(SYS_clock_gettime, clocks[clock].id, &now);
	else
		clock_gettime(clocks[clock].id, &now);
	forward(clocks[clock].name, &clocks[clock].last, now.tv_sec * SECOND + now.tv_nsec, cpu);
}

/* What sched_clock() is on this CPU, in nanoseconds, or 0 if nobody tells. */
static long long sched_clock(void)
{
	long long ms, ns, now = 0;
	char line[256];
	FILE *file = fopen(SCHED_DEBUG, "r");

	if (!file)
		return 0;
	setvbuf(file, NULL, _IOFBF, 1024);
	while (!now && fgets(line, sizeof(line), file))
		if (sscanf(line, "sched_clk : %lld.%lld", &ms, &ns) == 2)
			now = ms * 1000000 + ns;
	fclose(file);
	return now;
}

/*
 * sched_clock is read between two looks at CLOCK_MONOTONIC, which on a busy
 * machine may be seconds apart: what all looks leave of the distance between
 * the two clocks is from least to most.
 */
static void look_at_sched_clock(int cpu)
{
	static long long least = LLONG_MIN, most = LLONG_MAX;
	long long before, now;

	look(0, cpu, 0);
	before = MONOTONIC;
	now = sched_clock();
	if (!now)
		return;
	forward("sched_clock", &sched_clock_last, now, cpu);
	look(0, cpu, 0);
	if (now - MONOTONIC > least)
		least = now - MONOTONIC;
	if (now - before < most)
		most = now - before;
	if (keeps_pace && least - most > STRAY) {
		printf("sched_clock ran away on CPU %d: at %lld ns when CLOCK_MONOTONIC is %lld to %lld ns\n",
		       cpu, now, before, MONOTONIC);
		least = LLONG_MIN;
		most = LLONG_MAX;
	}
}

static void look_on(int cpu)
{
	cpu_set_t set;
	size_t clock;
	int i;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return; /* off line */
	for (i = 0; i < READS; i++)
		for (clock = 0; clock < CLOCKS; clock++)
			look(clock, cpu, i % 8 == 0);
	look_at_sched_clock(cpu);
}

static long memory_kb(void)
{
	long kb = 0;
	FILE *file = fopen("/proc/meminfo", "r");

	if (file) {
		if (fscanf(file, "MemTotal: %ld", &kb) != 1)
			kb = 0;
		fclose(file);
	}
	return kb;
}

static double seconds(long long ns)
{
	return (double)(ns / 1000000) / 1000;
}

int main(int argc, char **argv)
{
	unsigned int number;
	int cpu;

	if (argc > 1)
		keeps_pace = strcmp(argv[1], "sleep");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (number = 0;; number++) {
		for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++)
			look_on(cpu);
		printf("TICK %u %.3f %ld %ld %.3f %.3f\n", number, seconds(MONOTONIC), sysconf(_SC_NPROCESSORS_ONLN),
		       memory_kb(), seconds(BOOTTIME), seconds(sched_clock_last));
		usleep(500000);
	}
}
