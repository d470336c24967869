// SPDX-License-Identifier: GPL-2.0
/*
 * The clocksource and the vDSO clock. Each reading through the vDSO has to lie
 * between two readings by system call, and no clock goes backwards: on any CPU,
 * across migrations, or between CPUs that read it at the same time.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "xen_guest.h"

#define READINGS	1000
#define MIGRATIONS	200
#define RACE_SECONDS	2
#define SECOND		1000000000LL
#define YEAR_2020	1577836800LL

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/"

static const struct {
	clockid_t id;
	const char *name;
} clocks[] = {
	{ CLOCK_MONOTONIC, "monotonic" },
	{ CLOCK_BOOTTIME, "boottime" },
	{ CLOCK_REALTIME, "realtime" },
};

static cpu_set_t online;

static long long by_vdso(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		ksft_exit_fail_perror("clock_gettime");
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static long long by_syscall(clockid_t id)
{
	struct timespec ts;

	if (syscall(SYS_clock_gettime, id, &ts))
		ksft_exit_fail_perror("clock_gettime by system call");
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		ksft_exit_fail_perror("sched_setaffinity");
}

static int next_cpu(int cpu)
{
	do {
		cpu = (cpu + 1) % CPU_SETSIZE;
	} while (!CPU_ISSET(cpu, &online));
	return cpu;
}

static bool in_order(const char *clock, int cpu, const long long *at, int n)
{
	int i;

	for (i = 1; i < n; i++) {
		if (at[i] >= at[i - 1])
			continue;
		ksft_print_msg("%s: %lld ns backwards on cpu %d, reading %d\n",
			       clock, at[i - 1] - at[i], cpu, i);
		return false;
	}
	return true;
}

/* Reads in turn by system call and vDSO, on each CPU. */
static bool vdso_agrees(clockid_t id, const char *name)
{
	static long long at[2 * READINGS + 1];
	int cpu, i;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &online))
			continue;
		pin(cpu);
		for (i = 0; i < 2 * READINGS; i += 2) {
			at[i] = by_syscall(id);
			at[i + 1] = by_vdso(id);
		}
		at[i] = by_syscall(id);
		if (!in_order(name, cpu, at, 2 * READINGS + 1))
			return false;
	}
	return true;
}

static bool survives_migration(clockid_t id, const char *name)
{
	long long at[4];
	int cpu = 0, i;

	for (i = 0; i < MIGRATIONS; i++) {
		at[0] = by_vdso(id);
		at[1] = by_syscall(id);
		cpu = next_cpu(cpu);
		pin(cpu);
		at[2] = by_vdso(id);
		at[3] = by_syscall(id);
		if (!in_order(name, cpu, at, 4))
			return false;
	}
	return true;
}

static _Atomic long long latest, backwards;
static long long race_end;

/* What any CPU has read is the past for every reading that starts later. */
static void *race(void *cpu)
{
	long long seen, at;

	pin((long)cpu);
	do {
		seen = atomic_load(&latest);
		at = by_vdso(CLOCK_MONOTONIC);
		if (at < seen)
			atomic_store(&backwards, seen - at);
		while (seen < at && !atomic_compare_exchange_weak(&latest, &seen, at))
			;
	} while (at < race_end);
	return NULL;
}

static bool same_on_all_cpus(void)
{
	pthread_t threads[CPU_SETSIZE];
	int cpu, n = 0;

	race_end = by_syscall(CLOCK_MONOTONIC) + RACE_SECONDS * SECOND;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &online) &&
		    pthread_create(&threads[n++], NULL, race, (void *)(long)cpu))
			ksft_exit_fail_msg("no thread for cpu %d\n", cpu);
	while (n)
		pthread_join(threads[--n], NULL);
	if (backwards)
		ksft_print_msg("%lld ns behind another CPU\n", backwards);
	return !backwards;
}

/* In a child that may not make the system call, only the vDSO can answer. */
static int answers_without_syscall(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(filter), filter };
	struct timespec ts;
	int status;

	if (!fork()) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
			_exit(KSFT_SKIP);
		if (!syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts))
			_exit(KSFT_SKIP);
		_exit(clock_gettime(CLOCK_MONOTONIC, &ts) ? KSFT_FAIL : KSFT_PASS);
	}
	wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL;
}

static void check_source(void)
{
	char available[256] = "", current[64] = "";
	int vdso = answers_without_syscall();

	read_file(CLOCKSOURCE "available_clocksource", available, sizeof(available));
	read_file(CLOCKSOURCE "current_clocksource", current, sizeof(current));
	ksft_print_msg("clocksource %s of: %s; vDSO %s\n", current, available,
		       vdso == KSFT_PASS ? "used" :
		       vdso == KSFT_FAIL ? "not used" : "use unknown");
	ksft_test_result(!!strstr(available, "xen"), "xen clocksource offered\n");
	ksft_test_result(!strcmp(current, "xen") || !strcmp(current, "tsc"),
			 "current clocksource is xen or tsc\n");
	/* Xen may run without the stable bit that its own clock needs for this. */
	if (vdso == KSFT_SKIP || strcmp(current, "tsc"))
		ksft_test_result_skip("tsc clocksource is read without system call\n");
	else
		ksft_test_result(vdso == KSFT_PASS,
				 "tsc clocksource is read without system call\n");
}

/* Whether @inner lies in @outer, give or take what adjusting a clock changes. */
static bool encloses(long long outer, long long inner)
{
	return inner <= outer + outer / 1000;
}

/*
 * All clocks advance by what a sleep asked for, and the raw one by as much as
 * the adjusted ones: it is read between two readings of theirs at either end.
 */
static bool sleep_takes_its_time(void)
{
	struct timespec ask = { .tv_nsec = 300 * 1000 * 1000 };
	long long inner[ARRAY_SIZE(clocks)], outer, raw;
	bool good;
	size_t i;

	outer = by_syscall(CLOCK_MONOTONIC);
	raw = by_syscall(CLOCK_MONOTONIC_RAW);
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		inner[i] = by_syscall(clocks[i].id);
	nanosleep(&ask, NULL);
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		inner[i] = by_syscall(clocks[i].id) - inner[i];
	raw = by_syscall(CLOCK_MONOTONIC_RAW) - raw;
	outer = by_syscall(CLOCK_MONOTONIC) - outer;

	good = encloses(outer, raw);
	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		ksft_print_msg("%s: 300 ms of sleep took %lld us, raw %lld us\n",
			       clocks[i].name, inner[i] / 1000, raw / 1000);
		good &= inner[i] >= ask.tv_nsec && encloses(raw, inner[i]);
	}
	return good && outer < 5 * SECOND;
}

int main(void)
{
	long long monotonic;
	size_t i;

	xen_start();
	if (sched_getaffinity(0, sizeof(online), &online))
		ksft_exit_fail_perror("sched_getaffinity");

	ksft_set_plan(3 + 2 * ARRAY_SIZE(clocks) + 4);
	check_source();
	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		ksft_test_result(vdso_agrees(clocks[i].id, clocks[i].name),
				 "%s: vDSO between system calls on each CPU\n",
				 clocks[i].name);
		ksft_test_result(survives_migration(clocks[i].id, clocks[i].name),
				 "%s: forward across migrations\n", clocks[i].name);
	}
	ksft_test_result(same_on_all_cpus(), "one time for all CPUs\n");
	ksft_test_result(sleep_takes_its_time(), "a sleep takes its time\n");
	monotonic = by_syscall(CLOCK_MONOTONIC);
	ksft_test_result(by_vdso(CLOCK_BOOTTIME) >= monotonic,
			 "boottime is not behind monotonic\n");
	ksft_test_result(by_vdso(CLOCK_REALTIME) > YEAR_2020 * SECOND,
			 "wall clock was set from Xen\n");
	ksft_finished();
}
