#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "lookup/link-names.h"

enum {
	LINKS_MAX = 1 << 16, /* the oldest are dropped */
	/* For what the kernel tells until somebody asks. */
	ROOM_BYTES = 1 << 20,
	MESSAGE_BYTES = 32 << 10,
	WAIT_MS = 500, /* for an answer of the kernel, which never waits */
};

void
link_names_open(struct link_names *l)
{
	const struct sockaddr_nl self = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK };
	const int room = ROOM_BYTES;

	*l = (struct link_names){ .v = { .size = sizeof(struct link_name) } };
	l->fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (l->fd == -1)
		return;
	if (setsockopt(
		l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == -1)
		setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(l->fd, (const struct sockaddr *)&self, sizeof(self)) == -1)
		link_names_close(l);
}

void
link_names_close(struct link_names *l)
{
	hash_free(&l->v);
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}

static void
set_name(struct link_names *l, uint64_t index, const char *name, size_t len)
{
	const struct hash_key key = { index, 0 };
	struct link_name *e = hash_find(&l->v, key);

	if (e == NULL && l->v.n == LINKS_MAX)
		hash_drop_oldest(&l->v);
	if (e == NULL && (e = hash_add(&l->v, key)) == NULL)
		return;
	len = strnlen(name, len < IFNAMSIZ ? len : IFNAMSIZ - 1);
	memcpy(e->name, name, len);
	e->name[len] = '\0';
}

/* Notes the name in a message of a new, changed or removed interface. */
static void
note_link(struct link_names *l, struct nlmsghdr *m)
{
	const struct ifinfomsg *link = NLMSG_DATA(m);
	struct rtattr *a;
	int left;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) || link->ifi_index <= 0)
		return;
	left = (int)(m->nlmsg_len - NLMSG_LENGTH(sizeof(*link)));
	/* Of a bridge's port there are messages of another family. */
	for (a = IFLA_RTA(link);
	     link->ifi_family == AF_UNSPEC && RTA_OK(a, left);
	     a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_IFNAME)
			set_name(l, (uint64_t)link->ifi_index, RTA_DATA(a),
			    RTA_PAYLOAD(a));
}

/* What is known after some messages. */
enum progress { MORE, DONE, REFUSED };

/* Whether a whole message is left.  This is NLMSG_OK(), whose comparison of
 * signed numbers with unsigned ones clang warns of. */
static bool
is_whole(const struct nlmsghdr *m, int len)
{
	return len >= (int)sizeof(*m) && m->nlmsg_len >= sizeof(*m) &&
	       m->nlmsg_len <= (unsigned int)len;
}

static enum progress
note_messages(struct link_names *l, struct nlmsghdr *m, int len)
{
	enum progress p = MORE;

	for (; is_whole(m, len); m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_type == RTM_NEWLINK ||
		    m->nlmsg_type == RTM_DELLINK)
			note_link(l, m);
		if (m->nlmsg_seq != l->last || l->last == 0)
			continue;
		if (m->nlmsg_type == NLMSG_DONE)
			p = DONE;
		else if (m->nlmsg_type == NLMSG_ERROR)
			p = REFUSED;
	}
	return p;
}

/* Takes what has come.  Returns DONE or REFUSED when the last request was
 * answered, MORE if that may still come. */
static enum progress
take_messages(struct link_names *l)
{
	union {
		struct nlmsghdr first;
		char bytes[MESSAGE_BYTES];
	} m;
	enum progress p = MORE;

	while (p == MORE) {
		struct sockaddr_nl from = { .nl_pid = 1 };
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(
		    l->fd, &m, sizeof(m), 0, (struct sockaddr *)&from, &len);

		if (n == -1 && errno == EINTR)
			continue;
		/* There was no room for all. */
		if (n == -1 && errno == ENOBUFS) {
			l->known = false;
			continue;
		}
		if (n <= 0)
			break;
		if (from.nl_pid == 0)
			p = note_messages(l, &m.first, (int)n);
	}
	return p;
}

void
link_names_note(struct link_names *l)
{
	if (l->fd == -1)
		return;
	while (take_messages(l) != MORE)
		;
}

/* Asks for all interfaces. */
static int
ask(struct link_names *l)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} m = {
		.head = { .nlmsg_len = sizeof(m),
		    .nlmsg_type = RTM_GETLINK,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.link = { .ifi_family = AF_UNSPEC },
	};

	/* Answers to a process that was before this one have other numbers. */
	if (l->last == 0)
		l->last = (uint32_t)getpid() << 8;
	m.head.nlmsg_seq = ++l->last;
	return send(l->fd, &m, sizeof(m), 0) == -1 ? -1 : 0;
}

/* Notes all interfaces. */
static void
ask_for_all(struct link_names *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	enum progress got = REFUSED;

	/* It is refused while the kernel still answers the request of a process
	 * that was before this one. */
	for (int i = 0; i < 3 && got == REFUSED; i++) {
		link_names_note(l);
		l->known = true;
		if (ask(l) == -1)
			return;
		while ((got = take_messages(l)) == MORE)
			if (poll(&p, 1, WAIT_MS) <= 0)
				return;
	}
}

const char *
link_names_find(struct link_names *l, uint64_t index)
{
	const struct hash_key key = { index, 0 };
	struct link_name *e;

	if (l->fd == -1)
		return NULL;
	link_names_note(l);
	if (!l->known)
		ask_for_all(l);
	e = hash_find(&l->v, key);
	return e != NULL ? e->name : NULL;
}
