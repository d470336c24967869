// SPDX-License-Identifier: GPL-2.0
/*
 * Steal time in /proc/stat: present, never backwards, the sum of its CPUs, and
 * together with the time that a busy task got no more than the time that went by.
 */
#include <sched.h>
#include <time.h>

#include "xen_guest.h"

#define ROUNDS	5

/* The columns of a cpu line that are time spent away from idle. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMNS };

/* The line of @cpu, or of all of them together for -1. */
static bool read_stat(int cpu, unsigned long long ticks[COLUMNS])
{
	char line[512], name[16], *value;
	FILE *stat = fopen("/proc/stat", "re");
	bool found = false;
	int i;

	if (!stat)
		ksft_exit_fail_perror("/proc/stat");
	snprintf(name, sizeof(name), cpu < 0 ? "cpu " : "cpu%d ", cpu);
	while (!found && fgets(line, sizeof(line), stat))
		found = !strncmp(line, name, strlen(name));
	fclose(stat);
	if (!found)
		return false;

	value = line + strlen(name);
	for (i = 0; i < COLUMNS; i++) {
		char *end;

		ticks[i] = strtoull(value, &end, 10);
		if (end == value)
			return false;
		value = end;
	}
	return true;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		ksft_exit_fail_perror("sched_setaffinity");
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void spin(double seconds)
{
	double end = now() + seconds;

	while (now() < end)
		;
}

/* Keeps @cpu busy and looks at its column after each round. */
static void check_cpu(int cpu)
{
	unsigned long long first[COLUMNS], before[COLUMNS], after[COLUMNS];
	double start, elapsed, accounted = 0;
	bool forward = true;
	int i;

	pin(cpu);
	start = now();
	if (!read_stat(cpu, first))
		ksft_exit_fail_msg("no steal column for cpu %d\n", cpu);
	memcpy(before, first, sizeof(before));
	for (i = 0; i < ROUNDS; i++) {
		spin(0.2);
		if (!read_stat(cpu, after))
			ksft_exit_fail_msg("cpu %d went away\n", cpu);
		forward &= after[STEAL] >= before[STEAL];
		memcpy(before, after, sizeof(before));
	}
	elapsed = now() - start;
	for (i = 0; i < COLUMNS; i++)
		accounted += after[i] - first[i];
	accounted /= sysconf(_SC_CLK_TCK);

	ksft_print_msg("cpu %d: stolen %llu ticks, now %llu; accounted %.2f of %.2f s\n",
		       cpu, after[STEAL] - first[STEAL], after[STEAL],
		       accounted, elapsed);
	ksft_test_result(forward, "cpu %d: steal never backwards\n", cpu);
	/* Ticks get lost where the machine itself is emulated, but none is made up. */
	ksft_test_result(accounted > elapsed * 0.2 &&
			 accounted < elapsed * 1.2 + 0.1,
			 "cpu %d: no time accounted twice\n", cpu);
}

static bool steal_is_sum(int cpus)
{
	unsigned long long before[COLUMNS], after[COLUMNS], one[COLUMNS], sum = 0;
	int cpu;

	if (!read_stat(-1, before))
		return false;
	for (cpu = 0; cpu < cpus; cpu++)
		if (read_stat(cpu, one))
			sum += one[STEAL];
	if (!read_stat(-1, after))
		return false;
	/* Each CPU's ticks are rounded down on their own. */
	return sum + cpus >= before[STEAL] && sum <= after[STEAL];
}

int main(void)
{
	int cpu, cpus;
	cpu_set_t online;

	xen_start();
	if (sched_getaffinity(0, sizeof(online), &online))
		ksft_exit_fail_perror("sched_getaffinity");
	cpus = sysconf(_SC_NPROCESSORS_CONF);

	ksft_set_plan(2 * CPU_COUNT(&online) + 1);
	for (cpu = 0; cpu < cpus; cpu++)
		if (CPU_ISSET(cpu, &online))
			check_cpu(cpu);
	ksft_test_result(steal_is_sum(cpus), "total is the sum of the CPUs\n");
	ksft_finished();
}
