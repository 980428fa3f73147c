/*
 * flood N: on each CPU that it may use, all at once, call getpgid(2) N times
 * for a process that there is not; flood.bpf.c answers, or with another number
 * in the environment as PGID another program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY "987654321"

static int
call_on(int cpu, pid_t process, unsigned long n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		return 1;
	while (n-- > 0)
		if (getpgid(process) != -1 || errno != ESRCH)
			return 1;
	return 0;
}

int
main(int argc, char *argv[])
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	const char *nobody = getenv("PGID");
	pid_t process = atoi(nobody != NULL ? nobody : NOBODY);
	int status, failed = 0;
	cpu_set_t set;
	pid_t pid;

	if (sched_getaffinity(0, sizeof(set), &set) == -1) {
		perror("sched_getaffinity");
		return 1;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if ((pid = fork()) == -1) {
			perror("fork");
			return 1;
		}
		if (pid == 0)
			_exit(call_on(cpu, process, n));
	}
	while (wait(&status) != -1)
		failed |= status != 0;
	return failed;
}
