// SPDX-License-Identifier: GPL-2.0
/*
 * TLB flushes reach each CPU that may have a page: no thread sees what was in a
 * page before it was replaced, while threads go from CPU to CPU and other
 * processes take turns with them there.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "xen_guest.h"

#define PAGE		4096
#define PAGES		4
#define THREADS		2
#define OTHERS		2
#define SECONDS		10
/* On one CPU, before the next: each entry into the kernel may empty the TLB. */
#define LOOKS		65536
#define YIELDS		64
#define WAIT		1000000	/* yields, until a thread that does not come is a failure */

/* A page holds the number of the round that filled it; what must be there, or 0 while it is replaced. */
static volatile unsigned int *pages[PAGES];
static _Atomic unsigned int filled[PAGES];
static _Atomic unsigned int looks[THREADS], stale;
static atomic_bool stop;
static int cpus;

static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % cpus, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *look(void *arg)
{
	unsigned int number = (uintptr_t)arg, turn, page, expected, found;

	for (turn = 0; !stop; turn++) {
		if (turn % LOOKS == 0)
			move_to(number + turn / LOOKS);
		for (page = 0; page < PAGES; page++) {
			expected = filled[page];
			found = *pages[page];
			/* Unless it has been replaced meanwhile. */
			if (found != expected && expected && filled[page] == expected)
				stale++;
		}
		looks[number]++;
	}
	return NULL;
}

/* Another address space, for which CPUs leave ours, and come back. */
static pid_t start_other(int number)
{
	pid_t child = fork();
	int turn;

	if (child)
		return child;
	for (turn = 0;; turn++) {
		if (turn % YIELDS == 0)
			move_to(number + turn / YIELDS);
		sched_yield();
	}
}

/*
 * The ways to have another page there: none first, one that is moved there, and
 * a copy that fork() makes necessary.
 */
static bool replace(void *place, unsigned int round)
{
	volatile unsigned int *page = place;
	void *other;
	pid_t child;

	switch (round % 3) {
	case 0:
		if (madvise(place, PAGE, MADV_DONTNEED))
			return false;
		*page = round;
		return true;
	case 1:
		other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (other == MAP_FAILED)
			return false;
		*(unsigned int *)other = round;
		return mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			      place) == place;
	default:
		child = fork();
		if (!child) {
			for (;;)
				pause();
		}
		*page = round;
		kill(child, SIGKILL);
		return child > 0 && waitpid(child, NULL, 0) == child;
	}
}

static bool all_look_twice(void)
{
	unsigned int before[THREADS], i, left = WAIT;

	for (i = 0; i < THREADS; i++)
		before[i] = looks[i];
	for (i = 0; i < THREADS; i++)
		while (looks[i] - before[i] < 2 && left--)
			sched_yield();
	return left <= WAIT;
}

static bool no_page_is_stale(void)
{
	time_t end = time(NULL) + SECONDS;
	static unsigned int round;
	unsigned int page;

	while (time(NULL) < end && !stale) {
		round++;
		page = round % PAGES;
		filled[page] = 0;
		if (!replace((void *)pages[page], round)) {
			ksft_print_msg("round %u: %s\n", round, strerror(errno));
			return false;
		}
		filled[page] = round;
		if (round % 4 == 0)
			move_to(round / 4);
		if (round % 64 == 0 && !all_look_twice()) {
			ksft_print_msg("a thread does not run\n");
			return false;
		}
	}
	ksft_print_msg("after %u rounds: %u looks at an old page\n", round, stale);
	return !stale;
}

int main(void)
{
	pthread_t threads[THREADS];
	pid_t others[OTHERS];
	uintptr_t i;

	xen_start();
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus < 2)
		ksft_exit_skip("only one CPU\n");
	ksft_set_plan(2);
	for (i = 0; i < PAGES; i++) {
		pages[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pages[i] == MAP_FAILED)
			ksft_exit_fail_perror("mmap");
	}
	for (i = 0; i < OTHERS; i++)
		others[i] = start_other(i);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, look, (void *)i))
			ksft_exit_fail_msg("no thread\n");
	for (i = 0; i < OTHERS; i++)
		kill(others[i], SIGSTOP);
	ksft_test_result(no_page_is_stale(), "a page that was replaced is seen by no CPU\n");
	for (i = 0; i < OTHERS; i++)
		kill(others[i], SIGCONT);
	ksft_test_result(no_page_is_stale(), "nor by one that comes back from another process\n");
	stop = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < OTHERS; i++)
		kill(others[i], SIGKILL);
	ksft_finished();
}
