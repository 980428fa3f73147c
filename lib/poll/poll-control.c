#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/poll-control.h"

int
poll_control_open(struct poll_control *c)
{
	atomic_init(&c->paused, false);
	atomic_init(&c->ended, false);
	c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->wake != -1)
		return 0;
	report_error("cannot create an eventfd: %s", report_error_text(errno));
	return -1;
}

void
poll_control_close(struct poll_control *c)
{
	if (c->wake != -1)
		close(c->wake);
	c->wake = -1;
}

/* The request is stored before, so the poller sees it when it wakes.  A signal
 * handler must leave errno as it was. */
static void
wake_poller(struct poll_control *c)
{
	const uint64_t one = 1;
	int error = errno;

	/* If the counter is full the write fails, but the eventfd is readable
	 * anyway. */
	if (write(c->wake, &one, sizeof(one)) == -1)
		errno = error;
}

void
poll_control_pause(struct poll_control *c, bool paused)
{
	atomic_store(&c->paused, paused);
	wake_poller(c);
}

void
poll_control_end(struct poll_control *c)
{
	atomic_store(&c->ended, true);
	wake_poller(c);
}

bool
poll_control_is_ended(const struct poll_control *c)
{
	return atomic_load(&c->ended);
}

bool
poll_control_clear_end(struct poll_control *c)
{
	return atomic_exchange(&c->ended, false);
}

bool
poll_control_is_paused(const struct poll_control *c)
{
	return atomic_load(&c->paused);
}

void
poll_control_clear_wake(struct poll_control *c)
{
	uint64_t count;

	/* Fails if there was no request, which is not an error. */
	if (read(c->wake, &count, sizeof(count)) == -1)
		return;
}

void
poll_control_wait(struct poll_control *c)
{
	struct pollfd fd = { .fd = c->wake, .events = POLLIN };

	poll(&fd, 1, -1);
	poll_control_clear_wake(c);
}
