// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU is brought up while allocations fail, and while Xen has too few event
 * channels: it comes with all of its interrupts, or stays offline and has none.
 */
#include <ctype.h>

#include "xen_evtchn.h"
#include "xen_faults.h"

#define CPU		1
#define ONLINE		"/sys/devices/system/cpu/cpu1/online"
#define MOST_FAULTS	1000
#define MOST_PORTS	1100	/* xl lets a domU have 1023 */

static int interrupts;

/* How many event channels of the CPU's own /proc/interrupts has, such as "resched1". */
static int count_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char line[1024];
	int count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *end = line + strcspn(line, "\n") - 1;

		count += strstr(line, "xen-percpu") && end > line &&
			 *end == '0' + CPU && isalpha(end[-1]);
	}
	if (file)
		fclose(file);
	return count;
}

/* All or nothing, as the call has said. */
static bool is_whole(int ret)
{
	bool online = read_number(ONLINE) == 1;
	int has = count_interrupts();

	if (online == !ret && has == (online ? interrupts : 0))
		return true;
	ksft_print_msg("%s, but cpu %d is %s and has %d interrupts of %d\n",
		       ret ? strerror(-ret) : "success", CPU,
		       online ? "online" : "offline", has, interrupts);
	return false;
}

static bool goes_offline(void)
{
	int ret = write_number(ONLINE, 0);

	if (ret)
		ksft_print_msg("offline: %s\n", strerror(-ret));
	return !ret && is_whole(-ENODEV);
}

static bool comes_online(void)
{
	int ret = write_number(ONLINE, 1);

	return is_whole(ret) && !ret;
}

/* The allocation that fails is the first, the second, ... until none is left. */
static bool survives_faults(void)
{
	int ret, nth, refused = 0;
	bool failed = true;

	for (nth = 1; failed; nth++) {
		if (nth > MOST_FAULTS || !goes_offline())
			return false;
		arm(nth);
		ret = write_number(ONLINE, 1);
		failed = disarm();
		if (!is_whole(ret) || (ret && !failed)) {
			ksft_print_msg("fault %d\n", nth);
			return false;
		}
		refused += !!ret;
	}
	ksft_print_msg("%d faults, %d times the CPU did not come\n", nth - 2, refused);
	return refused > 0;
}

static void check_faults(void)
{
	const char *name = "any allocation may fail";

	if (prepare_faults())
		ksft_test_result(survives_faults(), "%s\n", name);
	else
		ksft_test_result_skip("%s: " NO_FAULTS "\n", name);
}

/*
 * Without a single port the timer's cannot be bound, which comes first, and with
 * as many as it wants the CPU comes.  In between, bind_ipi_to_irq() has a BUG().
 */
static bool survives_lack(int fd, const int *ports, int taken)
{
	int ret = write_number(ONLINE, 1), i;

	ksft_print_msg("without event channels: %s\n", strerror(-ret));
	if (!ret || !is_whole(ret) || taken < interrupts)
		return false;
	for (i = 0; i < interrupts; i++)
		if (evtchn_unbind(fd, ports[i]))
			return false;
	return comes_online();
}

static void check_ports(void)
{
	const char *name = "event channels may be lacking";
	int fd = evtchn_open(), taken = 0;
	static int ports[MOST_PORTS];
	bool down = goes_offline();

	while (taken < MOST_PORTS) {
		ports[taken] = evtchn_bind_unbound(fd, DOMID_SELF);
		if (ports[taken] < 0)
			break;
		taken++;
	}
	if (taken == MOST_PORTS)
		ksft_test_result_skip("%s: Xen has more than %d\n", name, MOST_PORTS);
	else
		ksft_test_result(down && survives_lack(fd, ports, taken), "%s\n", name);
	close(fd);
}

int main(void)
{
	xen_start();
	if (read_number(ONLINE) != 1 || access(ONLINE, W_OK))
		ksft_exit_skip("no CPU %d that can go offline\n", CPU);
	interrupts = count_interrupts();

	ksft_set_plan(4);
	ksft_test_result(interrupts > 0, "cpu %d has interrupts of its own\n", CPU);
	check_faults();
	check_ports();
	ksft_test_result(read_number(ONLINE) == 1 || comes_online(), "cpu %d comes in the end\n", CPU);
	if (ksft_get_xskip_cnt() == 2 && !ksft_get_fail_cnt()) {
		ksft_print_cnts();
		ksft_print_msg("nothing can be made to fail here\n");
		return KSFT_SKIP;
	}
	ksft_finished();
}
