#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/poll-control.h"

int
control_open(struct control *c)
{
	atomic_init(&c->paused, false);
	atomic_init(&c->ended, false);
	c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->wake != -1)
		return 0;
	report_error("eventfd: %s", strerror(errno));
	return -1;
}

void
control_close(struct control *c)
{
	if (c->wake != -1)
		close(c->wake);
	c->wake = -1;
}

/* The flag is set before, so whoever wakes sees it.  A signal handler must
 * leave errno as it was. */
static void
wake(struct control *c)
{
	const uint64_t one = 1;
	int error = errno;

	/* Full, it is readable all the same. */
	if (write(c->wake, &one, sizeof(one)) == -1)
		errno = error;
}

void
control_pause(struct control *c, bool paused)
{
	atomic_store(&c->paused, paused);
	wake(c);
}

void
control_end(struct control *c)
{
	atomic_store(&c->ended, true);
	wake(c);
}

bool
control_is_ended(const struct control *c)
{
	return atomic_load(&c->ended);
}

bool
control_take_end(struct control *c)
{
	return atomic_exchange(&c->ended, false);
}

bool
control_is_paused(const struct control *c)
{
	return atomic_load(&c->paused);
}

void
control_clear(struct control *c)
{
	uint64_t count;

	/* Empty, nothing was asked: nothing is to be done about it. */
	if (read(c->wake, &count, sizeof(count)) == -1)
		return;
}

void
control_wait(struct control *c)
{
	struct pollfd fd = { .fd = c->wake, .events = POLLIN };

	poll(&fd, 1, -1);
	control_clear(c);
}
