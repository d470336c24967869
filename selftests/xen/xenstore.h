/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two questions to xenstore over /dev/xen/xenbus, without libxenstore, and what
 * the page looks like that a domain shares with xenstored.
 */
#ifndef _SELFTESTS_XENSTORE_H
#define _SELFTESTS_XENSTORE_H

#include "xen_guest.h"

#define XS_DIRECTORY	1
#define XS_READ		2
#define XS_ERROR	16

struct xs_message {
	uint32_t type, req_id, tx_id, len;
};

static inline bool xs_transfer(int fd, void *buf, size_t len, bool out)
{
	ssize_t ret;

	for (; len; len -= ret, buf = (char *)buf + ret) {
		ret = out ? write(fd, buf, len) : read(fd, buf, len);
		if (ret <= 0)
			return false;
	}
	return true;
}

/*
 * Length of the answer, which is terminated here; -1 for any failure.
 * @path may be relative, which means the own domain's directory.
 */
static inline ssize_t xs_ask(uint32_t type, const char *path, char *buf, size_t size)
{
	struct xs_message msg = { .type = type, .len = strlen(path) + 1 };
	int fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	ssize_t len = -1;

	if (fd < 0)
		return -1;
	if (xs_transfer(fd, &msg, sizeof(msg), true) &&
	    xs_transfer(fd, (char *)path, msg.len, true) &&
	    xs_transfer(fd, &msg, sizeof(msg), false) &&
	    msg.len < size && xs_transfer(fd, buf, msg.len, false) &&
	    msg.type != XS_ERROR) {
		len = msg.len;
		buf[len] = 0;
	}
	close(fd);
	return len;
}

static inline long long xs_read_number(const char *path)
{
	char text[64];

	return xs_ask(XS_READ, path, text, sizeof(text)) > 0 ? atoll(text) : -1;
}

/* The own domain's id: grants to oneself need it, DOMID_SELF does not do. */
static inline int xen_own_domid(void)
{
	return xen_is_dom0() ? 0 : xs_read_number("domid");
}

/* Some running domain other than domain 0; -1 if there is none. */
static inline int xen_other_domid(void)
{
	char list[4096], *domid;
	ssize_t len = xs_ask(XS_DIRECTORY, "/local/domain", list, sizeof(list));

	for (domid = list; domid - list < len; domid += strlen(domid) + 1)
		if (atoi(domid))
			return atoi(domid);
	return -1;
}

struct xenstore_ring {
	char req[1024], rsp[1024];
	uint32_t req_cons, req_prod, rsp_cons, rsp_prod;
};

/* A domain that has booted has asked something, and got answers. */
static inline bool is_xenstore_ring(const void *mem)
{
	const struct xenstore_ring *ring = mem;

	return ring->req_prod && ring->req_prod - ring->req_cons <= sizeof(ring->req) &&
	       ring->rsp_prod && ring->rsp_prod - ring->rsp_cons <= sizeof(ring->rsp);
}

#endif
