// SPDX-License-Identifier: GPL-2.0
/*
 * The two hypercalls that measuring needs, through privcmd: a marker in Xen's
 * trace buffer, and the time for which Xen has run this domain's first vCPU.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "bench.h"

#define VCPU_OP			24
#define GET_RUNSTATE_INFO	4

/*
 * Linux never issues nmi_op, and Xen refuses this command of it without doing
 * anything, so its record in the trace can only be ours.
 */
#define NMI_OP			28
#define NO_SUCH_COMMAND		0x6d61726b

struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

#define PRIVCMD_HYPERCALL	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

struct runstate_info {
	int32_t state;
	uint64_t state_entry_time;
	uint64_t running, runnable, blocked, offline;
};

static int privcmd;

void privcmd_open(void)
{
	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0)
		die("/dev/xen/privcmd");
}

void trace_marker(void)
{
	struct privcmd_hypercall call = { .op = NMI_OP, .arg = { NO_SUCH_COMMAND } };

	ioctl(privcmd, PRIVCMD_HYPERCALL, &call);
}

/* Nanoseconds.  Under QEMU's -icount shift=0 one nanosecond is one instruction. */
uint64_t running_time(void)
{
	struct runstate_info info;
	struct privcmd_hypercall call = {
		.op = VCPU_OP,
		.arg = { GET_RUNSTATE_INFO, 0, (uintptr_t)&info },
	};

	if (ioctl(privcmd, PRIVCMD_HYPERCALL, &call))
		die("VCPUOP_get_runstate_info");
	return info.running;
}
