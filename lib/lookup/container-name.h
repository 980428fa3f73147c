/*
 * The container behind a cgroup, which is known by the name that its engine
 * gives the cgroup: Docker, containerd, CRI-O, Podman and Kubernetes use the id
 * of the container, LXC and systemd-nspawn its name.
 */
#ifndef SKEL_LOOKUP_CONTAINER_NAME_H
#define SKEL_LOOKUP_CONTAINER_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* An id is shown by its first digits, as the engines show it. */
enum { CONTAINER_ID_SHOWN = 12 };

/*
 * Store the id or the name of the container in which the cgroup at path is, the
 * innermost of several; what does not fit into size bytes is cut.  Returns
 * false if it is in none.
 */
bool container_name(char *out, size_t size, const char *path);

#endif
