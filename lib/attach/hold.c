#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/hold.h"
#include "base/array.h"

static void
undo_hold(struct attach_hold *h)
{
	bpf_link__destroy(h->link);
	if (h->fd != -1)
		close(h->fd);
	if (h->undo != NULL)
		h->undo(h->state);
}

static struct attach_error
add_hold(struct attachment *a, struct attach_hold h)
{
	if (!array_room(a->holds, a->nholds, a->holds_cap)) {
		undo_hold(&h);
		return attach_errno(ENOMEM);
	}
	a->holds[a->nholds++] = h;
	return ATTACH_SUCCESS;
}

struct attach_error
attach_hold_link(struct attachment *a, struct bpf_link *link)
{
	if (link == NULL)
		return attach_errno(errno);
	return add_hold(a, (struct attach_hold){ .link = link, .fd = -1 });
}

struct attach_error
attach_hold_fd(struct attachment *a, int fd)
{
	if (fd < 0)
		return attach_errno(errno);
	return add_hold(a, (struct attach_hold){ .fd = fd });
}

struct attach_error
attach_hold_socket(struct attachment *a, int fd)
{
	if (fd < 0)
		return attach_errno(errno);
	return add_hold(a, (struct attach_hold){ .fd = fd, .socket = true });
}

struct attach_error
attach_hold_undo(struct attachment *a, void (*undo)(void *state), void *state)
{
	return add_hold(
	    a, (struct attach_hold){ .fd = -1, .undo = undo, .state = state });
}

void
attach_hold_release_last(struct attachment *a)
{
	undo_hold(&a->holds[--a->nholds]);
}

void
attach_hold_release(struct attachment *a)
{
	while (a->nholds > 0)
		attach_hold_release_last(a);
	free(a->holds);
	*a = (struct attachment){ .program = a->program };
}
