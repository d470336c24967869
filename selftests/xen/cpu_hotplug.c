// SPDX-License-Identifier: GPL-2.0
/*
 * CPU hotplug: each CPU but the first goes offline and comes back a few times
 * under load; afterwards its timer, its IPIs and its place in the scheduler work.
 */
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#include "xen_guest.h"

#define CYCLES		4
#define SLEEPS		20
#define HANDOVERS	100
#define BARRIERS	20
#define SECOND		1000000000LL

static atomic_bool stop;

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static const char *online_file(int cpu)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return path;
}

static bool pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* Spins, sleeps and makes page faults wherever the scheduler puts it. */
static void *load(void *arg __always_unused)
{
	struct timespec moment = { .tv_nsec = 100 * 1000 };

	while (!stop) {
		free(memset(malloc(1 << 20), 1, 1 << 20));
		nanosleep(&moment, NULL);
	}
	return NULL;
}

/* On @cpu: short sleeps end on it, soon after they should. */
static bool timer_works(int cpu)
{
	struct timespec sleep = { .tv_nsec = 5 * 1000 * 1000 };
	int i;

	for (i = 0; i < SLEEPS; i++) {
		long long start = now(), took;

		nanosleep(&sleep, NULL);
		took = now() - start;
		if (took >= sleep.tv_nsec && took < 20 * SECOND &&
		    sched_getcpu() == cpu)
			continue;
		ksft_print_msg("cpu %d: %lld ns asleep, awake on cpu %d\n",
			       cpu, took, sched_getcpu());
		return false;
	}
	return true;
}

static void *echo(void *pipes)
{
	int *fd = pipes;
	char c;

	while (read(fd[0], &c, 1) == 1 && write(fd[3], &c, 1) == 1)
		;
	return NULL;
}

/* Wakes a thread on cpu 0 and is woken by it, which takes reschedule IPIs. */
static bool wakeups_work(int cpu)
{
	long long start = now();
	int fd[4], i, done = 0;
	pthread_t other;
	char c = 0;

	if (pipe(fd) || pipe(fd + 2) || !pin(0) ||
	    pthread_create(&other, NULL, echo, fd) || !pin(cpu))
		return false;
	for (i = 0; i < HANDOVERS; i++)
		done += write(fd[1], &c, 1) == 1 && read(fd[2], &c, 1) == 1;
	close(fd[1]);
	pthread_join(other, NULL);
	close(fd[0]);
	close(fd[2]);
	close(fd[3]);
	if (done == HANDOVERS && now() - start < 60 * SECOND)
		return true;
	ksft_print_msg("cpu %d: %d wake-ups in %lld ms\n", cpu, done,
		       (now() - start) / 1000000);
	return false;
}

static atomic_int spinning, seen;

static void *spin_on(void *cpu)
{
	bool there = pin((long)cpu);

	seen = sched_getcpu();
	spinning = there ? 1 : -1;
	while (!stop && spinning > 0)
		seen = sched_getcpu();
	return NULL;
}

/* From cpu 0 to a thread that keeps @cpu busy: function call IPIs. */
static bool barriers_work(int cpu)
{
	pthread_t busy;
	int i, failed = 0;

	if (!pin(0) || pthread_create(&busy, NULL, spin_on, (void *)(long)cpu))
		return false;
	while (!spinning)
		sched_yield();
	for (i = 0; i < BARRIERS; i++)
		failed |= syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	spinning = 0;
	pthread_join(busy, NULL);
	return !failed && seen == cpu;
}

static bool goes_offline(int cpu)
{
	int ret = write_number(online_file(cpu), 0);

	if (ret)
		ksft_print_msg("cpu %d offline: %s\n", cpu, strerror(-ret));
	/* Nothing can run there any more. */
	return !ret && !read_number(online_file(cpu)) && !pin(cpu);
}

static bool comes_back(int cpu)
{
	int ret = write_number(online_file(cpu), 1);

	if (ret)
		ksft_print_msg("cpu %d online: %s\n", cpu, strerror(-ret));
	return !ret && read_number(online_file(cpu)) == 1 && pin(cpu) &&
	       sched_getcpu() == cpu;
}

static void check_cpu(int cpu)
{
	bool down = true, up = true, timer = true, wakeups = true, barriers = true;
	int i;

	for (i = 0; i < CYCLES; i++) {
		pin(0);
		down &= goes_offline(cpu);
		up &= comes_back(cpu);
		if (!down || !up)
			break;
		timer &= timer_works(cpu);
		wakeups &= wakeups_work(cpu);
		barriers &= barriers_work(cpu);
	}
	ksft_test_result(down, "cpu %d: offline\n", cpu);
	ksft_test_result(up, "cpu %d: online again\n", cpu);
	ksft_test_result(timer, "cpu %d: timer\n", cpu);
	ksft_test_result(wakeups, "cpu %d: wake-ups to and from it\n", cpu);
	ksft_test_result(barriers, "cpu %d: membarrier\n", cpu);
}

int main(void)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_CONF), n;
	pthread_t threads[4];
	cpu_set_t online;

	xen_start();
	sched_getaffinity(0, sizeof(online), &online);
	n = CPU_COUNT(&online);
	if (n < 2 || access(online_file(1), W_OK))
		ksft_exit_skip("no CPU that can go offline\n");
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		ksft_exit_skip("no membarrier\n");

	ksft_set_plan(5 * (n - 1));
	for (n = 0; n < (int)ARRAY_SIZE(threads); n++)
		pthread_create(&threads[n], NULL, load, NULL);
	for (cpu = 1; cpu < cpus; cpu++)
		if (CPU_ISSET(cpu, &online))
			check_cpu(cpu);
	stop = true;
	while (n)
		pthread_join(threads[--n], NULL);
	ksft_finished();
}
