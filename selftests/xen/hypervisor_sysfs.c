// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/hypervisor: what the kernel says about the hypervisor and about its own
 * place on it has to agree with Xen's CPUID leaves and with itself.
 */
#include <ctype.h>

#include "xen_guest.h"

#define XENFEAT_AUTO_TRANSLATED_PHYSMAP	2
#define XENFEAT_DOM0			11

static char value[4096];

static const char *attr(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/hypervisor/%s", name);
	if (read_file(path, value, sizeof(value)) < 0) {
		ksft_perror(path);
		value[0] = 0;
	}
	return value;
}

/* A line of text that names something. */
static bool is_text(const char *name)
{
	const char *c = attr(name);

	if (!*c)
		return false;
	while (isprint(*c))
		c++;
	return !*c;
}

/* Distributions build Xen without one: it may be empty, but not absent. */
static bool is_changeset(void)
{
	return read_file("/sys/hypervisor/properties/changeset", value,
			 sizeof(value)) >= 0;
}

static bool is_guest_type(enum xen_guest guest)
{
	const char *type = attr("guest_type");

	if (guest == XEN_GUEST_PV)
		return !strcmp(type, "PV");
	return !strcmp(type, "PVH") || !strcmp(type, "HVM");
}

static bool is_version(uint32_t version)
{
	uint32_t major = atoi(attr("version/major"));
	uint32_t minor = atoi(attr("version/minor"));

	ksft_print_msg("Xen %u.%u, by CPUID %u.%u\n", major, minor,
		       version >> 16, version & 0xffff);
	return (major << 16 | minor) == version;
}

static bool is_uuid(bool dom0)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *uuid = attr("uuid");
	bool zero = true;
	size_t i;

	if (strlen(uuid) != sizeof(form) - 1)
		return false;
	for (i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == 'x' ? !isxdigit(uuid[i]) : uuid[i] != '-')
			return false;
		zero &= uuid[i] == '0' || uuid[i] == '-';
	}
	/* The toolstack gives one to each domain but the first. */
	return zero == dom0;
}

static bool feature(unsigned int bit)
{
	const char *submaps = attr("properties/features");
	size_t len = strlen(submaps);

	/* Eight digits for each submap, the lowest submap last. */
	if (!len || len % 8 || strspn(submaps, "0123456789abcdef") != len)
		ksft_exit_fail_msg("features is no map: \"%s\"\n", submaps);
	return strtoul(submaps + len - 8, NULL, 16) >> bit & 1;
}

static bool is_virtual_start(enum xen_guest guest)
{
	char *end;
	unsigned long start = strtoul(attr("properties/virtual_start"), &end, 16);

	/* Where Xen lives in a PV guest's upper half; of no meaning elsewhere. */
	return end != value && !*end && (guest != XEN_GUEST_PV || (long)start < 0);
}

static bool is_build_id(bool dom0)
{
	/* A binary hash, and a secret before domains without privilege. */
	return read_file("/sys/hypervisor/properties/buildid", value,
			 sizeof(value)) >= 16 ||
	       (!dom0 && !strcmp(value, "<denied>"));
}

int main(void)
{
	enum xen_guest guest = xen_start();
	bool dom0 = xen_is_dom0();
	uint32_t version;

	if (access("/sys/hypervisor/properties", F_OK))
		ksft_exit_skip("no /sys/hypervisor/properties\n");
	xen_detect(&version);

	ksft_set_plan(17);
	ksft_test_result(!strcmp(attr("type"), "xen"), "type\n");
	ksft_test_result(is_guest_type(guest), "guest_type\n");
	ksft_test_result(is_version(version), "version\n");
	ksft_test_result(is_text("version/extra"), "version/extra\n");
	ksft_test_result(is_text("compilation/compiler"), "compiler\n");
	ksft_test_result(is_text("compilation/compiled_by"), "compiled_by\n");
	ksft_test_result(is_text("compilation/compile_date"), "compile_date\n");
	ksft_test_result(is_uuid(dom0), "uuid\n");
	ksft_test_result(!!strstr(attr("properties/capabilities"), "-x86_64"),
			 "capabilities\n");
	ksft_test_result(is_changeset(), "changeset\n");
	ksft_test_result(strtol(attr("properties/pagesize"), NULL, 16) ==
			 sysconf(_SC_PAGESIZE), "pagesize\n");
	ksft_test_result(is_virtual_start(guest), "virtual_start\n");
	ksft_test_result(feature(XENFEAT_AUTO_TRANSLATED_PHYSMAP) ==
			 (guest != XEN_GUEST_PV), "features: translation\n");
	ksft_test_result(feature(XENFEAT_DOM0) == dom0, "features: dom0\n");
	ksft_test_result(is_build_id(dom0), "buildid\n");
	read_file("/proc/xen/capabilities", value, sizeof(value));
	ksft_test_result(!!strstr(value, "control_d") == dom0,
			 "start_flags agree with capabilities\n");
	ksft_test_result(!access("/sys/hypervisor/pmu", F_OK) == dom0, "pmu\n");
	ksft_finished();
}
