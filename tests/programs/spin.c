/*
 * spin N [PAUSE_US]: once there is no more to read from standard input, call
 * getppid(2) N times, or until SIGTERM if N is 0, with a pause after each 100.
 * Says how often it did, when a tenth of N is done each time and in the end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

int
main(int argc, char *argv[])
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1, i = 0;
	unsigned long us = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	signal(SIGTERM, stop);
	setlinebuf(stdout);
	while (getchar() != EOF && !stopped)
		;
	while (!stopped && (n == 0 || i < n)) {
		syscall(SYS_getppid);
		i++;
		if (us != 0 && i % 100 == 0)
			usleep((useconds_t)us);
		if (n >= 10 && i < n && i % (n / 10) == 0)
			printf("%lu\n", i);
	}
	printf("%lu\n", i);
	return 0;
}
