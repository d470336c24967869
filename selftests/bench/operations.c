// SPDX-License-Identifier: GPL-2.0
/* The operations, each in the form in which a program does it. */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define PAGE		4096
#define PAGES		64
#define DIRTY_PAGES	1024

static char *area;
static char *other_area;
static int file;

static void check(int ok, const char *what)
{
	if (!ok)
		die(what);
}

static char *map(size_t pages, int flags, int fd)
{
	char *address = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	check(address != MAP_FAILED, "mmap");
	return address;
}

static char *map_anonymous(size_t pages)
{
	return map(pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void unmap(char *address, size_t pages)
{
	check(!munmap(address, pages * PAGE), "munmap");
}

static void dirty(char *address, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(address + i * PAGE) = 1;
}

static void reap(pid_t child)
{
	int status;

	check(child > 0, "fork");
	check(waitpid(child, &status, 0) == child && status == 0, "child");
}

static void do_nothing(void)
{
}

static void null_syscall(unsigned int n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void fork_exit(unsigned int n)
{
	while (n--) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		reap(child);
	}
}

static void prepare_dirty_pages(void)
{
	area = map_anonymous(DIRTY_PAGES);
}

static void fork_dirty(unsigned int n)
{
	while (n--) {
		dirty(area, DIRTY_PAGES);
		fork_exit(1);
	}
}

static void clean_dirty_pages(void)
{
	unmap(area, DIRTY_PAGES);
}

static void fork_exec(unsigned int n)
{
	while (n--) {
		pid_t child = fork();

		if (child == 0) {
			execl("/proc/self/exe", "xenbench", "exit", NULL);
			_exit(1);
		}
		reap(child);
	}
}

static void map_unmap(unsigned int n)
{
	while (n--)
		unmap(map_anonymous(PAGES), PAGES);
}

static void touch_unmap(unsigned int n)
{
	while (n--) {
		char *pages = map_anonymous(PAGES);

		dirty(pages, PAGES);
		unmap(pages, PAGES);
	}
}

static void prepare_file(void)
{
	char *pages;

	file = memfd_create("bench", 0);
	check(file >= 0 && !ftruncate(file, PAGES * PAGE), "memfd");
	pages = map(PAGES, MAP_SHARED, file);
	dirty(pages, PAGES);
	unmap(pages, PAGES);
}

static void read_page_cache(unsigned int n)
{
	while (n--) {
		char *pages = map(PAGES, MAP_PRIVATE, file);

		for (size_t i = 0; i < PAGES; i++)
			(void)*(volatile char *)(pages + i * PAGE);
		unmap(pages, PAGES);
	}
}

static void clean_file(void)
{
	close(file);
}

static void prepare_area(void)
{
	area = map_anonymous(PAGES);
	dirty(area, PAGES);
}

static void protect(unsigned int n)
{
	while (n--) {
		check(!mprotect(area, PAGES * PAGE, PROT_READ), "mprotect");
		check(!mprotect(area, PAGES * PAGE, PROT_READ | PROT_WRITE), "mprotect");
		dirty(area, PAGES);
	}
}

static void clean_area(void)
{
	unmap(area, PAGES);
}

static void prepare_two_areas(void)
{
	prepare_area();
	other_area = map_anonymous(PAGES);
}

static void move(unsigned int n)
{
	while (n--) {
		char *from = area;

		area = mremap(from, PAGES * PAGE, PAGES * PAGE,
			      MREMAP_MAYMOVE | MREMAP_FIXED, other_area);
		check(area == other_area, "mremap");
		other_area = from;
	}
}

static int to_child[2], to_parent[2];
static pid_t echo_child;

static void prepare_pipes(void)
{
	char byte;

	check(!pipe(to_child) && !pipe(to_parent), "pipe");
	echo_child = fork();
	if (echo_child)
		return;
	close(to_child[1]);
	while (read(to_child[0], &byte, 1) == 1)
		check(write(to_parent[1], &byte, 1) == 1, "write");
	_exit(0);
}

static void round_trip(unsigned int n)
{
	char byte = 0;

	while (n--) {
		check(write(to_child[1], &byte, 1) == 1, "write");
		check(read(to_parent[0], &byte, 1) == 1, "read");
	}
}

static void clean_pipes(void)
{
	close(to_child[0]);
	close(to_child[1]);
	close(to_parent[0]);
	close(to_parent[1]);
	reap(echo_child);
}

static void *return_at_once(void *argument)
{
	return argument;
}

static void create_join(unsigned int n)
{
	pthread_t thread;

	while (n--) {
		check(!pthread_create(&thread, NULL, return_at_once, NULL), "pthread_create");
		pthread_join(thread, NULL);
	}
}

/* The first some thousands are cheaper, until caches in the kernel are full. */
static void prepare_threads(void)
{
	create_join(10000);
}

static void take_signal(int number)
{
	(void)number;
}

static void prepare_signal(void)
{
	signal(SIGUSR1, take_signal);
}

static void send_signal(unsigned int n)
{
	pid_t self = getpid();

	while (n--)
		kill(self, SIGUSR1);
}

static void prepare_sleep(void)
{
	/* The default slack of 50 us would hide the kernel's own work in sleep. */
	prctl(PR_SET_TIMERSLACK, 1);
}

static void sleep_1us(unsigned int n)
{
	const struct timespec time = { .tv_nsec = 1000 };

	while (n--)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

/* So long that the CPU goes to its idle task, and comes back from it. */
static void sleep_1ms(unsigned int n)
{
	const struct timespec time = { .tv_nsec = 1000000 };

	while (n--)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static pthread_t spinner;
static volatile int spinning;

static void bind_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(!sched_setaffinity(0, sizeof(set), &set), "the second vCPU");
}

/* Nothing may preempt the spinning thread, because a membarrier passes over a vCPU that runs another program. */
static void *spin(void *argument)
{
	const struct sched_param priority = { .sched_priority = 1 };

	bind_to(1);
	check(!sched_setscheduler(0, SCHED_FIFO, &priority), "SCHED_FIFO");
	spinning = 1;
	while (spinning)
		__builtin_ia32_pause();
	return argument;
}

static void prepare_ipi(void)
{
	check(!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0),
	      "membarrier");
	bind_to(0);
	check(!pthread_create(&spinner, NULL, spin, NULL), "pthread_create");
	while (!spinning)
		__builtin_ia32_pause();
}

/* A private membarrier interrupts exactly the vCPUs that run another thread of ours. */
static void interrupt_other(unsigned int n)
{
	while (n--)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

static void clean_ipi(void)
{
	spinning = 0;
	pthread_join(spinner, NULL);
}

/* What ticks cost in the time of the others: an empty stretch, and a busy one. */
static void compute(unsigned int n)
{
	for (volatile unsigned int i = 0; i < n; i++)
		;
}

#define BACKGROUND \
	{ "empty", 0, 0, do_nothing, compute, do_nothing }, \
	{ "compute", 0, 50000000, do_nothing, compute, do_nothing }

const struct operation operations[] = {
	BACKGROUND,
	{ "syscall", 150000, 5000, do_nothing, null_syscall, do_nothing },
	{ "fork", 375, 60, do_nothing, fork_exit, do_nothing },
	{ "fork_dirty", 30, 5, prepare_dirty_pages, fork_dirty, clean_dirty_pages },
	{ "exec", 150, 40, do_nothing, fork_exec, do_nothing },
	{ "mmap", 30000, 1000, do_nothing, map_unmap, do_nothing },
	{ "touch", 450, 60, do_nothing, touch_unmap, do_nothing },
	{ "page_cache", 750, 60, prepare_file, read_page_cache, clean_file },
	{ "mprotect", 600, 80, prepare_area, protect, clean_area },
	{ "mremap", 750, 80, prepare_two_areas, move, clean_area },
	{ "switch", 9000, 1000, prepare_pipes, round_trip, clean_pipes },
	{ "thread", 10000, 500, prepare_threads, create_join, do_nothing },
	{ "signal", 30000, 2000, prepare_signal, send_signal, do_nothing },
	{ "sleep", 60000, 1000, prepare_sleep, sleep_1us, do_nothing },
	{ "idle", 0, 500, prepare_sleep, sleep_1ms, do_nothing },
	{ .name = NULL }
};

const struct operation ipi_operations[] = {
	BACKGROUND,
	{ "ipi", 0, 1000, prepare_ipi, interrupt_other, clean_ipi },
	{ .name = NULL }
};
