/* SPDX-License-Identifier: GPL-2.0 */
/* Event channels through /dev/xen/evtchn; failures are -errno. */
#ifndef _SELFTESTS_XEN_EVTCHN_H
#define _SELFTESTS_XEN_EVTCHN_H

#include <poll.h>
#include <sys/ioctl.h>

#include "xen_guest.h"
#include <xen/evtchn.h>

#define EVENT_WAIT_MS	5000	/* for an event that has to come */
#define QUIET_MS	100	/* for one that must not */

static inline int evtchn_open(void)
{
	return xen_open("/dev/xen/evtchn", O_RDWR | O_NONBLOCK);
}

static inline int evtchn_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/* The new port, which waits for @domid to bind to it. */
static inline int evtchn_bind_unbound(int fd, unsigned int domid)
{
	struct ioctl_evtchn_bind_unbound_port bind = { .remote_domain = domid };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
}

static inline int evtchn_bind_interdomain(int fd, unsigned int domid, unsigned int port)
{
	struct ioctl_evtchn_bind_interdomain bind = {
		.remote_domain = domid,
		.remote_port = port,
	};

	return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

static inline int evtchn_unbind(int fd, unsigned int port)
{
	struct ioctl_evtchn_unbind unbind = { .port = port };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind);
}

static inline int evtchn_notify(int fd, unsigned int port)
{
	struct ioctl_evtchn_notify notify = { .port = port };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify);
}

/* The port of the next event within @ms milliseconds, -ETIMEDOUT, -errno. */
static inline int evtchn_next(int fd, int ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	unsigned int port;
	int ret = poll(&wait, 1, ms);

	if (ret <= 0)
		return ret ? -errno : -ETIMEDOUT;
	ret = read(fd, &port, sizeof(port));
	if (ret < 0)
		return -errno;
	return ret == sizeof(port) ? (int)port : -EIO;
}

/* A port that was read stays masked until this. */
static inline bool evtchn_unmask(int fd, unsigned int port)
{
	return write(fd, &port, sizeof(port)) == sizeof(port);
}

#endif
