/*
 * Gives up privileges for good when a command no longer needs them.  For
 * commands only: a library must not confine its host program.
 *
 * Where the kernel or the environment does not allow something to be given up,
 * the rest is given up all the same.  That is reported for -v only.
 */
#ifndef SKEL_HOST_CONFINE_H
#define SKEL_HOST_CONFINE_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* One capability as a set of them: CONFINE_CAP(CAP_BPF). */
#define CONFINE_CAP(number) (UINT64_C(1) << (number))

/*
 * For filters: give up all capabilities, new privileges, sockets, other
 * programs and processes, and all changes of the file system.  The process can
 * still read and write its open descriptors and, if opens is set, open files
 * for reading.
 */
void confine_filter(bool opens);

/* The same for a filter that reads keys from a terminal, which it has open: it
 * can set the modes of that. */
void confine_filter_with_keys(bool opens);

/*
 * The same for a filter that makes files in the directory dirfd, which it has
 * open, or below: it can make new regular files there, write to these, give
 * them another name, which replaces a file of that name, and remove files.  No
 * existing file can be opened for writing.  Without Landlock nothing limits
 * that to the directory but the rights of the user.  Capabilities are given up
 * as by any filter, so root can do it in a directory of its own, or one that
 * everybody may write to.
 */
void confine_filter_writing(bool opens, int dirfd);

/*
 * For skel-poll, before it reads its input: keep what opening maps needs, by
 * pins and numbers, and what finding their users needs.  Give up starting
 * programs and processes, making and changing files, loading code into the
 * kernel, and the other capabilities.  A process that is to have a child must
 * start it before.  To be followed by one of the other functions when the
 * process knows what it needs.
 */
void confine_opening(void);

/* The privileges that a command still needs after confine_privileged(). */
struct confine_needs {
	uint64_t caps; /* capabilities to keep, if the process has them */
	bool sockets;  /* it creates sockets, to detach from the network */
	bool opens_for_writing;
	bool removes; /* it removes files, such as the pins of a session */
	/* It opens files in other root directories by openat2(2), whose flags
	 * a seccomp filter cannot check. */
	bool openat2;
};

/*
 * For commands that have loaded, attached and opened everything: keep what n
 * asks for, and CAP_BPF on kernels where using an open map requires it.  Give
 * up all other capabilities, new privileges, other programs, tracing processes
 * and loading code into the kernel.
 */
void confine_privileged(const struct confine_needs *n);

/*
 * For the small process that starts the processes that look names up: keep
 * CAP_DAC_READ_SEARCH, if it has it, for these.  It can start processes, wait
 * for them, end them by SIGKILL, and exchange messages and descriptors by the
 * sockets that it has or makes with socketpair(2).
 */
void confine_lookup(void);

/*
 * For a process that looks names up, which may have called confine_lookup()
 * before: it keeps CAP_DAC_READ_SEARCH, if it has it, and can open files for
 * reading, read them, and exchange messages by the sockets that it has.  If
 * watches is set, it can be told of changes in directories by the descriptor of
 * inotify(7) that it has.
 */
void confine_lookup_worker(bool watches);

/*
 * For a process that only calls the C library for names of users, which loads
 * libraries: give up all capabilities and new privileges, and become the user
 * nobody if it has the privilege for that.
 */
void confine_account_service(void);

#endif
