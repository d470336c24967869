// SPDX-License-Identifier: GPL-2.0
/*
 * Many grants of several domains, mapped and unmapped by many at once.
 *
 * grant_storm give		in a domU: grants pages to dom0, and prints a line
 *				"GRANTS reference..."; they last as long as it does
 * grant_storm take ROUNDS	in dom0: reads lines "DOMID REFUSALS reference..." and
 *				prints a line "STORM maps refusals"; REFUSALS is 1 where
 *				the domain may be gone, and 0 where Xen may refuse nothing
 *
 * Not a test of its own: selftests/guest/domu-storm.sh has both sides.
 */
#include <sys/wait.h>

#include "xen_grant.h"

#define WORKERS		4
#define MOST_DOMAINS	8
#define BAD_REF		0x7ffffff0
#define BAD_ONES	10	/* so many rounds for one with such a reference in it */

struct domain {
	unsigned int domid, refusals;
	uint32_t refs[MAX_GRANTS];
};

static struct domain domains[MOST_DOMAINS];
static int domain_count;

struct result {
	int maps, refusals, wrong;
};

static int give(void)
{
	int fd = xen_open("/dev/xen/gntalloc", O_RDWR), i;
	struct granted granted;
	unsigned char *mem;

	if (gntalloc(fd, 0, 0, MAX_GRANTS, &granted))
		ksft_exit_fail_msg("gntalloc\n");
	mem = map_pages(fd, granted.index, MAX_GRANTS, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED)
		ksft_exit_fail_perror("mmap of gntalloc");
	printf("GRANTS");
	for (i = 0; i < MAX_GRANTS; i++) {
		memset(mem + i * PAGE, granted.refs[i], PAGE);
		printf(" %u", granted.refs[i]);
	}
	printf("\n");
	fflush(stdout);
	for (;;)
		pause();
}

static bool read_domains(void)
{
	struct domain *domain = domains;
	unsigned int i;

	for (; domain < domains + MOST_DOMAINS; domain++) {
		if (scanf("%u %u", &domain->domid, &domain->refusals) != 2)
			break;
		for (i = 0; i < MAX_GRANTS; i++)
			if (scanf("%u", &domain->refs[i]) != 1)
				return false;
	}
	domain_count = domain - domains;
	return domain_count > 0;
}

/* Each page is full of its reference's lowest byte. */
static bool holds(const unsigned char *mem, const uint32_t *refs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count * PAGE; i++)
		if (mem[i] != (unsigned char)refs[i / PAGE])
			return false;
	return true;
}

/* The ways to be rid of a mapping: in two pieces, with the file first, or by the end of the process. */
static bool let_go(int fd, uint64_t index, unsigned char *mem, unsigned int count)
{
	unsigned int half = count / 2;

	switch (random() % 3) {
	case 0:
		if ((half && munmap(mem, half * PAGE)) ||
		    munmap(mem + half * PAGE, (count - half) * PAGE) ||
		    gntdev_forget(fd, index, count))
			return false;
		close(fd);
		return true;
	case 1:
		close(fd);
		return !munmap(mem, count * PAGE);
	default:
		return true;
	}
}

static void storm_once(struct result *result)
{
	const struct domain *domain = &domains[random() % domain_count];
	unsigned int count = 1 + random() % MAX_GRANTS, i;
	int fd = xen_open("/dev/xen/gntdev", O_RDWR);
	bool bad = random() % BAD_ONES == 0;
	uint32_t refs[MAX_GRANTS];
	unsigned char *mem;
	uint64_t index;

	for (i = 0; i < count; i++)
		refs[i] = domain->refs[random() % MAX_GRANTS];
	if (bad)
		refs[random() % count] = BAD_REF;
	if (gntdev_announce(fd, domain->domid, refs, count, &index)) {
		result->wrong++;
		return;
	}
	mem = map_pages(fd, index, count, PROT_READ);
	if (mem == MAP_FAILED) {
		result->refusals++;
		result->wrong += !(bad || domain->refusals);
		close(fd);
		return;
	}
	result->maps++;
	result->wrong += bad || !holds(mem, refs, count) || !let_go(fd, index, mem, count);
}

/* A process for some rounds at a time, which leaves what it still has to its end. */
static struct result storm(int rounds, int seed)
{
	struct result all = { 0 }, *result;
	int status;

	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (; rounds > 0; rounds -= 10, seed += WORKERS) {
		if (fork() == 0) {
			int i;

			srandom(seed);
			for (i = 0; i < 10; i++)
				storm_once(result);
			_exit(0);
		}
		if (wait(&status) < 0 || status)
			result->wrong++;
	}
	all = *result;
	munmap(result, sizeof(*result));
	return all;
}

static int take(int rounds)
{
	struct result *results, all = { 0 };
	int i;

	if (!read_domains()) {
		fprintf(stderr, "no list of grants\n");
		return 1;
	}
	results = mmap(NULL, WORKERS * sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < WORKERS; i++) {
		if (fork() == 0) {
			results[i] = storm(rounds, i);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	for (i = 0; i < WORKERS; i++) {
		all.maps += results[i].maps;
		all.refusals += results[i].refusals;
		all.wrong += results[i].wrong;
	}
	printf("STORM %d %d\n", all.maps, all.refusals);
	if (all.wrong)
		fprintf(stderr, "%d of the maps were wrong\n", all.wrong);
	return all.wrong || !all.maps;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "give"))
		return give();
	if (argc == 3 && !strcmp(argv[1], "take"))
		return take(atoi(argv[2]));
	fprintf(stderr, "usage: %s give | take ROUNDS\n", argv[0]);
	return 2;
}
