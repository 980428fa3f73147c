/*
 * Mounts: bpffs and tracefs, mounted where they are missing, as bpftool does,
 * with one notice on standard error.
 */
#ifndef SKEL_HOST_MOUNT_H
#define SKEL_HOST_MOUNT_H

/*
 * Make sure that dir, or the nearest of its parents that exists, is on a
 * bpffs; /sys/fs/bpf is mounted when dir lies below it and nothing is there.
 * Returns 0, or -1 after reporting what is missing and what to do.
 */
int mount_bpffs(const char *dir);

/*
 * Make sure that tracefs can be read, at /sys/kernel/tracing or
 * /sys/kernel/debug/tracing, where libbpf looks for it; mounts the first if
 * it is an empty directory.  Returns 0, or -1 after reporting.
 */
int mount_tracefs(void);

#endif
