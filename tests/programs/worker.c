/*
 * A process for the tests to see: "worker N" exits with status N, "worker
 * spin S" sleeps and wakes in turn for S seconds.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
spin(int seconds)
{
	struct timespec nap = { .tv_nsec = 1000000 };
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end)
		nanosleep(&nap, NULL);
}

int
main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "spin") == 0)
		spin(atoi(argv[2]));
	return argc == 2 ? atoi(argv[1]) : 0;
}
