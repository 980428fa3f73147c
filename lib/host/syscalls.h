/*
 * The table of system calls: for each stage of confinement, whether a call is
 * allowed, and with which arguments.  host/seccomp.c makes the kernel's filter
 * of it; "System calls" in skel(7) is its content in words.
 *
 * The table has the numbers of x86-64 and aarch64 itself, because neither the
 * headers nor the libraries of a distribution know the calls of later kernels.
 */
#ifndef SKEL_HOST_SYSCALLS_H
#define SKEL_HOST_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum syscall_stage {
	SYSCALL_FILTER,  /* reads and writes what is open */
	SYSCALL_OPENING, /* skel-poll until it knows what its input asks for */
	SYSCALL_HEAD,    /* skel-load and skel-poll while they read maps */
	SYSCALL_LOOKUP,  /* starts the processes that look names up */
	SYSCALL_WORKER,  /* looks names up */
	SYSCALL_STAGES,
};

/* What only some processes of SYSCALL_FILTER, of SYSCALL_HEAD, or of the stages
 * that look names up, may do. */
enum syscall_need {
	SYSCALL_WRITES = 1,   /* open files for writing that exist */
	SYSCALL_SOCKETS = 2,  /* make sockets, to detach from the network */
	SYSCALL_OPENAT2 = 4,  /* openat2(2), whose flags no filter can see */
	SYSCALL_WATCHES = 8,  /* be told of changes in directories */
	SYSCALL_REMOVES = 32, /* remove files and directories */
	SYSCALL_KEYS = 16,    /* set the modes of the terminal, to read keys */
	SYSCALL_MAKES = 64,   /* make, rename and remove files */
};

/* The answer to a call. */
enum syscall_answer {
	SYSCALL_ALLOWED,
	SYSCALL_REFUSED, /* reported, and EPERM for the caller */
	/* EPERM without a report.  The C library starts processes and threads
	 * while all signals are blocked, when SIGSYS would be the end. */
	SYSCALL_EPERM,
	SYSCALL_ENOSYS, /* the C library has another way */
};

/* Holds if the bits of mask in an argument are those of value. */
struct syscall_test {
	unsigned int arg;
	bool own_pid;  /* the value is the pid of the process */
	uint64_t mask; /* 0: always */
	uint64_t value;
};

/* A call is allowed if both tests hold. */
struct syscall_choice {
	const char *text; /* for the manual */
	struct syscall_test tests[2];
};

struct syscall_rule {
	const struct syscall_choice *choices;
	size_t nchoices;
	enum syscall_answer
	    otherwise;         /* if no choice holds, or there is none */
	unsigned int need;     /* an enum syscall_need, or 0 */
	unsigned char without; /* the rule in place of this without the need */
};

struct syscall_row {
	const char *name;
	int number; /* -1: this architecture does not have it */
	unsigned char rules[SYSCALL_STAGES];
};

/* No number in the table is larger. */
enum { SYSCALL_NUMBER_MAX = 511 };

/* Returns the rows, and stores how many there are: none if this architecture
 * has no numbers in the table. */
const struct syscall_row *syscall_rows(size_t *n);

/* Returns the rule of a row for a stage with these needs. */
const struct syscall_rule *syscall_rule(const struct syscall_row *row,
    enum syscall_stage stage, unsigned int needs);

/* Returns the name of a call, or NULL if the table does not know it.  Safe in
 * a signal handler. */
const char *syscall_name(int number);

#endif
