/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* One measured operation: run() does it n times, prepare() and clean() are not measured. */
struct operation {
	const char *name;
	unsigned int timed;	/* how many when instructions are counted, 0 for not then */
	unsigned int traced;	/* how many when hypercalls are counted */
	void (*prepare)(void);
	void (*run)(unsigned int n);
	void (*clean)(void);
};

extern const struct operation operations[];
extern const struct operation ipi_operations[];

/* Exit with a message that names the call that failed. */
void die(const char *what) __attribute__((noreturn));

/* Hypercalls of this program's own; only a privileged domain lets it issue them. */
void privcmd_open(void);
void trace_marker(void);
uint64_t running_time(void);

#endif
