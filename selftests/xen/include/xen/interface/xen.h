/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The types and numbers of Xen's interface that the uapi headers below
 * include/uapi/xen/ take from a kernel header which is not exported.
 */
#ifndef _SELFTESTS_XEN_INTERFACE_XEN_H
#define _SELFTESTS_XEN_INTERFACE_XEN_H

#include <linux/types.h>

typedef __u16 domid_t;
typedef __u32 grant_ref_t;
typedef unsigned long xen_pfn_t;

/* Domain ids from here on name no ordinary domain. */
#define DOMID_FIRST_RESERVED	0x7ff0
#define DOMID_SELF		0x7ff0
#define DOMID_XEN		0x7ff2

#endif
