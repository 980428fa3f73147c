/*
 * spin N [PAUSE_US]: call getppid(2) N times, 0 for ever, with a pause after
 * each 100.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	unsigned int us =
	    argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;

	for (unsigned long i = 1; n == 0 || i <= n; i++) {
		syscall(SYS_getppid);
		if (us != 0 && i % 100 == 0)
			usleep(us);
	}
	return 0;
}
