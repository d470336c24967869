// SPDX-License-Identifier: GPL-2.0
/*
 * usage: soft_reset DOMID >TABLES
 *        soft_reset DOMID STORE_FRAME <TABLES
 * In dom0: what a toolstack does for an HVM guest that asks for a soft reset, for xl refuses to do it for a PVH one.
 * First, before the guest runs, keep its ACPI tables: a method in those of Xen 4.17 spoils them. Then, when it asks,
 * reset it and put them back. Prints the ports of the guest's new event channels for xenstore and the console. The
 * domain is left paused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HYPERCALL _IOC(_IOC_NONE, 'P', 0, 48)
#define MAP_FRAMES _IOC(_IOC_NONE, 'P', 4, 32)
#define EVENT_CHANNEL_OP 32
#define ALLOC_UNBOUND 6
#define HVM_OP 34
#define SET_PARAM 0
#define STORE_EVTCHN 2
#define CONSOLE_EVTCHN 18
#define DOMCTL 36
#define PAUSE 3
#define SOFT_RESET 79
#define INTRODUCE 8
#define ERROR 16
#define RESUME 18
/* Where xl puts ACPI tables, and for how many pages it has room. */
#define TABLES 0xfc000
#define PAGES 18
#define PAGE 4096ul

static int privcmd;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int hypercall(uint64_t number, uint64_t first, uint64_t second)
{
	uint64_t call[6] = { number, first, second };

	return ioctl(privcmd, HYPERCALL, call);
}

/* A domctl without arguments. Its interface has a number for each version of Xen, which refuses all others. */
static void domctl(uint32_t command, uint16_t domain, const char *name)
{
	static uint32_t version = 0x10;
	struct {
		uint32_t command, version;
		uint16_t domain, pad[3];
		uint8_t arguments[128];
	} request = { .command = command, .domain = domain };

	for (; version < 0x30; version++) {
		request.version = version;
		if (hypercall(DOMCTL, (uintptr_t)&request, 0) >= 0)
			return;
		if (errno != EACCES)
			break;
	}
	fail(name);
}

/* Gives the domain an event channel to dom0 that a parameter names. */
static uint32_t channel(uint16_t domain, uint32_t parameter)
{
	struct {
		uint16_t domain, remote;
		uint32_t port;
	} request = { .domain = domain };
	struct {
		uint16_t domain, pad;
		uint32_t index;
		uint64_t value;
	} set = { .domain = domain, .index = parameter };

	if (hypercall(EVENT_CHANNEL_OP, ALLOC_UNBOUND, (uintptr_t)&request))
		fail("alloc_unbound");
	set.value = request.port;
	if (hypercall(HVM_OP, SET_PARAM, (uintptr_t)&set))
		fail("set_param");
	return request.port;
}

/* Asks something of xenstored; the arguments, which begin with the domain, end with a zero each. */
static void ask_store(uint32_t type, const char *arguments, uint32_t length)
{
	struct {
		uint32_t type, request, transaction, length;
		char arguments[64];
	} message = { .type = type, .length = length };
	int xenbus = open("/dev/xen/xenbus", O_RDWR);

	memcpy(message.arguments, arguments, length);
	if (xenbus < 0 || write(xenbus, &message, 16 + length) < 0)
		fail("xenbus");
	if (read(xenbus, &message, 16) != 16 || message.type == ERROR)
		fail("xenstored");
	close(xenbus);
}

/* Has xenstored begin with the domain anew, over this channel, and tell when it shuts down the next time. */
static void introduce(unsigned int domain, const char *frame, uint32_t port)
{
	char arguments[64];
	int length = snprintf(arguments, sizeof(arguments), "%u%c%s%c%u", domain, 0, frame, 0, port) + 1;

	ask_store(INTRODUCE, arguments, length);
	ask_store(RESUME, arguments, strlen(arguments) + 1);
}

/* Maps the pages with the guest's ACPI tables, which are the first that there are. */
static char *map_tables(uint16_t domain, size_t *length)
{
	uint64_t frames[PAGES];
	int errors[PAGES];
	struct {
		uint32_t count;
		uint16_t domain, pad;
		uint64_t address, frames, errors;
	} request = { PAGES, domain, 0, 0, (uintptr_t)frames, (uintptr_t)errors };
	char *tables = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, privcmd, 0);

	if (tables == MAP_FAILED)
		fail("mmap");
	for (int i = 0; i < PAGES; i++)
		frames[i] = TABLES + i;
	request.address = (uintptr_t)tables;
	if (ioctl(privcmd, MAP_FRAMES, &request))
		fail("map");
	for (*length = 0; *length < PAGES * PAGE && !errors[*length / PAGE]; *length += PAGE)
		;
	return tables;
}

int main(int argc, char **argv)
{
	uint32_t store, console;
	unsigned int domain;
	char *tables;
	size_t length;

	if (argc < 2 || argc > 3)
		return 2;
	domain = atoi(argv[1]);
	privcmd = open("/dev/xen/privcmd", O_RDWR);
	if (privcmd < 0)
		fail("privcmd");
	tables = map_tables(domain, &length);
	if (argc == 2)
		return fwrite(tables, 1, length, stdout) != length;
	domctl(PAUSE, domain, "pause");
	domctl(SOFT_RESET, domain, "soft reset");
	if (fread(tables, 1, length, stdin) != length)
		fail("tables");
	/* Others than before, or xenconsoled believes that nothing has changed. */
	for (int i = 0; i < 4; i++)
		store = channel(domain, STORE_EVTCHN);
	console = channel(domain, CONSOLE_EVTCHN);
	introduce(domain, argv[2], store);
	printf("%u %u\n", store, console);
	return 0;
}
