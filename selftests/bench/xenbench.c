// SPDX-License-Identifier: GPL-2.0
/*
 * xenbench time	the time of each operation, which is its instructions under QEMU's
 *			-icount: lines "BENCH name iterations ns", one for each round
 * xenbench trace	each operation between two markers in Xen's trace buffer: lines
 *			"TRACED name iterations"
 * xenbench ipi		the same for what needs two vCPUs
 *
 * As the kernel's first process (rdinit=) it records when user space began, in
 * both ways, and gives way to /init. With the argument "native" there is no Xen:
 * it tells, and ends the machine.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define BOOT_RECORD "/bench/boot"
#define ROUNDS 3

void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A tenth as many fill the caches that Linux and Xen keep. */
static unsigned int warm_up(unsigned int iterations)
{
	return iterations / 10 + 1;
}

/*
 * Begin at the same distance from timer ticks and with no RCU callback pending:
 * what these add to an operation depends on their phase.
 */
static void settle(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec++;
	time.tv_nsec = 0;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* In rounds: what the kernel does once in a while is in one of them. */
static void time_operation(const struct operation *op)
{
	unsigned int round, iterations = op->timed / ROUNDS;
	uint64_t start, end;

	op->prepare();
	op->run(warm_up(op->timed));
	for (round = 0; round < ROUNDS; round++) {
		settle();
		start = running_time();
		op->run(iterations);
		end = running_time();
		printf("BENCH %s %u %" PRIu64 "\n", op->name, iterations, end - start);
	}
	op->clean();
}

static void trace_operation(const struct operation *op)
{
	op->prepare();
	op->run(warm_up(op->traced));
	settle();
	trace_marker();
	op->run(op->traced);
	trace_marker();
	op->clean();
	printf("TRACED %s %u\n", op->name, op->traced);
}

/*
 * A child that may preempt its parent sometimes does: an operation would have
 * now two and now three context switches.  Batch tasks preempt nobody.
 */
static void run_in_order(void)
{
	const struct sched_param priority = { 0 };

	if (sched_setscheduler(0, SCHED_BATCH, &priority))
		die("SCHED_BATCH");
}

static void record_boot(char **argv)
{
	FILE *record;

	if (mount("dev", "/dev", "devtmpfs", 0, NULL))
		die("devtmpfs");
	privcmd_open();
	trace_marker();
	record = fopen(BOOT_RECORD, "w");
	if (!record)
		die(BOOT_RECORD);
	fprintf(record, "BENCH boot 1 %" PRIu64 "\n", running_time());
	fclose(record);
	umount2("/dev", MNT_DETACH);
	execv("/init", argv);
	die("/init");
}

/* The TSC counts instructions from when the machine was turned on. */
static void tell_native_boot(void)
{
	printf("BENCH native 1 %llu\n", __rdtsc());
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	die("reboot");
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const struct operation *op;

	if (getpid() == 1 && !strcmp(mode, "native"))
		tell_native_boot();
	if (getpid() == 1)
		record_boot(argv);
	if (!strcmp(mode, "exit"))
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	privcmd_open();
	run_in_order();
	if (!strcmp(mode, "time")) {
		for (op = operations; op->name; op++)
			if (op->timed)
				time_operation(op);
	} else if (!strcmp(mode, "trace")) {
		for (op = operations; op->name; op++)
			trace_operation(op);
	} else if (!strcmp(mode, "ipi")) {
		for (op = ipi_operations; op->name; op++)
			trace_operation(op);
	} else {
		fprintf(stderr, "usage: %s time|trace|ipi\n", argv[0]);
		return 2;
	}
	return 0;
}
