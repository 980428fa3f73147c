#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "attach/clsact.h"

enum {
	LOCK_TRIES = 1000, /* of a wait each */
	LOCK_WAIT_NS = 2000000,
	CLAIMS_MAX = 64,     /* filters that share a qdisc */
	NAME_MAX_BYTES = 48, /* of an address */
	ANSWER_MAX = 32768,  /* bytes; the kernel sends no more at a time */
	ANSWER_WAIT_S = 5,
};

/*
 * A socket that has the name as its address, or -1 with errno set: EADDRINUSE
 * when another has it.  Abstract addresses belong to a network namespace, as
 * interfaces do, and go with the process.
 */
static int
take_name(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
	int n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", name);
	socklen_t size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);

	if (fd == -1 || bind(fd, (struct sockaddr *)&a, size) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
clsact_lock(unsigned int ifindex)
{
	const struct timespec wait = { .tv_nsec = LOCK_WAIT_NS };
	char name[NAME_MAX_BYTES];
	int fd = -1;

	snprintf(name, sizeof(name), "skel-clsact-%u", ifindex);
	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = take_name(name);
		if (fd != -1 || errno != EADDRINUSE)
			break;
		nanosleep(&wait, NULL);
	}
	return fd;
}

/*
 * Claim the qdisc as made by one of us: by it, if made, or by another whose
 * claim stands.  So the last of several that share it knows that it is to go.
 * Returns the claim, or -1.
 */
static int
claim(unsigned int ifindex, bool made)
{
	char name[NAME_MAX_BYTES];
	int mine = -1, fd;

	for (unsigned int i = 0; i < CLAIMS_MAX && (mine == -1 || !made); i++) {
		snprintf(name, sizeof(name), "skel-clsact-%u-%u", ifindex, i);
		fd = take_name(name);
		if (fd == -1)
			made |= errno == EADDRINUSE;
		else if (mine == -1)
			mine = fd;
		else
			close(fd);
	}
	if (mine == -1 || made)
		return mine;
	close(mine);
	return -1;
}

static struct bpf_tc_hook
hook_of(unsigned int ifindex)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS,
	};
}

/* Ask for all filters of one side.  Returns 0, or -1. */
static int
ask(int fd, unsigned int ifindex, uint32_t parent)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} m = {
		.header = {
			.nlmsg_len = sizeof(m),
			.nlmsg_type = RTM_GETTFILTER,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.tc = {
			.tcm_family = AF_UNSPEC,
			.tcm_ifindex = (int)ifindex,
			.tcm_parent = parent,
		},
	};

	return send(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m) ? 0 : -1;
}

/* What one datagram says: 1 there is a filter, 0 there is none, 2 there is
 * more to come, -1 it is an error. */
static int
look_through(const struct nlmsghdr *h, size_t len)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		switch (h->nlmsg_type) {
		case RTM_NEWTFILTER:
			return 1;
		case NLMSG_DONE:
			return 0;
		case NLMSG_ERROR:
			return -1;
		}
	}
	return 2;
}

/* Returns whether there is a filter, or -1. */
static int
has_filter(unsigned int ifindex, uint32_t parent)
{
	const struct timeval limit = { .tv_sec = ANSWER_WAIT_S };
	struct {
		_Alignas(struct nlmsghdr) char bytes[ANSWER_MAX];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int found = -1;
	ssize_t n;

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
		0 &&
	    ask(fd, ifindex, parent) == 0)
		do {
			n = recv(fd, answer.bytes, sizeof(answer.bytes), 0);
			found = n > 0 ? look_through(
					    (void *)answer.bytes, (size_t)n)
				      : -1;
		} while (found == 2);
	close(fd);
	return found;
}

int
clsact_remove(unsigned int ifindex)
{
	const uint32_t parents[] = {
		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
	};
	struct bpf_tc_hook hook = hook_of(ifindex);

	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		int found = has_filter(ifindex, parents[i]);

		if (found != 0)
			return found == 1 ? 0 : -1;
	}
	return bpf_tc_hook_destroy(&hook) == 0 ? 0 : -1;
}

int
clsact_make(unsigned int ifindex, int *claimed)
{
	struct bpf_tc_hook hook = hook_of(ifindex);
	int error = bpf_tc_hook_create(&hook);

	if (error != 0 && error != -EEXIST) {
		errno = -error;
		return -1;
	}
	*claimed = claim(ifindex, error == 0);
	if (*claimed != -1 || error != 0)
		return 0;
	error = errno;
	clsact_remove(ifindex);
	errno = error;
	return -1;
}
