// SPDX-License-Identifier: GPL-2.0
/*
 * tracecount FILE: count what xentrace recorded between one marker and the next.
 *
 * A line for each stretch, the one before the first marker being number 0:
 *	TRACE number ticks counter=count...
 * The counters are hypercall numbers, "m" and the number for a sub-call of a
 * multicall, "ptwr" for a trapped page-table write, "lost" where Xen ran out of
 * buffer.  Which stretch a record belongs to is told by its TSC, because
 * xentrace writes one vCPU's records after another's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* From Xen's public/trace.h; 0x100 in an event of a PV guest says that it is a 64-bit one. */
#define EVENT(header)		((header) & 0x0fffffff)
#define EXTRA_WORDS(header)	((header) >> 28 & 7)
#define HAS_TSC(header)		((header) >> 31)
#define LOST_RECORDS		0x0001f001
#define HYPERCALL		0x0020100d
#define MULTICALL_SUBCALL	0x0020200e
#define PTE_WRITE_TRAPPED	0x0020110b
#define NUMBER(word)		((word) & 63)

#define MARKER			28	/* nmi_op, see privcmd.c */

#define MAX_MARKERS		256

struct record {
	uint32_t event;
	uint64_t tsc;
	uint32_t word[7];
};

struct stretch {
	unsigned int hypercall[64], subcall[64], ptwr, lost;
};

static uint64_t marker[MAX_MARKERS + 1];
static unsigned int markers;
static struct stretch stretch[MAX_MARKERS + 1];

/* The next record that has a time; what has none describes the file, not the guest. */
static int next_record(FILE *file, struct record *record)
{
	uint32_t header;

	while (fread(&header, sizeof(header), 1, file) == 1) {
		size_t words = EXTRA_WORDS(header);

		if (HAS_TSC(header) && fread(&record->tsc, sizeof(record->tsc), 1, file) != 1)
			return 0;
		if (fread(record->word, sizeof(record->word[0]), words, file) != words)
			return 0;
		record->event = EVENT(header);
		if (HAS_TSC(header))
			return 1;
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void find_markers(FILE *file)
{
	struct record record;

	while (next_record(file, &record) && markers < MAX_MARKERS)
		if (record.event == HYPERCALL && NUMBER(record.word[0]) == MARKER)
			marker[markers++] = record.tsc;
	qsort(marker, markers, sizeof(marker[0]), by_time);
	marker[markers] = UINT64_MAX;
}

static struct stretch *stretch_at(uint64_t tsc)
{
	unsigned int i = 0;

	while (marker[i] <= tsc)
		i++;
	return &stretch[i];
}

static void count(const struct record *record)
{
	struct stretch *at = stretch_at(record->tsc);

	switch (record->event) {
	case HYPERCALL:
		at->hypercall[NUMBER(record->word[0])]++;
		break;
	case MULTICALL_SUBCALL:
		at->subcall[NUMBER(record->word[0])]++;
		break;
	case PTE_WRITE_TRAPPED:
		at->ptwr++;
		break;
	case LOST_RECORDS:
		/* Words 2 and 3 are the time of the first one lost. */
		for (at = stretch_at(record->word[2] | (uint64_t)record->word[3] << 32);
		     at <= stretch_at(record->tsc); at++)
			at->lost++;
		break;
	}
}

static void print(unsigned int i)
{
	const struct stretch *s = &stretch[i];
	uint64_t ticks = i && i < markers ? marker[i] - marker[i - 1] : 0;

	printf("TRACE %u %" PRIu64, i, ticks);
	for (int number = 0; number < 64; number++) {
		if (s->hypercall[number])
			printf(" %d=%u", number, s->hypercall[number]);
		if (s->subcall[number])
			printf(" m%d=%u", number, s->subcall[number]);
	}
	printf(" ptwr=%u lost=%u\n", s->ptwr, s->lost);
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	struct record record;

	if (!file) {
		perror(argc == 2 ? argv[1] : "usage: tracecount FILE");
		return 1;
	}
	find_markers(file);
	rewind(file);
	while (next_record(file, &record))
		count(&record);
	for (unsigned int i = 0; i <= markers; i++)
		print(i);
	return 0;
}
