// SPDX-License-Identifier: GPL-2.0
/*
 * Shows that a guest is alive and its clock monotonic: twice a second a line
 * "TICK number monotonic-seconds cpus kilobytes", and a line with "stepped
 * back" when CLOCK_MONOTONIC is seen to do so, from the vDSO or the kernel,
 * on any CPU and from one CPU to the next.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READS 500

static struct timespec last;

static void look(int cpu, int in_kernel)
{
	struct timespec now;

	if (in_kernel)
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	else
		clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < last.tv_sec ||
	    (now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec))
		printf("CLOCK_MONOTONIC stepped back on CPU %d: %lld.%09ld to %lld.%09ld\n", cpu,
		       (long long)last.tv_sec, last.tv_nsec, (long long)now.tv_sec, now.tv_nsec);
	last = now;
}

static void look_on(int cpu)
{
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return; /* off line */
	for (i = 0; i < READS; i++)
		look(cpu, i % 8 == 0);
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

int main(void)
{
	unsigned int number;
	int cpu;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (number = 0;; number++) {
		for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++)
			look_on(cpu);
		printf("TICK %u %lld.%03ld %ld %ld\n", number, (long long)last.tv_sec,
		       last.tv_nsec / 1000000, sysconf(_SC_NPROCESSORS_ONLN), memory_kb());
		usleep(500000);
	}
}
