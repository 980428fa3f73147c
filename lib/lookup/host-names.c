#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "lookup/account-names.h"
#include "lookup/account-service.h"
#include "lookup/cgroup-names.h"
#include "lookup/container-name.h"
#include "lookup/host-names.h"
#include "lookup/link-names.h"

struct host_names {
	struct account_names users, groups;
	struct account_service service;
	struct link_names links;
	struct cgroup_names cgroups;
	char name[NAME_STORE_TEXT_MAX + 1];
};

_Static_assert((int)ACCOUNT_SERVICE_NAME_MAX <= (int)NAME_STORE_TEXT_MAX,
    "the name has room for that of an account");

struct host_names *
host_names_open(int service)
{
	struct host_names *h = malloc(sizeof(*h));

	if (h == NULL) {
		if (service != -1)
			close(service);
		return NULL;
	}
	h->users = (struct account_names)ACCOUNT_NAMES("/etc/passwd");
	h->groups = (struct account_names)ACCOUNT_NAMES("/etc/group");
	account_service_open(&h->service, service);
	link_names_open(&h->links);
	cgroup_names_open(&h->cgroups);
	return h;
}

void
host_names_close(struct host_names *h)
{
	if (h == NULL)
		return;
	account_names_free(&h->users);
	account_names_free(&h->groups);
	account_service_close(&h->service);
	link_names_close(&h->links);
	cgroup_names_close(&h->cgroups);
	free(h);
}

void
host_names_wait(struct host_names *h, int fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = h->links.fd, .events = POLLIN },
		{ .fd = h->cgroups.watch.fd, .events = POLLIN },
	};

	/* Before anybody has asked for one, the kernel keeps what there is to
	 * note. */
	if (!h->links.known)
		fds[1].fd = -1;
	if (h->cgroups.walked == 0)
		fds[2].fd = -1;
	account_service_renew(&h->service);
	do {
		if (poll(fds, 3, -1) == -1 && errno != EINTR)
			return;
		if (fds[1].revents != 0)
			link_names_note(&h->links);
		if (fds[2].revents != 0)
			cgroup_names_note(&h->cgroups);
	} while (fds[0].revents == 0);
}

static const char *
find_account(
    struct host_names *h, struct account_names *a, enum kind kind, uint64_t id)
{
	const char *name = account_names_find(a, id);

	if (name == NULL &&
	    account_service_find(&h->service, kind, id, h->name))
		name = h->name;
	return name;
}

static const char *
find_container(struct host_names *h, uint64_t id)
{
	const char *path = cgroup_names_find(&h->cgroups, id);

	if (path == NULL || !container_name(h->name, sizeof(h->name), path))
		return NULL;
	return h->name;
}

const char *
host_names_find(struct host_names *h, enum kind kind, uint64_t id)
{
	switch (kind) {
	case KIND_UID:
		return find_account(h, &h->users, kind, id);
	case KIND_GID:
		return find_account(h, &h->groups, kind, id);
	case KIND_IFINDEX:
		return link_names_find(&h->links, id);
	case KIND_CGROUP:
		return cgroup_names_find(&h->cgroups, id);
	case KIND_CONTAINER:
		return find_container(h, id);
	default:
		return NULL;
	}
}
