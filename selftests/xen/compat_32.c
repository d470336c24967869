// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program, without a C library, for compat.c: makes a system call by
 * "int $0x80", and by the instruction for which the kernel has the vDSO's
 * __kernel_vsyscall. Its exit status has a bit for each that came out right.
 */
#define AT_NULL		0
#define AT_SYSINFO	32
#define NR_EXIT		1
#define NR_GETPID	20
#define NR_DUP3		330
#define EBADF		9

static unsigned int vsyscall;

static int by_interrupt(int number, int first, int second, int third)
{
	int ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (number), "b" (first), "c" (second), "d" (third)
		     : "memory");
	return ret;
}

static int by_instruction(int number, int first, int second, int third)
{
	int ret;

	asm volatile("call *%5"
		     : "=a" (ret)
		     : "a" (number), "b" (first), "c" (second), "d" (third), "r" (vsyscall)
		     : "memory");
	return ret;
}

__attribute__((used)) static void run(const unsigned int *stack)
{
	const unsigned int *word = stack + 1 + stack[0] + 1;	/* behind the arguments */
	int pid = by_interrupt(NR_GETPID, 0, 0, 0), status = 0;

	while (*word++)
		;
	for (; word[0] != AT_NULL; word += 2)
		if (word[0] == AT_SYSINFO)
			vsyscall = word[1];
	if (pid > 0 && by_interrupt(NR_DUP3, -1, 100, 0) == -EBADF)
		status |= 1;
	if (vsyscall && by_instruction(NR_GETPID, 0, 0, 0) == pid &&
	    by_instruction(NR_DUP3, -1, 100, 0) == -EBADF)
		status |= 2;
	by_interrupt(NR_EXIT, status, 0, 0);
}

asm(".globl _start\n"
    "_start:\n"
    "	movl %esp, %eax\n"
    "	andl $-16, %esp\n"
    "	subl $12, %esp\n"
    "	pushl %eax\n"
    "	call run\n"
    "	hlt\n");
