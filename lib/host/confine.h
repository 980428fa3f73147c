/*
 * Confinement: what a process gives up for good once it needs it no more.  For
 * commands alone: a library does not confine its host.
 *
 * Where this kernel, or whoever started us, does not let something be given
 * up, less of it is.  That is no failure, and is told to those who ask by -v.
 */
#ifndef SKEL_HOST_CONFINE_H
#define SKEL_HOST_CONFINE_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* One capability as a set of them: CONFINE_CAP(CAP_BPF). */
#define CONFINE_CAP(number) (UINT64_C(1) << (number))

/*
 * All that a filter can do without: capabilities and new privileges; sockets,
 * other programs, other processes, any change of the file system.  What is left
 * is to read and write what is open and, if opens, to open files for reading.
 */
void confine_filter(bool opens);

/* What is still to be done with privilege. */
struct confine_needs {
	uint64_t caps; /* to be kept, where the process has them */
	bool sockets;  /* the network is to be told something */
	bool writes;   /* files are to be opened for writing */
	/* Files of other roots are to be opened, by openat2(2), whose flags no
	 * filter sees. */
	bool inside;
};

/*
 * For whoever has loaded, attached and opened what it works with: keep caps,
 * and CAP_BPF on kernels where descriptors are not enough to use a map, and
 * give up all other capabilities, new privileges, other programs, attaching to
 * other processes, loading into the kernel, and what n does not ask for.
 */
void confine_stage(const struct confine_needs *n);

#endif
