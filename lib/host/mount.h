/*
 * Mounts bpffs and tracefs where they are missing, as bpftool does, and reports
 * that as a notice.
 *
 * The functions return 0, or -1 after reporting what is missing and how to
 * mount it.
 */
#ifndef SKEL_HOST_MOUNT_H
#define SKEL_HOST_MOUNT_H

/*
 * Ensure that dir, or the nearest of its parents that exists, is on a bpffs.
 * Mounts one on /sys/fs/bpf if dir is below that.
 */
int mount_bpffs(const char *dir);

/*
 * Ensure that tracefs is mounted where libbpf looks for it, on
 * /sys/kernel/tracing or /sys/kernel/debug/tracing, and that this process can
 * read it.  Mounts it on the first.
 */
int mount_tracefs(void);

#endif
