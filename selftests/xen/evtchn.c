// SPDX-License-Identifier: GPL-2.0
/*
 * Event channels through /dev/xen/evtchn: a channel from this domain to itself
 * carries each event once, to the right port, and not while it is masked.
 */
#include <sched.h>

#include "xen_evtchn.h"

#define ROUND_TRIPS	200
#define MANY_PORTS	100	/* more than the driver's first ring of 64 */
#define NO_DOMID	0x7fe0	/* an ordinary id that no test rig reaches */

static int near_fd, far_fd;
static int near_port, far_port;

static void connect_pair(void)
{
	near_fd = evtchn_open();
	far_fd = evtchn_open();
	near_port = evtchn_bind_unbound(near_fd, DOMID_SELF);
	ksft_test_result(near_port > 0, "bind unbound\n");
	far_port = evtchn_bind_interdomain(far_fd, DOMID_SELF, near_port);
	ksft_test_result(far_port > 0 && far_port != near_port,
			 "bind interdomain to self\n");
	if (near_port <= 0 || far_port <= 0)
		ksft_exit_fail_msg("ports %d and %d\n", near_port, far_port);

	/* Binding raises an event at either end: start from silence. */
	while (evtchn_next(near_fd, QUIET_MS) == near_port)
		evtchn_unmask(near_fd, near_port);
	while (evtchn_next(far_fd, QUIET_MS) == far_port)
		evtchn_unmask(far_fd, far_port);
}

static bool carries(int from_fd, int from_port, int to_fd, int to_port)
{
	int ret = evtchn_notify(from_fd, from_port), port;

	port = evtchn_next(to_fd, EVENT_WAIT_MS);
	if (ret || port != to_port) {
		ksft_print_msg("notify %d: %d, then port %d for %d\n",
			       from_port, ret, port, to_port);
		return false;
	}
	return evtchn_unmask(to_fd, to_port);
}

static bool masks(void)
{
	bool good;

	good = !evtchn_notify(far_fd, far_port) &&
	       evtchn_next(near_fd, EVENT_WAIT_MS) == near_port;
	/* Two more while it is masked: silence, then one for both. */
	good &= !evtchn_notify(far_fd, far_port) &&
		!evtchn_notify(far_fd, far_port) &&
		evtchn_next(near_fd, QUIET_MS) == -ETIMEDOUT;
	good &= evtchn_unmask(near_fd, near_port) &&
		evtchn_next(near_fd, EVENT_WAIT_MS) == near_port;
	good &= evtchn_unmask(near_fd, near_port) &&
		evtchn_next(near_fd, QUIET_MS) == -ETIMEDOUT;
	return good;
}

/* Back and forth, with the task on each CPU in turn. */
static bool ping_pong(void)
{
	cpu_set_t online, one;
	int cpu, i;

	sched_getaffinity(0, sizeof(online), &online);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &online))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		for (i = 0; i < ROUND_TRIPS; i++) {
			if (!carries(far_fd, far_port, near_fd, near_port) ||
			    !carries(near_fd, near_port, far_fd, far_port)) {
				ksft_print_msg("cpu %d, round %d\n", cpu, i);
				return false;
			}
		}
	}
	sched_setaffinity(0, sizeof(online), &online);
	return true;
}

/* Each port of many delivers its own number, once. */
static bool many_ports(void)
{
	int near[MANY_PORTS], far[MANY_PORTS];
	int in = evtchn_open(), out = evtchn_open(), events, i, port;
	bool seen[MANY_PORTS] = { }, good = true;

	for (i = 0; i < MANY_PORTS; i++) {
		near[i] = evtchn_bind_unbound(in, DOMID_SELF);
		far[i] = evtchn_bind_interdomain(out, DOMID_SELF, near[i]);
		if (near[i] < 0 || far[i] < 0) {
			ksft_print_msg("pair %d: %d and %d\n", i, near[i], far[i]);
			return false;
		}
	}
	while ((port = evtchn_next(in, QUIET_MS)) > 0)
		evtchn_unmask(in, port);
	for (i = 0; i < MANY_PORTS; i++)
		good &= !evtchn_notify(out, far[i]);
	for (events = 0; events < MANY_PORTS; events++) {
		port = evtchn_next(in, EVENT_WAIT_MS);
		for (i = 0; i < MANY_PORTS && near[i] != port; i++)
			;
		good &= i < MANY_PORTS && !seen[i];
		if (i < MANY_PORTS)
			seen[i] = true;
	}
	good &= evtchn_next(in, QUIET_MS) == -ETIMEDOUT;
	/* With all of them bound: the driver has to clean up. */
	return !close(in) && !close(out) && good;
}

static void check_files(void)
{
	int fd = evtchn_open();
	char odd[3];
	unsigned int port;

	ksft_test_result(read(fd, &port, sizeof(port)) == -1 && errno == EAGAIN,
			 "read without event is EAGAIN\n");
	ksft_test_result(!read(fd, odd, sizeof(odd)), "read of half a port is empty\n");
	ksft_test_result(write(fd, NOWHERE, sizeof(port)) == -1 && errno == EFAULT,
			 "write from nowhere is EFAULT\n");
	close(fd);
}

static void check_refusals(void)
{
	struct ioctl_evtchn_bind_virq virq = { .virq = 1000 };
	struct ioctl_evtchn_restrict_domid restrict_to = { .domid = 0 };
	int fd = evtchn_open();

	ksft_test_result(evtchn_notify(fd, near_port) == -ENOTCONN,
			 "notify of another file's port is ENOTCONN\n");
	ksft_test_result(evtchn_unbind(fd, near_port) == -ENOTCONN,
			 "unbind of another file's port is ENOTCONN\n");
	ksft_test_result(evtchn_unbind(fd, ~0u) == -EINVAL,
			 "unbind of an impossible port is EINVAL\n");
	ksft_test_result(evtchn_bind_interdomain(fd, DOMID_SELF, ~0u >> 1) == -EINVAL,
			 "bind to an impossible port is EINVAL\n");
	ksft_test_result(evtchn_bind_interdomain(fd, DOMID_SELF, near_port) == -EINVAL,
			 "bind to a bound port is EINVAL\n");
	ksft_test_result(evtchn_bind_interdomain(fd, NO_DOMID, 1) == -ESRCH,
			 "bind to no domain is ESRCH\n");
	ksft_test_result(evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &virq) == -EINVAL,
			 "bind of an impossible virq is EINVAL\n");
	ksft_test_result(evtchn_ioctl(fd, IOCTL_EVTCHN_NOTIFY, NOWHERE) == -EFAULT,
			 "notify from nowhere is EFAULT\n");
	ksft_test_result(evtchn_ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID,
				      &restrict_to) == -EINVAL,
			 "restriction to domain 0 is EINVAL\n");
	restrict_to.domid = NO_DOMID;
	ksft_test_result(!evtchn_ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &restrict_to) &&
			 evtchn_bind_unbound(fd, DOMID_SELF) == -EACCES,
			 "a restricted file binds nothing else\n");
	close(fd);
}

static void check_unbind(void)
{
	ksft_test_result(!evtchn_unbind(near_fd, near_port) &&
			 evtchn_notify(near_fd, near_port) == -ENOTCONN,
			 "unbind\n");
	ksft_test_result(!evtchn_notify(far_fd, far_port) &&
			 evtchn_next(near_fd, QUIET_MS) == -ETIMEDOUT,
			 "no event from a channel whose end is closed\n");
	close(far_fd);
	close(near_fd);
}

int main(void)
{
	xen_start();
	close(evtchn_open());

	ksft_set_plan(23);
	connect_pair();
	ksft_test_result(carries(far_fd, far_port, near_fd, near_port), "notify\n");
	ksft_test_result(carries(near_fd, near_port, far_fd, far_port), "notify back\n");
	ksft_test_result(masks(), "masked until written, then once\n");
	ksft_test_result(ping_pong(), "%d round trips on each CPU\n", ROUND_TRIPS);
	ksft_test_result(many_ports(), "%d ports at once\n", MANY_PORTS);
	check_files();
	check_refusals();
	check_unbind();
	ksft_test_result(!evtchn_ioctl(near_fd = evtchn_open(), IOCTL_EVTCHN_RESET, NULL),
			 "reset\n");
	ksft_finished();
}
