#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/timer.h"

int
timer_new(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

static struct timespec
timespec_of(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / CLOCK_SECOND),
		.tv_nsec = (long)(ns % CLOCK_SECOND),
	};
}

int
timer_set(int timer, uint64_t first_ns, uint64_t then_ns)
{
	struct itimerspec t = {
		.it_value = timespec_of(first_ns),
		.it_interval = timespec_of(then_ns),
	};

	return timerfd_settime(timer, 0, &t, NULL);
}

uint64_t
timer_expired(int timer)
{
	uint64_t n;

	return read(timer, &n, sizeof(n)) == sizeof(n) ? n : 0;
}
