// SPDX-License-Identifier: GPL-2.0
/*
 * System calls of 32-bit code: by each way that there is they work, or, with
 * "ia32_emulation=off" and in a kernel without them, by none.
 *
 * usage: compat [on|off]	what this kernel is expected to have
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "xen_guest.h"

#define PROGRAM		"./compat_32"
#define ALL_WAYS	3

#define USER_CS		0x33
#define USER32_CS	0x23

#define CODE_SIZE	4096
#define BACK		0x100	/* where 64-bit code begins */

static sigjmp_buf fault;

/* The status with which a 32-bit program ends, or -errno of execve(). */
static int run_program(void)
{
	int status, error = 0, ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		ksft_exit_fail_perror("pipe2");
	child = fork();
	if (!child) {
		execl(PROGRAM, PROGRAM, NULL);
		error = errno;
		_exit(write(ends[1], &error, sizeof(error)) < 0);
	}
	close(ends[1]);
	if (read(ends[0], &error, sizeof(error)) < 0 || waitpid(child, &status, 0) != child)
		ksft_exit_fail_perror("child");
	close(ends[0]);
	if (error)
		return -error;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EFAULT;
}

static void take_fault(int signal)
{
	(void)signal;
	siglongjmp(fault, 1);
}

/* getpid() by "int $0x80" from 64-bit code, or -EFAULT for a signal. */
static int by_interrupt(void)
{
	int ret = 20;

	if (sigsetjmp(fault, 1))
		return -EFAULT;
	asm volatile("int $0x80" : "+a" (ret) : : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/*
 * The same by @instruction from 32-bit code of this 64-bit process, which only a
 * kernel that refuses returns from to where it was: others go to the vDSO that
 * a 32-bit program has.
 */
static int by_instruction(const unsigned char instruction[2])
{
	unsigned char *code = mmap(NULL, 2 * CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	const unsigned char there[] = {
		0xb8, 20, 0, 0, 0,			/* mov $20, %eax */
		instruction[0], instruction[1],
		0xea, 0, 0, 0, 0, USER_CS, 0,		/* ljmp to "back" */
	};
	const unsigned char back[] = { 0xff, 0x25, 0, 0, 0, 0 };	/* jmp *0(%rip) */
	unsigned char *memory = code + BACK + sizeof(back);	/* where to go on, and its stack */
	unsigned char *top = code + 2 * CODE_SIZE - 16;
	uint32_t back_address = (uintptr_t)code + BACK;
	void *resume;
	int ret;

	if (code == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	memcpy(code, there, sizeof(there));
	memcpy(code + 8, &back_address, sizeof(back_address));
	memcpy(code + BACK, back, sizeof(back));
	if (sigsetjmp(fault, 1)) {
		munmap(code, 2 * CODE_SIZE);
		return -EFAULT;
	}
	asm volatile("leaq 1f(%%rip), %[resume]\n"
		     "movq %[resume], (%[memory])\n"
		     "movq %%rsp, 8(%[memory])\n"
		     "movq %[top], %%rsp\n"
		     "pushq %[cs]\n"
		     "pushq %[code]\n"
		     "lretq\n"
		     "1: movq %c[saved](%[code]), %%rsp\n"
		     : "=a" (ret), [memory] "+c" (memory), [top] "+d" (top), [resume] "=&S" (resume)
		     : [code] "b" (code), [cs] "i" (USER32_CS), [saved] "i" (BACK + sizeof(back) + 8)
		     : "memory", "cc", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
	munmap(code, 2 * CODE_SIZE);
	return ret;
}

/* What it does in a kernel that refuses: an error, or a signal. */
static bool is_refused(const char *name, int ret)
{
	if (ret != -ENOSYS && ret != -EFAULT)
		ksft_print_msg("%s: %d\n", name, ret);
	return ret == -ENOSYS || ret == -EFAULT;
}

int main(int argc, char **argv)
{
	static const unsigned char sysenter[] = { 0x0f, 0x34 }, syscall_[] = { 0x0f, 0x05 };
	const struct sigaction on_fault = { .sa_handler = take_fault, .sa_flags = SA_ONSTACK };
	static char stack[1 << 16];
	const stack_t signal_stack = { .ss_sp = stack, .ss_size = sizeof(stack) };
	bool enabled;
	int ret;

	xen_start();
	ksft_set_plan(4);
	sigaltstack(&signal_stack, NULL);
	sigaction(SIGSEGV, &on_fault, NULL);
	sigaction(SIGILL, &on_fault, NULL);
	sigaction(SIGBUS, &on_fault, NULL);

	ret = run_program();
	enabled = ret >= 0;
	ksft_print_msg("a 32-bit program: %d\n", ret);
	ksft_test_result(argc < 2 || enabled == !strcmp(argv[1], "on"),
			 "32-bit programs start as they should\n");
	ksft_test_result(enabled ? ret == ALL_WAYS : ret == -ENOEXEC,
			 "a 32-bit program works or is refused\n");
	ret = by_interrupt();
	ksft_test_result(enabled ? ret == getpid() : is_refused("int 0x80", ret),
			 "64-bit code and int 0x80\n");
	if (enabled)
		ksft_test_result_skip("32-bit code of a 64-bit program: for kernels that refuse\n");
	else
		ksft_test_result(is_refused("sysenter", by_instruction(sysenter)) &
				 is_refused("syscall", by_instruction(syscall_)),
				 "32-bit code of a 64-bit program\n");
	ksft_finished();
}
