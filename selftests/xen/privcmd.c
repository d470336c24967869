// SPDX-License-Identifier: GPL-2.0
/*
 * Hypercalls through /dev/xen/privcmd: they reach Xen and bring its answers
 * back from the domain that may make them, and from no other.
 */
#include "xen_privcmd.h"

static int fd;

static bool version_is(const char *file, long value)
{
	long long shown = read_number(file);

	ksft_print_msg("%s: %lld, by hypercall %ld\n", file, shown, value);
	return shown == value;
}

static bool extra_is(char *buf)
{
	char shown[64] = "";

	memset(buf, 0xff, XEN_EXTRAVERSION_LEN);
	read_file("/sys/hypervisor/version/extra", shown, sizeof(shown));
	return !hypercall(fd, __HYPERVISOR_xen_version, XENVER_extraversion, buf) &&
	       !strncmp(buf, shown, XEN_EXTRAVERSION_LEN);
}

/* A page that the kernel keeps in place while Xen writes to it. */
static bool buffer_device_works(void)
{
	int buf_fd = xen_open("/dev/xen/hypercall", O_RDWR);
	char *buf = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, buf_fd, 0);
	bool good = buf != MAP_FAILED && extra_is(buf);

	if (buf != MAP_FAILED)
		munmap(buf, PAGE);
	close(buf_fd);
	return good;
}

static void check_hypercalls(void)
{
	static _Alignas(PAGE) char buf[PAGE];
	long version = hypercall(fd, __HYPERVISOR_xen_version, XENVER_version, NULL);

	ksft_test_result(version_is("/sys/hypervisor/version/major", version >> 16) &&
			 version_is("/sys/hypervisor/version/minor", version & 0xffff),
			 "version\n");
	ksft_test_result(extra_is(buf), "an answer in memory\n");
	ksft_test_result(buffer_device_works(), "an answer in /dev/xen/hypercall's memory\n");
	ksft_test_result(hypercall(fd, __HYPERVISOR_xen_version, XENVER_extraversion,
				   NOWHERE) == -EFAULT,
			 "an answer to nowhere is EFAULT\n");
	ksft_test_result(hypercall(fd, __HYPERVISOR_xen_version, 1000, buf) == -ENOSYS,
			 "an unknown sub-operation is ENOSYS\n");
	ksft_test_result(hypercall(fd, 63, 0, NULL) == -ENOSYS,
			 "an unknown hypercall is ENOSYS\n");
	ksft_test_result(hypercall(fd, 1 << 20, 0, NULL) == -ENOSYS,
			 "an impossible hypercall is ENOSYS\n");
	ksft_test_result(privcmd_ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, NOWHERE) == -EFAULT,
			 "a hypercall from nowhere is EFAULT\n");
}

/* @other: a domain that @fd may not reach. */
static void check_restricted(int other)
{
	int *room = (int *)foreign_room(fd, 1, PROT_READ), err;
	xen_pfn_t frame = 0;
	domid_t domid = other;
	struct privcmd_mmap_resource resource = { .dom = other, .type = 1 };

	ksft_test_result(hypercall(fd, __HYPERVISOR_xen_version, XENVER_version,
				   NULL) == -EPERM,
			 "restricted: a hypercall is EPERM\n");
	ksft_test_result(map_frames(fd, other, room, &frame, 1, &err) == -EPERM,
			 "restricted: a foreign mapping is EPERM\n");
	ksft_test_result(privcmd_ioctl(fd, IOCTL_PRIVCMD_MMAP_RESOURCE,
				       &resource) == -EPERM,
			 "restricted: a resource is EPERM\n");
	ksft_test_result(privcmd_ioctl(fd, IOCTL_PRIVCMD_RESTRICT, &domid) == -EINVAL,
			 "restricted: another restriction is EINVAL\n");
	munmap(room, PAGE);
}

int main(void)
{
	domid_t domid = 0x7fe0;

	xen_start();
	fd = privcmd_open();
	if (!xen_is_dom0()) {
		ksft_set_plan(4);
		/* So it is from the start, unless privcmd.unrestricted is set. */
		check_restricted(0);
		ksft_finished();
	}

	ksft_set_plan(13);
	check_hypercalls();
	ksft_test_result(!privcmd_ioctl(fd, IOCTL_PRIVCMD_RESTRICT, &domid) &&
			 !privcmd_ioctl(fd, IOCTL_PRIVCMD_RESTRICT, &domid),
			 "restrict to one domain\n");
	check_restricted(domid + 1);
	ksft_finished();
}
